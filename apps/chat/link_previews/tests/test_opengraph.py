"""What a page says about itself, however it says it."""

import time

import pytest

from apps.chat.link_previews import opengraph

pytestmark = pytest.mark.req("CHT-11")


def about(html: str, charset: str = "") -> opengraph.PageMetadata | None:
    return opengraph.read(html.encode(), charset)


def test_opengraph_comes_before_the_title():
    page = """<html><head><title>Tides &amp; more</title><meta name="description" content="Plain.">
    <meta property="og:title" content="Tides of &quot;Skerry&quot;">
    <meta property="og:description" content="When to sail.">
    <meta property="og:site_name" content="Harbour office"></head><body>"""
    assert about(page) == ('Tides of "Skerry"', "When to sail.", "Harbour office")


def test_metadata_of_a_plain_page():
    assert about("<title>Tides\n  today</title><meta name=description content='At noon.'>") == (
        "Tides today",
        "At noon.",
        "",
    )


@pytest.mark.parametrize(
    "page", ["", "<body><title>Late</title>", "<h1>No head</h1>", "\x00\xff", "<title> \u200b </title>"]
)
def test_metadata_needs_a_title(page):
    assert about(page) is None


def test_metadata_is_plain_bounded_text():
    found = about("<title>A\u202eB\x07\u2028C<script>alert(1)</script></title>" + "<meta property=og:title>")
    assert "\u202e" not in found.title
    assert "\x07" not in found.title
    assert len(about(f"<title>{'x' * 9000}</title>").title) == opengraph.LONGEST["title"]


@pytest.mark.parametrize(
    ("body", "charset"),
    [
        ("<title>Причал</title>".encode("cp1251"), "windows-1251"),
        (b'<meta charset="windows-1251"><title>' + "Причал".encode("cp1251") + b"</title>", ""),
        ("<title>Причал</title>".encode(), "no-such-charset"),
        ("<title>Причал</title>".encode(), "rot13"),
    ],
)
def test_metadata_is_decoded_by_the_charset_of_the_page(body, charset):
    assert opengraph.read(body, charset).title == "Причал"


@pytest.mark.parametrize("piece", ["<", "<!--", "<a ", "&#", "<![CDATA[", '<meta content="', "<title>"])
def test_endless_markup_is_read_quickly(piece):
    began = time.process_time()
    opengraph.read(piece.encode() * 1_000_000)
    assert time.process_time() - began < 5


@pytest.mark.parametrize("broken", [b"<![ <p>", b"<title>Other" + b"<" * 200_000, b"<!--" * 60_000])
def test_broken_page_keeps_what_came_before_the_fault(broken):
    began = time.process_time()
    assert opengraph.read(b"<title>Tides</title>" + broken).title == "Tides"
    assert time.process_time() - began < 3


def test_title_in_very_many_parts_is_cut():
    began = time.process_time()
    assert opengraph.read(b"<title>Tides" + b"<" * 240_000).title.startswith("Tides<")
    assert time.process_time() - began < 3


@pytest.mark.parametrize("charset", ["punycode", "unicode_escape", "utf-7", "zlib"])
def test_charset_of_a_page_is_one_of_the_allowed(charset):
    assert opengraph.read(b"<title>\\x41+AGE-</title>", charset).title == "\\x41+AGE-"

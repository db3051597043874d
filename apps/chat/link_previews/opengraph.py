"""What a page says about itself in its head: OpenGraph (https://ogp.me), else its title and description."""

import contextlib
import re
from html.parser import HTMLParser
from typing import NamedTuple

HEAD_BYTES = 256 * 1024  # a head that is longer is not read to its end
HEAD_TITLE = 2000  # characters; of a title in more pieces the rest is left out
LONGEST = {"title": 200, "description": 300, "site_name": 100}
CHARSET = re.compile(rb"""<meta[^>]{1,200}?charset=["']?([\w-]{1,40})""", re.IGNORECASE)
# What pages are written in. Python has other codecs, and a long page in some of them (punycode) takes minutes.
CODECS = re.compile(
    r"utf-?8|utf-16(?:[bl]e)?|us-ascii|iso-8859-\d{1,2}|windows-125\d|koi8-[ru]"
    r"|gbk|gb2312|gb18030|big5|euc-(?:jp|kr)|iso-2022-jp|shift_jis",
    re.IGNORECASE,
)
# Controls, line separators, and what turns or hides text.
INVISIBLE = re.compile("[\x00-\x1f\x7f-\x9f\u00ad\u061c\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff\ud800-\udfff]+")


class PageMetadata(NamedTuple):
    """Plain text, each on one line and of bounded length."""

    title: str
    description: str
    site_name: str


def read(body: bytes, charset: str = "") -> PageMetadata | None:
    """What the HTML `body` says, `charset` being what its response claims; None without a title."""
    head = _Head()
    with contextlib.suppress(AssertionError):  # the parser's, for `<![`: what came before it counts
        head.feed(_text(body[:HEAD_BYTES], charset))
    found = head.found
    title = _plain("title", found.get("og:title") or found.get("title", ""))
    description = _plain("description", found.get("og:description") or found.get("description", ""))
    return PageMetadata(title, description, _plain("site_name", found.get("og:site_name", ""))) if title else None


class _Head(HTMLParser):
    """Collects the metadata of a page, of each kind the first."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.found: dict[str, str] = {}
        self.is_title = self.is_over = False

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        attributes = dict(attrs)
        self.is_over = self.is_over or tag == "body"
        self.is_title = tag == "title" and not self.is_over and "title" not in self.found
        if tag == "meta" and not self.is_over:
            name = (attributes.get("property") or attributes.get("name") or "").lower()
            self.found.setdefault(name, attributes.get("content") or "")

    def handle_endtag(self, tag: str) -> None:
        self.is_title = self.is_title and tag != "title"

    def handle_data(self, data: str) -> None:
        if self.is_title and len(self.found.get("title", "")) < HEAD_TITLE:
            self.found["title"] = self.found.get("title", "") + data


def _text(body: bytes, charset: str) -> str:
    named = CHARSET.search(body[:2048])
    for name in (charset, named[1].decode("ascii") if named else "", "utf-8"):
        try:
            if CODECS.fullmatch(name):
                return body.decode(name, errors="replace")
        except LookupError:
            continue
    return ""


def _plain(part: str, text: str) -> str:
    return " ".join(INVISIBLE.sub(" ", text).split())[: LONGEST[part]].strip()

"""**「重要」**です is bold: beside Chinese, Japanese and Korean words no space tells where emphasis begins and ends.

CommonMark's rule for punctuation asks for one; this is its amendment as markdown-cjk-friendly words it: a sign of these
scripts beside the stars counts neither as a space nor as another's punctuation.
"""

import re
from unicodedata import east_asian_width

from markdown_it import MarkdownIt
from markdown_it.common.utils import isMdAsciiPunct, isPunctChar, isWhiteSpace
from markdown_it.rules_inline import StateInline
from markdown_it.rules_inline.state_inline import Delimiter

_HANGUL = re.compile("[\u1100-\u11ff\u3130-\u318f\uac00-\ud7af]")


def emphasise(parser: MarkdownIt) -> None:
    parser.inline.ruler.at("emphasis", _emphasis)


def _emphasis(state: StateInline, silent: bool) -> bool:
    marker = state.src[state.pos]
    if silent or marker not in "*_":
        return False
    scanned = state.scanDelims(state.pos, marker == "*")
    may_open, may_close = scanned.can_open, scanned.can_close
    if marker == "*":
        may_open, may_close = _beside_cjk(state, scanned.length, may_open, may_close)
    for _ in range(scanned.length):
        state.push("text", "", 0).content = marker
        state.delimiters.append(
            Delimiter(ord(marker), scanned.length, len(state.tokens) - 1, -1, open=may_open, close=may_close)
        )
    state.pos += scanned.length
    return True


def _beside_cjk(state: StateInline, length: int, may_open: bool, may_close: bool) -> tuple[bool, bool]:
    before = state.src[state.pos - 1] if state.pos else " "
    after = state.src[state.pos + length] if state.pos + length < state.posMax else " "
    if not (_is_cjk(before) or _is_cjk(after)):
        return may_open, may_close
    other_punctuation_after = _is_punctuation(after) and not _is_cjk(after)
    other_punctuation_before = _is_punctuation(before) and not _is_cjk(before)
    may_open = may_open or not (_is_space(after) or (other_punctuation_after and not _is_cjk(before)))
    may_close = may_close or not (_is_space(before) or (other_punctuation_before and not _is_cjk(after)))
    return may_open, may_close


def _is_cjk(sign: str) -> bool:
    return east_asian_width(sign) in "WF" or bool(_HANGUL.match(sign))


def _is_space(sign: str) -> bool:
    return isWhiteSpace(ord(sign))


def _is_punctuation(sign: str) -> bool:
    return isMdAsciiPunct(ord(sign)) or isPunctChar(sign)

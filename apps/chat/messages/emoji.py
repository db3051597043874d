"""What an emoji is, and the one way in which each is kept."""

import re
import unicodedata

from apps.chat.models import EMOJI_LENGTH

JOINER, AS_PICTURE, KEYCAP = "\u200d", "\ufe0f", "\u20e3"
KEYCAPS = set("0123456789#*")
SKIN_TONES = "\U0001f3fb-\U0001f3ff"
# A black flag with the letters of a place: England, Scotland, Wales (UTS 51, ED-14a).
_PLACE_FLAG = re.compile("\U0001f3f4[\U000e0030-\U000e0039\U000e0061-\U000e007a]{3,6}\U000e007f")
# What is a picture by itself, of the symbols below U+1F000 (Emoji_Presentation in Unicode's emoji-data.txt) …
_PICTURES = (
    "\u231a\u231b\u23e9-\u23ec\u23f0\u23f3\u25fd\u25fe\u2614\u2615\u2648-\u2653\u267f\u2693\u26a1\u26aa\u26ab"
    "\u26bd\u26be\u26c4\u26c5\u26ce\u26d4\u26ea\u26f2\u26f3\u26f5\u26fa\u26fd\u2705\u270a\u270b\u2728\u274c\u274e"
    "\u2753-\u2755\u2757\u2795-\u2797\u27b0\u27bf\u2b1b\u2b1c\u2b50\u2b55"
)
# … and what of the others is text unless U+FE0F follows.
_TEXTS = (
    "\u00a9\u00ae\u2010-\u20df\u2100-\u3299\U0001f170\U0001f171\U0001f17e\U0001f17f\U0001f202\U0001f237"
    "\U0001f321\U0001f324-\U0001f32c\U0001f336\U0001f37d\U0001f396\U0001f397\U0001f399-\U0001f39b\U0001f39e\U0001f39f"
    "\U0001f3cb-\U0001f3ce\U0001f3d4-\U0001f3df\U0001f3f3\U0001f3f5\U0001f3f7\U0001f43f\U0001f441\U0001f4fd\U0001f549"
    "\U0001f54a\U0001f56f\U0001f570\U0001f573-\U0001f579\U0001f587\U0001f58a-\U0001f58d\U0001f590\U0001f5a5\U0001f5a8"
    "\U0001f5b1\U0001f5b2\U0001f5bc\U0001f5c2-\U0001f5c4\U0001f5d1-\U0001f5d3\U0001f5dc-\U0001f5de\U0001f5e1\U0001f5e3"
    "\U0001f5e8\U0001f5ef\U0001f5f3\U0001f5fa\U0001f6cb\U0001f6cd-\U0001f6cf\U0001f6e0-\U0001f6e5\U0001f6e9\U0001f6f0"
    "\U0001f6f3"
)
_NEEDS_MARK = re.compile(f"(?![{_PICTURES}])([{_TEXTS}0-9#*])(?![{SKIN_TONES}])")
_MARKS = re.compile("[\ufe0e\ufe0f]")


def canonical(text: str) -> str:
    """The emoji with U+FE0F wherever Unicode has it: a heart with it and one without are one emoji."""
    return _NEEDS_MARK.sub(rf"\1{AS_PICTURE}", _MARKS.sub("", text))


def is_emoji(text: str) -> bool:
    """Whether it is made of symbols alone, joined as Unicode joins them (a keycap begins with a digit)."""
    if _PLACE_FLAG.fullmatch(text):
        return True
    first, rest = text[:1], text[1:]
    starts = unicodedata.category(first or " ") == "So" or (first in KEYCAPS and KEYCAP in rest)
    return starts and len(text) <= EMOJI_LENGTH and all(_joins(each) for each in rest)


def _joins(character: str) -> bool:
    return character in (JOINER, AS_PICTURE, KEYCAP) or unicodedata.category(character) in ("So", "Sk")

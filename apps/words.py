"""What a word is: one reading of letters for the search, suggestions, mentions and keys.

`fold` makes alike what people take for the same: case, ё and е, composed and decomposed letters, full and half width,
dashes and apostrophes, words with and without the vowel marks of Hebrew and Arabic.
"""

# ruff: noqa: RUF001, RUF002 - letters of other alphabets

import unicodedata

# Scripts without upper and lower case, whose letters stand right beside others: 看TIDE-7吧, ל@ana.
UNCASED = (
    "\u0590-\u05ff\u0600-\u08ff\u0900-\u109f\u1100-\u139f\u1780-\u18af\u1950-\u19ff\u1a20-\u1aaf\u2e80-\ua4cf"
    "\ua960-\ua97f\uaa60-\uaa7f\uac00-\ud7ff\uf900-\ufaff\ufb1d-\ufdff\ufe70-\ufefe\uff66-\uffdc\U00020000-\U0003ffff"
)
# Those of them that write no spaces, or hang particles on a name: @小明你好, @ana님.
UNSPACED = (
    "\u0e00-\u0eff\u1000-\u109f\u1100-\u11ff\u1780-\u17ff\u2e80-\ua4cf\ua960-\ua97f\uaa60-\uaa7f\uac00-\ud7ff"
    "\uf900-\ufaff\uff66-\uffdc\U00020000-\U0003ffff"
)
# For regular expressions: a letter, digit or _ that would make a longer word or number of what stands beside it.
CASED_LETTER = rf"[^\W{UNCASED}]"

_ALIKE = {"ё": "е", "’": "'", "‘": "'", "ʼ": "'", "‐": "-", "–": "-", "—": "-", "−": "-"}
# Vowel marks of Hebrew and Arabic, the stroke that lengthens Arabic words, and what shows nothing.
_DROPPED_RANGES = [
    *((0x0591, 0x05BD), (0x05BF, 0x05BF), (0x05C1, 0x05C2), (0x05C4, 0x05C5), (0x05C7, 0x05C7), (0x0640, 0x0640)),
    *((0x064B, 0x0652), (0x0670, 0x0670), (0xAD, 0xAD), (0x200B, 0x200F), (0x202A, 0x202E), (0x2060, 0x2064)),
    *((0xFE0E, 0xFE0F), (0xFEFF, 0xFEFF)),
]
_DROPPED = "".join(chr(code) for first, last in _DROPPED_RANGES for code in range(first, last + 1))
# As translate() of PostgreSQL takes them: what has no counterpart at the end is dropped.
FOLD_FROM, FOLD_TO = "".join(_ALIKE) + _DROPPED, "".join(_ALIKE.values())
_FOLD = str.maketrans(FOLD_FROM[: len(FOLD_TO)], FOLD_TO, _DROPPED)


def fold(text: str) -> str:
    """`text` as it is compared."""
    return unicodedata.normalize("NFKC", text).lower().translate(_FOLD)

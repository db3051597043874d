"""What a word is: one reading of letters for the search, suggestions, mentions and keys.

`fold` makes alike what people take for the same: case, ё and е, composed and decomposed letters, full and half width,
dashes and apostrophes, words with and without the vowel marks of Hebrew and Arabic. `folded` does it in the database.
"""

# ruff: noqa: RUF001, RUF002 - letters of other alphabets

import re
import unicodedata

from django.db.models import Func, TextField, Value
from django.db.models.expressions import Combinable
from django.db.models.functions import Lower

# In the escapes that the regular expressions of Python and of the database have in common.
# Scripts without upper and lower case, whose letters stand right beside others: 看TIDE-7吧, ל@ana.
UNCASED = (
    r"\u0590-\u05ff\u0600-\u08ff\u0900-\u109f\u1100-\u139f\u1780-\u18af\u1950-\u19ff\u1a20-\u1aaf\u2e80-\ua4cf"
    r"\ua960-\ua97f\uaa60-\uaa7f\uac00-\ud7ff\uf900-\ufaff\ufb1d-\ufdff\ufe70-\ufefe\uff66-\uffdc\U00020000-\U0003ffff"
)
# Those of them that write no spaces, or hang particles on a name: @小明你好, @ana님.
UNSPACED = (
    r"\u0e00-\u0eff\u1000-\u109f\u1100-\u11ff\u1780-\u17ff\u2e80-\ua4cf\ua960-\ua97f\uaa60-\uaa7f\uac00-\ud7ff"
    r"\uf900-\ufaff\uff66-\uffdc\U00020000-\U0003ffff"
)
# For regular expressions: a letter, digit or _ that would make a longer word or number of what stands beside it.
CASED_LETTER = rf"[^\W{UNCASED}]"

_ALIKE = {"ё": "е", "ς": "σ", "’": "'", "‘": "'", "ʼ": "'", "‐": "-", "–": "-", "—": "-", "−": "-"}
_ALIKE_FROM, _ALIKE_TO = "".join(_ALIKE), "".join(_ALIKE.values())
# Vowel marks of Hebrew and Arabic, the stroke that lengthens Arabic words, and what shows nothing.
_DROPPED = (
    r"[\u0591-\u05bd\u05bf\u05c1\u05c2\u05c4\u05c5\u05c7\u0640\u064b-\u0652\u0670\u00ad"
    r"\u200b-\u200f\u202a-\u202e\u2060-\u2064\ufe0e\ufe0f\ufeff]"
)
_ALIKE_TABLE, _DROPPED_PATTERN = str.maketrans(_ALIKE), re.compile(_DROPPED)
# Where a word ends: in the database's regular expressions, whose letters are those of its locale.
BREAK = f"[^[:alnum:]]|[{UNCASED}]"
# What separates the terms of a search; what joins the parts of node.js, TIDE-7 and std::string does not.
_TERM = re.compile(r"[^\s,;()\[\]{}<>\"“”„«»|!?=*，。、！？；：（）「」『』【】《》،؛؟।…]+")
MIN_PART_LENGTH = 3  # of a word that is found within others; a shorter one as the beginning of a word
_SHORT = re.compile(rf"[^\W_{UNCASED}]{{1,{MIN_PART_LENGTH - 1}}}")


def fold(text: str) -> str:
    """`text` as it is compared."""
    normal = unicodedata.normalize("NFKC", text).replace("İ", "i")  # whose small letter would be two characters
    return _DROPPED_PATTERN.sub("", normal.lower().translate(_ALIKE_TABLE))


def folded(text: Combinable) -> Func:
    """The same in the database, of a column or a value, as far as the database's locale knows letters.

    What is compared with it is folded there as well: with LC_CTYPE C, `lower` leaves Ж and É as they are.
    """
    normal = Func(text, template="normalize(%(expressions)s, NFKC)", output_field=TextField())
    alike = Func(Lower(normal), Value(_ALIKE_FROM), Value(_ALIKE_TO), function="TRANSLATE", output_field=TextField())
    dropped, none, everywhere = Value(_DROPPED), Value(""), Value("g")
    return Func(alike, dropped, none, everywhere, function="REGEXP_REPLACE", output_field=TextField())


def terms_of(query: str) -> list[str]:
    """What is looked for, each as it has to stand in a text: words, and signs where there are nothing but signs."""
    pieces = _TERM.findall(query)
    terms = [term for piece in pieces if (term := _without_edges(piece))]
    signs = "".join(query.split())
    is_symbol = any(unicodedata.category(character).startswith("S") for character in signs)
    return terms or ([signs] if is_symbol else [])


def _without_edges(piece: str) -> str:
    """`piece` without the punctuation around it; the signs of C++ and C# belong to them, and so do emoji."""
    start, end = 0, len(piece)
    while start < end and not _belongs(piece[start]):
        start += 1
    while end > start and not (_belongs(piece[end - 1]) or piece[end - 1] in "+#"):
        end -= 1
    return piece[start:end]


def _belongs(character: str) -> bool:
    return unicodedata.category(character)[0] in "LNM" or unicodedata.category(character) == "So"


def is_short(term: str) -> bool:
    """Whether `term` is looked for at the beginning of words alone, for within words it is nearly everywhere."""
    return _SHORT.fullmatch(term) is not None

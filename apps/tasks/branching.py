"""What to call a task's branch, so that what is pushed there is linked by itself."""

import re
import unicodedata

from apps.tasks.models import Task

LONGEST = 60
# What taking the accents off does not get right: letters of their own, and how Germans and Danes spell theirs.
_LETTERS = str.maketrans(
    {
        **{"ä": "ae", "ö": "oe", "ü": "ue", "ß": "ss", "ø": "oe", "æ": "ae", "œ": "oe", "å": "aa", "ł": "l"},
        **{"đ": "d", "ð": "d", "þ": "th", "ı": "i"},  # noqa: RUF001
        **dict(zip("абвгдезийклмнопрстуфыэ", "abvgdeziyklmnoprstufye", strict=True)),
        **{"ё": "yo", "ж": "zh", "х": "kh", "ц": "ts", "ч": "ch", "ш": "sh", "щ": "shch", "ъ": "", "ь": ""},  # noqa: RUF001
        **{"ю": "yu", "я": "ya", "і": "i", "ї": "yi", "є": "ye", "ґ": "g"},  # noqa: RUF001
    }
)


def name_for(task: Task) -> str:
    """`tb-12-ask-for-a-deposit`: at most LONGEST characters, cut between words, a valid name for any ref."""
    key, words = task.key.lower(), _plain(task.title)
    name = f"{key}-{words}" if words else key
    if len(name) <= LONGEST:
        return name
    cut = name[: LONGEST + 1].rpartition("-")[0]
    return cut if len(cut) > len(key) else name[:LONGEST]


def _plain(title: str) -> str:
    """In Latin letters and digits with dashes between; what has no letter for it (emoji) is left out."""
    spelled = unicodedata.normalize("NFC", title).lower().translate(_LETTERS)
    bare = unicodedata.normalize("NFKD", spelled).encode("ascii", "ignore").decode().lower()
    return re.sub(r"[^a-z0-9]+", "-", re.sub("['`]", "", bare)).strip("-")

"""The texts of the room's scripts, in the reader's language, and the reactions they offer."""

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

PALETTE = [
    ("👍", gettext_lazy("Thumbs up")),
    ("❤️", gettext_lazy("Heart")),
    ("😄", gettext_lazy("Smile")),
    ("🎉", gettext_lazy("Celebrate")),
    ("👀", gettext_lazy("Eyes")),
    ("✅", gettext_lazy("Done")),
]


def room_messages() -> dict[str, str]:
    return {
        "sending": _("Sending…"),
        "not_sent": _("Not sent yet."),
        "new": _("New"),
        "not_loaded": _("The messages could not be loaded."),
        "gone": _("That message is not here any more."),
        "copied": _("The link is copied."),
        "refused": _("That is not possible here."),
        "not_uploaded": _("It did not reach the board."),
        "still_uploading": _("Some files are not there yet. Wait a moment, or remove them."),
        "one_writes": _("{name} is writing."),
        "two_write": _("{name} and {other} are writing."),
        "several_write": _("Several people are writing."),
    }

"""What the board's script says aloud, shows in toasts and in its help, in the reader's language."""

from django.utils.translation import gettext as _


def board_words() -> dict[str, str]:
    return {
        "lifted": _("{title} is lifted. Arrows move it, Space drops it, Escape puts it back."),
        "now_at": _("{title}: {column}, place {place} of {count}."),
        "dropped": _("{title} is dropped: {column}, place {place} of {count}."),
        "put_back": _("{title} is back where it was."),
        "moved_by": _("{name} moved this here just now."),
        "offline": _("That did not reach the board. Please try again."),
        "unanswered": _("No answer came. The change may not be saved."),
        "not_loaded": _("More cards could not be loaded."),
        "retry": _("Retry"),
        "anyway": _("Close it anyway"),
        "add_anyway": _("Add it anyway"),
        "open_anyway": _("Open it anyway"),
        "keep_mine": _("Keep mine"),
        "take_theirs": _("Take theirs"),
        "limited": _("Live updates are limited: this page looks every ten seconds."),
        "signed_out": _("You are signed out."),
        "sign_in": _("Sign in"),
        "keys": _("Keys of the board"),
        "close": _("Close"),
        "space": _("Space"),
        "key_next": _("Go to the next card or the one before"),
        "key_column": _("Go to the column beside"),
        "key_open": _("Open the card"),
        "key_shift": _("Move the card a place or a column"),
        "key_brackets": _("Move the card to the column before or after"),
        "key_lift": _("Lift the card, then arrows, then Space drops it or Escape puts it back"),
        "key_add": _("Add a task in this column"),
        "key_help": _("Show these keys"),
    }

"""What other apps may do in the transaction of a sign-in, or of a change to a person."""

from django.dispatch import Signal

# Sent with `user` and `groups: frozenset[str]`, the names the provider gave this time.
groups_known = Signal()

# Sent with `user` and `by` before an account is closed; a receiver that raises Refused keeps it open.
account_closing = Signal()

# Sent with `user`, whose name, hue or picture is another now.
person_changed = Signal()

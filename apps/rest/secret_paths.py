"""Addresses that are secrets themselves, as they may be written down: in a log, in the audit."""

import re

from django.http import HttpRequest

# Who has the path of an invitation may use it; in the query of another address it is quoted.
INVITATION = re.compile(r"""((?:/|%2F)join(?:/|%2F))[^\s/?#&%"'<>]+""", re.IGNORECASE)
HIDDEN = "…"


def without_secrets(text: str) -> str:
    """The text with what is secret in the addresses in it taken out."""
    return INVITATION.sub(rf"\1{HIDDEN}", text)


def shown_path(request: HttpRequest) -> str:
    """The path of a request, to be written down; `request.path` may be a secret."""
    return without_secrets(request.path)

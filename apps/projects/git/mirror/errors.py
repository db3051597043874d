"""What can go wrong between the board and a repository: codes that are stored, worded for whoever reads them."""

import re
from typing import Any

from django.utils.translation import gettext_lazy as _

from apps.projects.git.sanitize import tidy

REASONS = {
    "no_git": _("The program git is not installed on the server that runs Team Board."),
    "no_ssh": _("The program ssh is not installed on the server that runs Team Board."),
    "bad_address": _("The address is none that repositories are fetched from."),
    "private_address": _(
        "The address is inside a private network or at an unusual port. An administrator can allow it"
        " by adding {address} to OUTBOUND_ALLOWED_HOSTS."
    ),
    "unknown_name": _("No server goes by that name."),
    "unreachable": _("The server can't be reached, or it ended the connection."),
    "timed_out": _("It took too long and was stopped."),
    "unauthorized": _("The server wants another token or key. Check that it is right and may read this repository."),
    "not_found": _("There is no repository at that address, or the token or key may not see it."),
    "certificate": _("The certificate of the server is not valid for its name."),
    "redirected": _("The server sends us to another address. Connect the repository by that one."),
    "host_key": _(
        "The server shows another SSH key than before. If that is right, enter the address again to accept it."
    ),
    "too_large": _("The repository is larger than {megabytes} MB, which is the most that is mirrored."),
    "too_many_refs": _("The repository has more than {most} branches and tags, which is the most that is mirrored."),
    "object_format": _("The repository names its commits by SHA-256. Only those that do it by SHA-1 are mirrored."),
    "damaged": _(
        "The board's copy of the repository is damaged, also after it was made anew. Check the server's disk."
    ),
    "broken": _("Git could not read it: {said}"),
}

# What git and ssh write when they fail, the telling ones first.
SIGNS = [
    ("object_format", r"mismatched algorithms|mismatched object format"),
    ("host_key", r"REMOTE HOST IDENTIFICATION HAS CHANGED|Host key verification failed"),
    ("unauthorized", r"Authentication failed|could not read (Username|Password)|error: 40[13]\b|Permission denied"),
    ("redirected", r"error: 30[1-8]\b|unable to update url base from redirection"),
    ("not_found", r"error: 404\b|not found|does not exist|does not appear to be a git repository|Could not find repo"),
    ("certificate", r"certificate|SSL"),
    ("unknown_name", r"Could not resolve host"),
    ("timed_out", r"timed out|Operation too slow"),
    (
        "unreachable",
        r"Failed to connect|Couldn't connect|Connection (refused|reset|closed)|error: 5\d\d\b|unable to access",
    ),
    ("no_ssh", r"cannot run ssh"),
]


class GitFailed(Exception):
    """Git did not do it; `code` is one of REASONS, `facts` fill its sentence in. Neither holds a secret."""

    def __init__(self, code: str, **facts: object) -> None:
        super().__init__(code)
        self.code = code
        self.facts = facts

    def __str__(self) -> str:
        return sentence(self.code, self.facts)


def sentence(code: str, facts: dict[str, Any]) -> str:
    return str(REASONS[code]).format(**{"address": "host:port", **facts})  # failures stored earlier name no address


def failure_in(stderr: bytes) -> GitFailed:
    """The failure that git's own words stand for."""
    words = stderr.decode(errors="replace")
    for code, sign in SIGNS:
        if re.search(sign, words, re.IGNORECASE):
            return GitFailed(code)
    lines = [line for line in words.splitlines() if line.startswith(("fatal:", "error:"))] or words.splitlines() or [""]
    return GitFailed("broken", said=tidy(re.sub(r"\S+://\S+", "…", lines[-1]), 200))

"""Where a repository is: only https and ssh, a plain host and a plain path, so that nothing else is ever meant."""

import asyncio
import re
from dataclasses import dataclass

from django.conf import settings
from django.utils.translation import gettext as _

from apps import outbound
from apps.errors import Refused
from apps.projects.git.mirror.errors import GitFailed

PORTS = {"https": 443, "http": 80, "ssh": 22}
LONGEST = 500
HOST = r"(?P<host>[a-z0-9](?:[a-z0-9.-]*[a-z0-9])?|\[[0-9a-f:.]+\])(?::(?P<port>[0-9]{1,5}))?"
PATH = r"(?P<path>(?:[A-Za-z0-9_~.][A-Za-z0-9_~.+-]*/)*[A-Za-z0-9_~.][A-Za-z0-9_~.+-]*)/?"
USER = r"(?P<user>[a-z_][a-z0-9_-]*)"
WEB = re.compile(rf"(?P<scheme>https?)://{HOST}/{PATH}", re.IGNORECASE | re.ASCII)
SSH = re.compile(rf"(?P<scheme>ssh)://(?:{USER}@)?{HOST}/{PATH}", re.IGNORECASE | re.ASCII)
SHORT_SSH = re.compile(rf"{USER}@(?P<host>[a-z0-9][a-z0-9.-]*):/?{PATH}", re.IGNORECASE | re.ASCII)


class BadAddress(Refused):
    code = "bad_address"
    api_status = 400


@dataclass(frozen=True)
class Address:
    scheme: str
    user: str
    host: str
    port: int
    path: str

    def __str__(self) -> str:
        user = f"{self.user}@" if self.user else ""
        port = "" if self.port == PORTS[self.scheme] else f":{self.port}"
        return f"{self.scheme}://{user}{self.host}{port}/{self.path}"

    @property
    def name(self) -> str:
        """What people call the repository: the last part of its path."""
        return self.path.rpartition("/")[2].removesuffix(".git")

    @property
    def bare_host(self) -> str:
        return self.host.strip("[]")

    def checked(self) -> list[str]:
        """The host's addresses, every one of which the board may talk to; looked up now, to be held on to.

        Raises GitFailed.
        """
        looking = outbound.addresses_of(self.bare_host, self.port, ports=[PORTS[self.scheme]])
        try:
            return [str(found) for found in asyncio.run(looking)]
        except outbound.ForbiddenAddress as exc:
            raise GitFailed("private_address") from exc
        except outbound.Unreachable as exc:
            raise GitFailed("unknown_name") from exc
        except outbound.TimedOut as exc:
            raise GitFailed("timed_out") from exc


def parsed(text: str) -> Address:
    """The address that `text` is, in its one spelling. Raises BadAddress, and says what is wrong with it."""
    words = text.strip()
    found = next((match for form in (WEB, SSH, SHORT_SSH) if (match := form.fullmatch(words))), None)
    if found is None or len(words) > LONGEST or ".." in found["path"].split("/") or "." in found["path"].split("/"):
        raise BadAddress(_why_not(words))
    parts = found.groupdict()
    scheme = (parts.get("scheme") or "ssh").lower()
    port = int(parts.get("port") or PORTS[scheme])
    if scheme == "http" and not settings.GIT_PLAIN_HTTP:
        raise BadAddress(_("Use https: by http everybody on the way could read the token and change the code."))
    if not 0 < port < 65_536:
        raise BadAddress(_why_not(words))
    user = parts.get("user") or ("git" if scheme == "ssh" else "")
    return Address(scheme, user, parts["host"].lower(), port, parts["path"])


def _why_not(words: str) -> str:
    if re.match(r"https?://[^/]*@", words):
        return _("Leave name and password out of the address; a token has its own field.")
    if re.match(r"(file|git|ext|ftps?|git\+\w+):", words) or words.startswith(("/", ".", "~")):
        return _("Only repositories by https or ssh can be connected.")
    return _("Write the address as the forge shows it for cloning, such as https://git.example.org/team/board.git.")

"""Where a repository is: only https and ssh, a plain host and a path in one spelling, so that nothing else is meant.

A path is kept as it reads (`My Project`) and written as addresses write it (`My%20Project`).
"""

import asyncio
import re
import unicodedata
from dataclasses import dataclass
from urllib.parse import quote, unquote

from django.conf import settings
from django.utils.translation import gettext as _

from apps import outbound
from apps.errors import Refused
from apps.projects.git.mirror.errors import GitFailed
from apps.projects.git.repositories import web_pages

PORTS = {"https": 443, "http": 80, "ssh": 22}
LONGEST = 500
HOST = r"(?P<host>[a-z0-9](?:[a-z0-9.-]*[a-z0-9])?|\[[0-9a-f:.]+\])(?::(?P<port>[0-9]{1,5}))?"
# As it is written: letters of any script, a few signs, and %XX for what else a name may hold.
PART = r"(?!-)(?:[a-z0-9_~.+-]|[^\x00-\x7f]|%[0-9a-f]{2})+"
PATH = rf"(?P<path>{PART}(?:/{PART})*)/?"
IN_NAMES = {*"_~.+-(),&'!@% "}  # besides letters, marks and digits
USER = r"(?P<user>[a-z0-9_][a-z0-9_.+-]*)"
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
        return f"{self.scheme}://{user}{self.host}{port}/{quote(self.path, safe='/~+')}"

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
            raise GitFailed("private_address", address=outbound.setting_value(self.bare_host, self.port)) from exc
        except outbound.Unreachable as exc:
            raise GitFailed("unknown_name") from exc
        except outbound.TimedOut as exc:
            raise GitFailed("timed_out") from exc


def parsed(text: str) -> Address:
    """The address that `text` is, in its one spelling. Raises BadAddress, and says what is wrong with it."""
    words = text.strip()
    found = next((match for form in (WEB, SSH, SHORT_SSH) if (match := form.fullmatch(words))), None)
    if found is None or len(words) > LONGEST:
        raise BadAddress(_why_not(words))
    parts = found.groupdict()
    # git decodes what has a scheme and sends the short form as it stands.
    names = [part if found.re is SHORT_SSH else _decoded(part, words) for part in parts["path"].split("/")]
    if not all(map(_is_name, names)):
        raise BadAddress(_why_not(words))
    scheme = (parts.get("scheme") or "ssh").lower()
    port = int(parts.get("port") or PORTS[scheme])
    if scheme == "http" and not settings.GIT_PLAIN_HTTP:
        raise BadAddress(_("Use https: by http everybody on the way could read the token and change the code."))
    if not 0 < port < 65_536:
        raise BadAddress(_why_not(words))
    user = parts.get("user") or ("git" if scheme == "ssh" else "")
    address = Address(scheme, user, parts["host"].lower(), port, "/".join(names))
    if len(str(address)) > LONGEST:
        raise BadAddress(_why_not(words))
    if scheme != "ssh" and web_pages.is_page(address.bare_host, names):
        raise BadAddress(_("This is a page of the forge. Write the address that it shows for cloning."))
    return address


def _decoded(part: str, words: str) -> str:
    try:
        return unquote(part, errors="strict")
    except UnicodeDecodeError as error:
        raise BadAddress(_why_not(words)) from error


def _is_name(name: str) -> bool:
    """Whether `name` can be a folder's, and shows all that it holds."""
    is_shown = all(each in IN_NAMES or unicodedata.category(each)[0] in "LMN" for each in name)
    return is_shown and name not in ("", ".", "..") and name == name.strip() and not name.startswith("-")


def _why_not(words: str) -> str:
    if re.match(r"https?://[^/]*@", words):
        return _("Leave name and password out of the address; a token has its own field.")
    if re.match(r"(file|git|ext|ftps?|git\+\w+):", words) or words.startswith(("/", ".", "~")):
        return _("Only repositories by https or ssh can be connected.")
    return _("Write the address as the forge shows it for cloning, such as https://git.example.org/team/board.git.")

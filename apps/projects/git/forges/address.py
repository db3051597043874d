"""Where a repository's forge answers, found out from the address that is cloned."""

from dataclasses import dataclass
from urllib.parse import quote

from apps.projects.git.repositories.urls import PORTS, parsed


@dataclass(frozen=True)
class Address:
    """`https://host[:port]` and `team/name`."""

    host: str
    origin: str
    path: str

    @property
    def quoted(self) -> str:
        return quote(self.path)


def address_of(url: str) -> Address:
    """The API is behind https, also where Git goes through SSH, whose port says nothing about it."""
    where = parsed(url)
    scheme = "https" if where.scheme == "ssh" else where.scheme
    port = "" if where.scheme == "ssh" or where.port == PORTS[scheme] else f":{where.port}"
    return Address(where.bare_host, f"{scheme}://{where.host}{port}", where.path.removesuffix(".git"))

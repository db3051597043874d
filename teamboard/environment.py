"""The environment, read in one way by settings and launcher.

What is empty is absent; spaces around a value do not count; a value is never looked into for the names of
others; and what cannot be read is refused by the variable's name. Nothing in here needs Django.
"""

import ipaddress
import math
import os
import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any
from urllib.parse import SplitResult, parse_qsl, unquote, urlsplit

YES = {"1", "true", "yes", "y", "on", "ok"}
NO = {"0", "false", "no", "n", "off"}
LINE = re.compile(r"(?:export\s+)?(?P<name>[A-Za-z_][A-Za-z_0-9]*)\s*=\s*(?P<value>.*)")
SINGLE_QUOTED = re.compile(r"'([^']*)'\s*(?:#.*)?")
DOUBLE_QUOTED = re.compile(r'"((?:\\.|[^"\\])*)"\s*(?:#.*)?')
COMMENT = re.compile(r"(?:^|\s)#.*")
DATABASE_SCHEMES = {"postgresql", "postgres", "psql", "pgsql"}


class SettingRefused(Exception):
    """A variable whose value can't be used, in a sentence that names it and gives no secret away."""


class Environment:
    """Reads `values`, which stay alive: by default those of this process."""

    def __init__(self, values: Mapping[str, str] | None = None) -> None:
        self.values: Mapping[str, str] = os.environ if values is None else values

    def text(self, name: str, default: str = "") -> str:
        return self.values.get(name, "").strip() or default

    def required(self, name: str) -> str:
        if value := self.text(name):
            return value
        raise SettingRefused(f"{name} is not set. Set it in the environment or in .env; .env.example says what it is.")

    def optional(self, name: str, default: str) -> str:
        """As text; the word none stands for nothing at all."""
        value = self.text(name, default)
        return "" if value.lower() == "none" else value

    def choice(self, name: str, default: str, choices: Sequence[str]) -> str:
        value = self.text(name, default)
        if value not in choices:
            raise SettingRefused(f"{name} must be one of {', '.join(choices)}, not {value!r}.")
        return value

    def boolean(self, name: str, default: bool) -> bool:
        value = self.text(name).lower()
        if value and value not in YES | NO:
            raise SettingRefused(f"{name} must be yes or no, not {value!r}.")
        return value in YES if value else default

    def integer(self, name: str, default: int, *, least: int = 1, most: int | None = None) -> int:
        value = self.text(name)
        if not value:
            return default
        number = int(value) if re.fullmatch(r"[+-]?[0-9]{1,18}", value) else None
        if number is None or number < least or (most is not None and number > most):
            limits = f"of at least {least}" if most is None else f"from {least} to {most}"
            raise SettingRefused(f"{name} must be a whole number {limits}, not {value!r}.")
        return number

    def number(self, name: str, default: float, *, least: float = 0) -> float:
        value = self.text(name)
        try:
            number = float(value or default)
        except ValueError:
            number = math.nan
        if not math.isfinite(number) or number < least:
            raise SettingRefused(f"{name} must be a number of at least {least:g}, not {value!r}.")
        return number

    def pieces(self, name: str) -> list[str]:
        """Divided by commas; a piece may hold spaces."""
        return [piece.strip() for piece in self.text(name).split(",") if piece.strip()]

    def words(self, name: str) -> list[str]:
        """Divided by commas, spaces or both."""
        return self.text(name).replace(",", " ").split()

    def networks(self, name: str) -> list[str]:
        """IP addresses and networks; a name would be compared to addresses, and so never be one of them."""
        found = []
        for word in self.words(name):
            try:
                found.append(
                    str(ipaddress.ip_network(word, strict=False)) if "/" in word else str(ipaddress.ip_address(word))
                )
            except ValueError as exc:
                raise SettingRefused(
                    f"{name} must be IP addresses or networks such as 172.16.0.0/12, not {word!r}."
                ) from exc
        return found

    def pairs(self, name: str) -> dict[str, str]:
        found = {}
        for piece in self.pieces(name):
            key, equals, value = (part.strip() for part in piece.partition("="))
            if not key or not equals or not value:
                raise SettingRefused(f"{name} must be a list such as name=value,name=value; {piece!r} is no such pair.")
            found[key] = value
        return found

    def path(self, name: str, default: Path) -> Path:
        return Path(self.text(name) or default).expanduser().resolve()

    def secret(self, name: str, file_name: str) -> str:
        """The value, or what stands in the file that the other variable names."""
        file = self.text(file_name)
        if not file:
            return self.text(name)
        try:
            return Path(file).read_text().strip()
        except (OSError, UnicodeDecodeError) as exc:
            raise SettingRefused(f"{file_name} names a file that can't be read: {file}.") from exc

    def origin(self, name: str, default: str) -> str:
        """http:// or https://, a host and perhaps a port, without the slash at the end."""
        value = self.text(name, default).rstrip("/")
        parts = split(value)
        if parts is None or parts.scheme not in ("http", "https") or not parts.hostname:
            raise SettingRefused(f"{name} must be an address such as https://board.example.org, not {value!r}.")
        if parts.path or parts.query or parts.fragment or parts.username is not None:
            raise SettingRefused(f"{name} must be scheme, host and port only, not {value!r}: a path is not supported.")
        return value

    def address(self, name: str) -> str:
        """A whole http(s) address, or nothing."""
        value = self.text(name)
        parts = split(value)
        if value and (parts is None or parts.scheme not in ("http", "https") or not parts.hostname):
            raise SettingRefused(f"{name} must be an address that starts with http:// or https://, not {value!r}.")
        return value

    def redis(self, name: str, default: str) -> str:
        """One address, or several with ; between them, as Celery takes them."""
        value = self.text(name, default)
        addresses = [split(piece) for piece in value.split(";")]
        if not all(parts and parts.scheme and parts.netloc + parts.path for parts in addresses):
            raise SettingRefused(
                f"{name} must be an address such as redis://:PASSWORD@HOST:6379/0. {IN_A_URL.format(name=name)}"
            )
        return value

    def database(
        self, name: str, default: str, *, password: str, role_passwords: Mapping[str, str] | None = None
    ) -> dict[str, Any]:
        """Django's settings for the PostgreSQL at an address.

        One without a password takes that of the variable that `role_passwords` has for its user, else of `password`.
        """
        parts = split(self.text(name, default))
        if parts is None or parts.scheme not in DATABASE_SCHEMES or "@" in parts.path:
            raise SettingRefused(
                f"{name} must be an address such as postgresql://USER@HOST:5432/DATABASE. "
                f"{IN_A_URL.format(name=name)} Or leave it out and set {password}."
            )
        # Not `hostname`, which would write a folder's name (%2Frun%2Fpostgresql) in small letters.
        host = re.sub(r":\d*$", "", parts.netloc.rpartition("@")[2]).strip("[]")
        user = unquote(parts.username or "")
        of_role = (role_passwords or {}).get(user, password)
        return {
            "ENGINE": "django.db.backends.postgresql",
            "NAME": unquote(parts.path[1:]),
            "USER": user,
            "PASSWORD": unquote(parts.password or "") or self.text(of_role) or self.text(password),
            "HOST": unquote(host),
            "PORT": str(parts.port or ""),
            "OPTIONS": dict(parse_qsl(parts.query)),
        }


IN_A_URL = "In a password inside {name}, write / as %2F, @ as %40, # as %23, ? as %3F and % as %25."


def split(address: str) -> SplitResult | None:
    try:
        parts = urlsplit(address)
        _ = parts.port  # it is read, and refused, only when it is asked for
    except ValueError:
        return None
    return parts


def load(path: Path) -> None:
    """Set what the file says wherever the environment has nothing; an empty variable there is nothing, too."""
    try:
        text = path.read_text(encoding="utf-8-sig")
    except FileNotFoundError:
        return
    except (OSError, UnicodeDecodeError) as exc:  # a folder, for one, which Docker makes of a file that is not there
        raise SettingRefused(f"{path} can't be read: {exc}.") from exc
    for name, value in parse(text).items():
        if not os.environ.get(name, "").strip():
            os.environ[name] = value


def parse(text: str) -> dict[str, str]:
    """Lines of NAME=value as Compose reads them, but that a $ is a $: quotes are taken off, comments left out."""
    found = {}
    for line in text.splitlines():
        if (match := LINE.fullmatch(line.strip())) and not line.lstrip().startswith("#"):
            found[match["name"]] = unquoted(match["value"])
    return found


def unquoted(value: str) -> str:
    if single := SINGLE_QUOTED.fullmatch(value):
        return single[1]
    if double := DOUBLE_QUOTED.fullmatch(value):
        return re.sub(r"\\(.)", r"\1", double[1])
    return COMMENT.sub("", value).strip()

"""The data folder of `make run`: its lock, its version, its secrets."""

import fcntl
import json
import re
import secrets
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from teamboard.environment import Environment
from teamboard.launch import ROOT, CannotStart

VERSION = 1  # raised when an older Team Board could not read the folder any more
FREE_MEGABYTES = 200
GENERATED = (
    "SECRET_KEY",
    "FIELD_KEYS",
    "OPENCLAW_TOKEN",
    "OPENCLAW_GATEWAY_TOKEN",
    "OPENCLAW_CALLBACK_SECRET",
    "PRACTICE_CALLBACK_SECRET",
    "POSTGRES_PASSWORD",
    "BOARD_DATABASE_PASSWORD",
    "VALKEY_PASSWORD",
)
LASTING_SECRETS = ("SECRET_KEY", "FIELD_KEYS", "OPENCLAW_CALLBACK_SECRET")


def folder() -> Path:
    return Environment().path("DATA_DIR", ROOT / ".data")


@contextmanager
def held(data: Path) -> Iterator[None]:
    """The folder, made if need be, for this process alone."""
    data.mkdir(mode=0o711, parents=True, exist_ok=True)  # PostgreSQL may have to pass as nobody
    refuse_newer_version(data)
    refuse_full_disk(data)
    with (data / "lock").open("a") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as exc:
            raise CannotStart(f"Team Board already runs on {data}. Stop that one first.") from exc
        yield


def is_held(data: Path) -> bool:
    try:
        with (data / "lock").open("a") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    except FileNotFoundError:
        return False
    return False


def has_secrets(data: Path) -> bool:
    return (data / "secrets.env").exists()


def has_database(data: Path) -> bool:
    return (data / "postgres").exists()


def lasting_settings(data: Path) -> dict[str, str]:
    """Those of every start, whatever its ports."""
    known = read_secrets(data)
    return {name: known[name] for name in LASTING_SECRETS} | {
        "STATIC_ROOT": str(data / "static"),
        "GIT_FOLDER": str(data / "git"),
    }


def write_settings(data: Path) -> None:
    """The settings that the board runs with now, for the commands that are run beside it."""
    documented = re.findall(r"^#?([A-Z_]+)=", (ROOT / ".env.example").read_text(), re.MULTILINE)
    path = data / "settings.json"
    path.touch(mode=0o600)
    path.write_text(json.dumps({name: value for name in documented if (value := Environment().text(name))}))


def read_settings(data: Path) -> dict[str, str]:
    """What the running board wrote; nothing while it is still starting."""
    path = data / "settings.json"
    settings: dict[str, str] = json.loads(path.read_text()) if path.exists() else {}
    return settings


def forget_settings(data: Path) -> None:
    (data / "settings.json").unlink(missing_ok=True)


def refuse_newer_version(data: Path) -> None:
    mark = data / "VERSION"
    if not mark.exists():
        mark.write_text(f"{VERSION}\n")
    found = int(mark.read_text())
    if found > VERSION:
        raise CannotStart(
            f"The data in {data} was written by a newer Team Board (its format is {found}, this one reads "
            f"{VERSION}). Update this folder with git pull, or move the data away to start afresh."
        )


def refuse_full_disk(data: Path) -> None:
    free = shutil.disk_usage(data).free // 1_000_000
    if free < FREE_MEGABYTES:
        raise CannotStart(f"Only {free} MB are free for {data}; Team Board needs {FREE_MEGABYTES} MB.")


def read_secrets(data: Path) -> dict[str, str]:
    """What was generated at the first start; what a newer version needs besides is added."""
    path = data / "secrets.env"
    known = dict(line.split("=", 1) for line in path.read_text().splitlines()) if path.exists() else {}
    missing = {name: secrets.token_urlsafe(48) for name in GENERATED if name not in known}
    if missing:
        path.touch(mode=0o600)
        with path.open("a") as file:
            file.writelines(f"{name}={value}\n" for name, value in missing.items())
    return known | missing

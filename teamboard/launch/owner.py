"""`manage.py owner`: a new password for the owner, whether the board runs or not."""

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import environ

from teamboard.launch import ROOT, CannotStart, data_folder, ports
from teamboard.launch.postgres import Postgres
from teamboard.launch.programs import stop


def owner() -> int:
    environ.Env.read_env(ROOT / ".env")
    folder = data_folder.folder()
    try:
        if os.environ.get("DATABASE_URL"):
            return reset()
        if not (folder / "postgres").exists():
            raise CannotStart("There is no board here yet; make run makes one and its owner.")
        os.environ.setdefault("SECRET_KEY", data_folder.read_secrets(folder)["SECRET_KEY"])
        with database(folder) as os.environ["DATABASE_URL"]:
            return reset()
    except CannotStart as exc:
        print(exc, file=sys.stderr)
        return 1


@contextmanager
def database(folder: Path) -> Iterator[str]:
    """The address of the running database, or of one that runs for this moment."""
    password = data_folder.read_secrets(folder)["POSTGRES_PASSWORD"]
    if data_folder.is_held(folder):
        yield Postgres(folder / "postgres", password=password, port=running_port(folder)).url
        return
    with data_folder.held(folder):
        postgres = Postgres(folder / "postgres", password=password, port=ports.any_free())
        program = postgres.program()
        with (folder / "owner.log").open("wb") as output:
            process = program.spawn(output)
        try:
            postgres.wait(process)
            yield postgres.url
        finally:
            stop(process, program)


def running_port(folder: Path) -> int:
    """PostgreSQL writes it into the fourth line of its pid file."""
    return int((folder / "postgres/postmaster.pid").read_text().splitlines()[3])


def reset() -> int:
    import django

    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "teamboard.settings")
    django.setup()
    from apps.accounts.users import owner_account

    user, password = owner_account.reset_owner_password()
    print(f"Sign in as {user.username} with the password {password} (shown only now).")
    return 0

"""The board of `make run`, for a command beside it: its settings, and its services while it is stopped."""

import os
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from functools import partial
from pathlib import Path

from teamboard import environment as variables
from teamboard.launch import ROOT, CannotStart, data_folder, ports
from teamboard.launch.postgres import Postgres
from teamboard.launch.programs import stop
from teamboard.launch.valkey import Valkey

# They change tables, rights or the owner's account, so they work as the owner of the database.
OWNERS_COMMANDS = {"migrate", "database_role", "owner", "prepare"}
WITHOUT_SERVICES = {"", "check", "collectstatic", "compilemessages", "help", "makemessages", "spectacular"}


@contextmanager
def environment(command: str) -> Iterator[None]:
    """What `command` needs of the board's settings stands in os.environ; what is set there or in `.env` wins.

    A command whose own environment names a database and a secret is meant for another board.
    """
    names_another = "DATABASE_URL" in os.environ and bool({"SECRET_KEY", "DEBUG"} & os.environ.keys())
    variables.load(ROOT / ".env")
    folder = data_folder.folder()
    if names_another or not data_folder.has_secrets(folder):
        yield
    elif data_folder.is_held(folder):
        complete(running_settings(folder, with_services=command not in WITHOUT_SERVICES))
        if command in OWNERS_COMMANDS and data_folder.has_database(folder):
            os.environ["DATABASE_URL"] = running_database(folder).url
        yield
    else:
        with stopped(folder, with_services=command not in WITHOUT_SERVICES):
            yield


def running_settings(folder: Path, *, with_services: bool) -> dict[str, str]:
    settings = data_folder.read_settings(folder)
    if with_services and not settings:
        raise CannotStart("Team Board is starting. Try again when it has printed its address.")
    return settings or data_folder.lasting_settings(folder)


def complete(settings: dict[str, str]) -> None:
    """Set those that are absent or empty."""
    for name, value in settings.items():
        if not os.environ.get(name, "").strip():
            os.environ[name] = value


@contextmanager
def stopped(folder: Path, *, with_services: bool) -> Iterator[None]:
    """The settings of a board that does not run; with its services, which run until the block ends."""
    secrets = data_folder.read_secrets(folder)
    complete(data_folder.lasting_settings(folder))
    with ExitStack() as stack:
        if with_services and not variables.Environment().text("DATABASE_URL") and data_folder.has_database(folder):
            stack.enter_context(data_folder.held(folder))
            password = secrets["POSTGRES_PASSWORD"]
            log = folder / "command.log"
            postgres = Postgres(folder / "postgres", password=password, port=0)
            os.environ["DATABASE_URL"] = start_service(postgres, log, stack)
            if not variables.Environment().text("REDIS_URL"):
                valkey = Valkey(folder / "valkey", password=secrets["VALKEY_PASSWORD"], port=0)
                os.environ["REDIS_URL"] = start_service(valkey, log, stack)
        yield


def start_service(service: Postgres | Valkey, log: Path, stack: ExitStack) -> str:
    """Start it on a port of its own and return its URL; `stack` stops it. Raises CannotStart with its last lines."""
    ports.on_free_port(service, partial(_start_service, service, log, stack))
    return service.url


def _start_service(service: Postgres | Valkey, log: Path, stack: ExitStack) -> None:
    program = service.program()
    with log.open("wb") as output:
        process = program.spawn(output)
    try:
        service.wait(process)
    except CannotStart as exc:
        stop(process, program)
        raise CannotStart(f"{exc} Its last lines:\n{log.read_text(errors='replace')[-2000:]}") from exc
    stack.callback(stop, process, program)


def running_database(folder: Path) -> Postgres:
    """PostgreSQL writes its port into the fourth line of its pid file."""
    port = int((folder / "postgres/postmaster.pid").read_text().splitlines()[3])
    return Postgres(folder / "postgres", password=data_folder.read_secrets(folder)["POSTGRES_PASSWORD"], port=port)

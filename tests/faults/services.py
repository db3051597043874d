"""A PostgreSQL and a Valkey of our own, because they get killed."""

import os
import secrets
import signal
import subprocess
from pathlib import Path

from teamboard.launch.ports import any_free
from teamboard.launch.postgres import Postgres
from teamboard.launch.programs import stop
from teamboard.launch.valkey import Valkey


class Service:
    def __init__(self, service: Postgres | Valkey) -> None:
        self.service = service
        self.start()

    def start(self) -> None:
        self.program = self.service.program()
        self.process = self.program.spawn(subprocess.DEVNULL)
        self.service.wait(self.process)

    def fall(self, how: signal.Signals) -> None:
        """End it without a goodbye: SIGKILL, or PostgreSQL's immediate stop (SIGQUIT)."""
        self.process.send_signal(how)
        self.process.wait()

    def stop(self) -> None:
        stop(self.process, self.program)


def start(folder: Path) -> tuple[Service, Service]:
    """PostgreSQL, which keeps what it confirmed, and Valkey, which keeps nothing, as the environment says."""
    folder.chmod(0o711)
    postgres = Postgres(folder / "postgres", password=secrets.token_urlsafe(16), port=any_free())
    postgres.initialise()
    valkey = Valkey(folder / "valkey", password=secrets.token_urlsafe(16), port=any_free(), durable=False)
    os.environ |= {"DATABASE_URL": postgres.url, "REDIS_URL": valkey.url}
    return Service(postgres), Service(valkey)

"""`python -m teamboard.launch.with_services COMMAND…` runs it on a private PostgreSQL and Valkey.

Both live in a temporary folder and go with the command; DATABASE_URL and REDIS_URL name them.
TEST_DATABASE_URL and TEST_REDIS_URL are used instead where they are set. Returns the command's code.
"""

import os
import secrets
import signal
import subprocess
import sys
import tempfile
from contextlib import ExitStack
from pathlib import Path
from types import FrameType

from teamboard.launch import CannotStart, local_board
from teamboard.launch.postgres import Postgres
from teamboard.launch.valkey import Valkey


def main(command: list[str]) -> int:
    signal.signal(signal.SIGTERM, leave)
    try:
        with ExitStack() as stack:
            folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="teamboard-")))
            environment = os.environ | {
                "DATABASE_URL": os.environ.get("TEST_DATABASE_URL") or start(Postgres, folder / "postgres", stack),
                "REDIS_URL": os.environ.get("TEST_REDIS_URL") or start(Valkey, folder / "valkey", stack),
            }
            return run(command, environment)
    except CannotStart as exc:
        print(exc, file=sys.stderr)
        return 1


def start(service: type[Postgres | Valkey], folder: Path, stack: ExitStack) -> str:
    """Its URL; `stack` stops it."""
    running = service(folder, password=secrets.token_urlsafe(16), port=0, durable=False)
    if isinstance(running, Postgres):
        folder.parent.chmod(0o711)  # where it runs as nobody
        running.initialise()
    return local_board.start_service(running, folder.with_suffix(".log"), stack)


def run(command: list[str], environment: dict[str, str]) -> int:
    """Ctrl-C is the command's to answer: it is in our process group; a SIGTERM is passed on."""
    with subprocess.Popen(command, env=environment) as process:
        while True:
            try:
                code = process.wait()
            except KeyboardInterrupt:
                continue
            except SystemExit:
                process.terminate()
                continue
            return code if code >= 0 else 128 - code


def leave(signum: int, frame: FrameType | None) -> None:
    raise SystemExit(128 + signum)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

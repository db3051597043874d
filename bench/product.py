"""The whole product on loopback, each process started as `manage.py up` starts it."""

import os
import sys
import time
from pathlib import Path

import django

from bench.processes import Child, cpu_ms, is_listening, memory_mib, wait_until
from teamboard.launch import ports, web_server

UVICORN = [sys.executable, "-m", "uvicorn", "--host", "127.0.0.1", "--lifespan", "off", "--no-access-log"]
UVICORN += ["--log-level", "warning", "--ws-per-message-deflate", "false"]
WORKER = "teamboard.worker.main"

QUIET_MS_A_SECOND = 60


def furnish() -> None:
    """Make the tables and collect the static files of a product whose environment is prepared."""
    django.setup()
    from django.core.management import call_command

    call_command("migrate", verbosity=0)
    call_command("collectstatic", verbosity=0, interactive=False)


class Product:
    """Web, worker and beat, with what they and their database and broker cost."""

    def __init__(self, folder: Path, port: int) -> None:
        self.folder, self.port, self.url = folder, port, f"http://127.0.0.1:{port}"
        self.children: dict[str, Child] = {}
        self.services = service_pids()

    def __enter__(self) -> "Product":
        self.start_web()
        self.start_worker()
        self.open("beat", [sys.executable, "-m", WORKER, "beat", str(self.folder / "beat")])
        self.wait_until_quiet()
        return self

    def __exit__(self, kind: type[BaseException] | None, *_) -> None:
        if kind:
            print(f"The last words of web:\n{self.children['web'].last_words()}", file=sys.stderr)
        for child in reversed(self.children.values()):
            child.stop()

    def open(self, name: str, command: list[str]) -> Child:
        self.children[name] = Child(name, command, self.folder)
        return self.children[name]

    def start_web(self) -> None:
        self.listening(self.open("web", web_server.command(ports.HOST, self.port)), self.port)

    def start_worker(self, program: str = WORKER) -> Child:
        return self.open("worker", [sys.executable, "-m", program, "worker"])

    def serve(self, name: str, application: str, port: int) -> Child:
        """Start one more uvicorn process and wait until it listens."""
        return self.listening(self.open(name, [*UVICORN, "--port", str(port), application]), port)

    def listening(self, child: Child, port: int) -> Child:
        try:
            wait_until(lambda: is_listening(port), f"{child.name} listens")
        except TimeoutError:
            sys.exit(f"{child.name} did not start:\n{child.last_words()}")
        return child

    def wait_until_quiet(self) -> None:
        """Starting costs seconds of CPU, which belong to no operation."""
        before = self.cpu_ms()
        while True:
            time.sleep(1)
            now = self.cpu_ms()
            if now - before < QUIET_MS_A_SECOND:
                return
            before = now

    def cpu_ms(self) -> float:
        """All that any process of ours has used so far, database and broker included; the gateway is not ours."""
        return cpu_ms([child.pid for name, child in self.children.items() if name != "gateway"] + self.services)

    def memory_mib(self) -> float:
        return memory_mib(self.children[name].pid for name in ("web", "worker", "beat"))


def service_pids() -> list[int]:
    """PostgreSQL by its postmaster, which is the parent of our connection's process; and Valkey."""
    import redis
    from django.db import connection

    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_backend_pid()")
        backend = cursor.fetchone()[0]
    postmaster = int(Path(f"/proc/{backend}/stat").read_text().rpartition(")")[2].split()[1])
    with redis.Redis.from_url(os.environ["REDIS_URL"]) as valkey:
        return [postmaster, int(valkey.info("server")["process_id"])]

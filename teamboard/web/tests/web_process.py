"""The web process as it is started, on the database of the tests."""

import http.client
import os
import random
import subprocess
import sys
import time
from typing import Self
from urllib.parse import urlsplit

from django.db import connection

from bench.processes import wait_until
from teamboard.launch import ports

QUIET_PORTS = range(20_000, 30_000)  # which no outgoing connection is given between our look and the bind
START = "{changes}\nfrom teamboard.web.server import main\nmain()"


def quiet_port() -> int:
    return next(port for port in random.sample(QUIET_PORTS, 50) if ports.is_free(port))


class WebProcess:
    """`changes` is Python that runs in it before it serves; `settings` stand in its environment."""

    def __init__(self, changes: str = "", **settings: str) -> None:
        self.changes, self.settings = changes, settings

    def __enter__(self) -> Self:
        self.port = quiet_port()
        database = urlsplit(os.environ["DATABASE_URL"])._replace(path=f"/{connection.settings_dict['NAME']}")
        own = {"DATABASE_URL": database.geturl(), "PUBLIC_URL": f"http://{ports.HOST}:{self.port}", "DEBUG": "1"}
        command = [sys.executable, "-c", START.format(changes=self.changes), "--port", str(self.port)]
        self.process = subprocess.Popen(command, env=os.environ | own | self.settings)
        wait_until(self.answers, "the web process answers", 60)
        return self

    def __exit__(self, *exc: object) -> None:
        for _ in range(2):  # the second ends a drain
            self.process.terminate()
        self.process.wait(30)

    def answers(self) -> bool:
        try:
            return self.get("/healthz").status == 200
        except OSError:
            return False

    def get(self, path: str, **headers: str) -> http.client.HTTPResponse:
        """Asked from 127.0.0.1; the body is read."""
        asked = http.client.HTTPConnection(ports.HOST, self.port, timeout=20)
        asked.request("GET", path, headers=headers)
        answer = asked.getresponse()
        answer.read()
        asked.close()
        return answer

    def p95(self, path: str, times: int) -> float:
        """Seconds; every answer is 200."""
        took = []
        for _ in range(times):
            began = time.perf_counter()
            if (status := self.get(path).status) != 200:
                raise AssertionError(f"{path} was answered with {status}")
            took.append(time.perf_counter() - began)
        return sorted(took)[int(times * 0.95)]

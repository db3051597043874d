"""Repositories near the limit of 500 MiB: one is mirrored, one refused, and the worker stays small."""

import os
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

from apps.projects.git.mirror import fetch, mirror
from apps.projects.models import Project, Repository
from apps.projects.tests.git_server import ENVIRONMENT, GitServer
from bench.processes import memory_mib
from bench.product import Product
from bench.table import Line
from bench.visitor import Visitor

MEBIBYTE = 1024 * 1024
FILE = 20  # MiB of one file
PATIENCE = 300


def lines(product: Product, visitor: Visitor) -> list[Line]:
    idle = memory_mib([product.children["worker"].pid])
    with GitServer(product.folder / "huge") as server:
        mirrored, took, fits = fetched(product, server, 440)
        refused, _, too_large = fetched(product, server, 600)
    if fits.fetch_error or too_large.fetch_error != "too_large" or mirror.folder_of(too_large).exists():
        raise RuntimeError(f"{fits.trouble} {too_large.trouble}")
    return [
        Line("a repository of 440 MiB is mirrored", took, "s"),
        Line("the worker and git meanwhile, above what it has idle", mirrored - idle, "MiB"),
        Line("the same while one of 600 MiB is refused", refused - idle, "MiB"),
    ]


def fetched(product: Product, server: GitServer, mebibytes: int) -> tuple[float, float, Repository]:
    """The most memory that the worker's family had, the seconds, and how the repository stands."""
    name = f"bench/{mebibytes}.git"
    fill(server.create(name), mebibytes)
    project = Project.objects.get(key="B200")
    given = {"name": f"{mebibytes} MiB", "url": server.url(name), "webhook_secret": "x"}
    repository = Repository.objects.create(project=project, **given)
    began, peak = time.monotonic(), 0.0
    fetch.want(repository)
    while not (repository.fetched_at or repository.fetch_error):
        if time.monotonic() - began > PATIENCE:
            raise TimeoutError("The worker did not fetch it")
        peak = max(peak, memory_mib([product.children["worker"].pid]))
        time.sleep(0.1)
        repository.refresh_from_db()
    return peak, time.monotonic() - began, repository


def fill(origin: Path, mebibytes: int) -> None:
    """Files that nothing can make smaller."""
    for setting in (("core.bigFileThreshold", "1m"), ("core.compression", "0")):  # else the server takes its time
        subprocess.run(["git", "config", *setting], cwd=origin, env=ENVIRONMENT, check=True)
    command = ["git", "fast-import", "--quiet"]
    with subprocess.Popen(command, stdin=subprocess.PIPE, cwd=origin, env=ENVIRONMENT) as importing:
        for piece in script(mebibytes):
            importing.stdin.write(piece)
    if importing.returncode:
        raise RuntimeError("git fast-import failed")


def script(mebibytes: int) -> Iterator[bytes]:
    for number in range(mebibytes // FILE):
        head = f"commit refs/heads/main\ncommitter Ana <ana@example.org> {1_700_000_000 + number} +0000\ndata 4\nMore"
        yield f"{head}\nM 100644 inline film-{number}\ndata {FILE * MEBIBYTE}\n".encode()
        yield os.urandom(FILE * MEBIBYTE)
        yield b"\n"

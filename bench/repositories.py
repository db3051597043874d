"""A repository of 5,000 commits and 200 branches: its first mirror, a push of ten commits, and its pages."""

import os
import subprocess
import time
from pathlib import Path

from apps.projects.git.mirror import fetch, mirror
from apps.projects.models import Project, Repository
from apps.projects.tests.git_server import ENVIRONMENT, GitServer
from bench.product import Product
from bench.table import Line
from bench.visitor import Visitor, cost_of

COMMITS, BRANCHES, PUSHED = 5000, 200, 10
NAME = "bench/large.git"


def lines(product: Product, visitor: Visitor) -> list[Line]:
    with GitServer(product.folder / "served") as server:
        origin = server.create(NAME)
        write(origin, script())
        repository = connected(server)
        first, first_cpu = fetched(repository)
        write(origin, pushed())
        second, second_cpu = fetched(repository)
        forgotten = fetched(repository)[0]
    address = f"/projects/B200/code/{repository.pk}/"
    pages = {name: address + rest for name, rest in places(repository).items()}
    return [
        Line("repository, 5000 commits, 200 branches: first mirror", first, "ms"),
        Line("the same, CPU with git", first_cpu, "CPU ms"),
        Line("a push of ten commits read", second, "ms"),
        Line("the same, CPU with git", second_cpu, "CPU ms"),
        Line("a look that finds nothing new", forgotten, "ms"),
        *[cost(product, visitor, name, page) for name, page in pages.items()],
        Line("page of branches, statements", len(visitor.queries("get", pages["page of branches"])), "", 14),
    ]


def cost(product: Product, visitor: Visitor, name: str, page: str) -> Line:
    return Line(name, cost_of(product, lambda _: visitor.get(page), 30, warm=3).cpu_ms, "CPU ms")


def places(repository: Repository) -> dict[str, str]:
    newest = repository.commits.order_by("-committed_at").first()
    return {
        "page of branches": "branches/",
        "page of commits": "commits/",
        "page of a commit": f"commits/{newest.sha}/",
        "page that compares": "compare/?branch=branch-7",
    }


def connected(server: GitServer) -> Repository:
    project = Project.objects.get(key="B200")
    return Repository.objects.create(project=project, name="large", url=server.url(NAME), webhook_secret="x")


def fetched(repository: Repository) -> tuple[float, float]:
    """Wall and CPU in milliseconds, git's and ours; the server's not."""
    Repository.objects.filter(pk=repository.pk).update(fetch_wanted_at="2001-01-01T00:00Z")
    began, before = time.perf_counter(), used()
    fetch.fetch(repository.pk)
    took, cpu = time.perf_counter() - began, used() - before
    repository.refresh_from_db()
    if repository.fetch_error or not mirror.exists(repository):
        raise RuntimeError(f"not fetched: {repository.trouble}")
    return took * 1000, cpu * 1000


def used() -> float:
    """Seconds of CPU of this process and of the children it has waited for."""
    times = os.times()
    return times.user + times.system + times.children_user + times.children_system


def write(origin: Path, script: str) -> None:
    subprocess.run(
        ["git", "fast-import", "--quiet", "--force"], input=script.encode(), cwd=origin, env=ENVIRONMENT, check=True
    )


def script() -> str:
    """Commits in a row on main, each to one of a hundred files; every branch leaves it somewhere and adds three."""
    on_main = COMMITS - 3 * BRANCHES
    words = [commit("main", number) for number in range(on_main)]
    for number in range(BRANCHES):
        words.append(f"reset refs/heads/branch-{number}\nfrom :{on_main - number * 10}\n\n")
        words += [commit(f"branch-{number}", COMMITS + 3 * number + each) for each in range(3)]
    return "".join(words)


def pushed() -> str:
    starts = ["refs/heads/main^0", *[""] * (PUSHED - 1)]
    return "".join(commit("main", 2 * COMMITS + number, parent=parent) for number, parent in enumerate(starts))


def commit(branch: str, number: int, *, parent: str = "") -> str:
    message = f"Change number {number}\n\nWhy it was made, in a sentence or two.\n"
    content = "".join(f"def step_{each}(board):\n    return board.move({number}, {each})\n\n" for each in range(20))
    origin = f"from {parent}\n" if parent else ""
    return (
        f"commit refs/heads/{branch}\nmark :{number + 1}\n"
        f"committer Ana <ana@example.org> {1_700_000_000 + number * 60} +0000\n"
        f"data {len(message)}\n{message}{origin}"
        f"M 100644 inline src/part_{number % 100}.py\ndata {len(content)}\n{content}\n"
    )

"""The whole product with its practice gateway, whose journal says what really happened."""

import contextlib
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path

from bench import environment
from bench.product import WORKER, Product, furnish
from teamboard.launch.ports import any_free
from tests.faults import services

AGENTS = ["scribe", "mason", "smith", "baker"]
PATIENCE = 60  # seconds until what has not happened counts as lost


@contextlib.contextmanager
def started() -> Iterator["RunningBoard"]:
    with tempfile.TemporaryDirectory(prefix="teamboard-faults-") as name:
        folder, port = Path(name), any_free()
        postgres, valkey = services.start(folder)
        environment.prepare(folder, port, messages_per_minute=60)
        furnish()
        try:
            with Product(folder, port) as product:
                yield RunningBoard(product, postgres, valkey)
        finally:
            valkey.stop()
            postgres.stop()


class RunningBoard:
    def __init__(self, product: Product, postgres: services.Service, valkey: services.Service) -> None:
        from bench.practice import PracticeGateway  # these need Django, which needs the services
        from tests.faults.cast import Cast

        self.product, self.postgres, self.valkey = product, postgres, valkey
        self.gateway = PracticeGateway(product, AGENTS)
        self.cast = Cast(self.gateway.url, AGENTS)

    def admitted(self) -> Counter[str]:
        """How often the gateway really started each of our runs."""
        return Counter(line["key"] for line in self.gateway.journal("admitted"))

    def asked_differently(self) -> set[str]:
        """The runs whose attempts were not the same bytes each time."""
        bodies: dict[str, set[str]] = {}
        for line in self.gateway.journal("request"):
            bodies.setdefault(line["key"], set()).add(line["sha256"])
        return {key for key, digests in bodies.items() if len(digests) > 1}

    def restart_worker(self, program: str = WORKER) -> None:
        self.product.start_worker(program)

    def last_words(self) -> str:
        """The ends of the logs, and where the runs stand, for whoever has to find out why."""
        from apps.agents.models import Run

        logs = [f"== {name}\n{child.last_words()}" for name, child in self.product.children.items()]
        runs = Counter(Run.objects.values_list("status", "error"))
        return "\n".join([*logs, f"== runs\n{dict(runs)}"])

    def a_minute_passes(self) -> None:
        """For the leases of a worker that died, so that a fault run need not wait for them."""
        from django.db.models.functions import Now

        from apps.agents.models import Run

        Run.objects.filter(status=Run.Status.SENDING).update(lease_until=Now())

    def settle(self, is_settled: Callable[[], bool], seconds: float = PATIENCE) -> float:
        """Wait while leases of the dead run out; how many seconds it took, at most `seconds`."""
        began = time.monotonic()
        while not is_settled() and time.monotonic() - began < seconds:
            self.a_minute_passes()
            time.sleep(0.25)
        return time.monotonic() - began

"""For every test: two workers at once (pytest -n 2) share no Redis database, and end together."""

import os
import uuid
from collections.abc import Iterator
from urllib.parse import urlsplit

import hypothesis
import pytest

WORDS = ("DISABLE", "ENABLE")
BROWSER = "tests/e2e/"
LAUNCH = "teamboard/launch/tests"
LONG = (
    "tests/faults/",
    "tests/authz/test_mass_assignment.py",
    f"{LAUNCH}/test_up.py",
    f"{LAUNCH}/test_documented_commands.py",
)


# As many examples as ever, however long they take: 200 ms of the wall clock are nothing on a busy machine.
hypothesis.settings.register_profile(
    "unhurried", hypothesis.settings(), deadline=None, suppress_health_check=[hypothesis.HealthCheck.too_slow]
)
hypothesis.settings.load_profile("unhurried")


def pytest_configure(config: pytest.Config) -> None:
    be_patient_with_redis()
    worker = os.environ.get("PYTEST_XDIST_WORKER", "")
    if worker:
        use_redis_database(int(worker.removeprefix("gw")) + 1)


@pytest.hookimpl(trylast=True)  # after the random order, which is the seed's to choose
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """The long ones first: one worker has them while the other does all the rest (--dist worksteal).

    Those in the browser last: its event loop stays on the thread, where no other runs after it.
    """
    items.sort(key=lambda each: (not each.nodeid.startswith(LONG), each.nodeid.startswith(BROWSER)))


def pytest_terminal_summary(terminalreporter) -> None:
    """How much the authorization matrix held: what its tests recorded, also on xdist's workers."""
    reports = terminalreporter.getreports("passed")
    counts = {name: count for report in reports for name, count in report.user_properties if name.startswith("cells: ")}
    if counts:
        told = ", ".join(f"{count} {name.removeprefix('cells: ')}" for name, count in counts.items())
        terminalreporter.write_line(f"Authorization matrix: {sum(counts.values())} cells ({told}).")


def use_redis_database(number: int) -> None:
    """pytest-django has read the settings by now, but nothing has connected yet."""
    from django.conf import settings

    url = urlsplit(settings.REDIS_URL)._replace(path=f"/{number}").geturl()
    settings.REDIS_URL = settings.CELERY_BROKER_URL = settings.CACHES["default"]["LOCATION"] = url
    settings.CHANNEL_LAYERS["default"]["CONFIG"] |= {"hosts": [url], "prefix": f"tb-{number}"}


def be_patient_with_redis() -> None:
    """On a busy machine the counter of the limits may need longer than anybody would wait for it in earnest."""
    from django.conf import settings

    settings.CACHES["default"]["OPTIONS"] |= {"socket_connect_timeout": 10, "socket_timeout": 10}


@pytest.fixture(autouse=True)
def let_workers_be_alive(request, monkeypatch) -> None:
    """Most tests have no worker, and say nothing of it; those of the heartbeats are marked with `heartbeats`."""
    from apps.agents import processes

    if request.node.get_closest_marker("heartbeats"):
        monkeypatch.setattr(processes, "KEPT_SECONDS", 0.0)
    else:
        monkeypatch.setattr(processes, "silent", lambda: ())


@pytest.fixture(autouse=True)
def count_limits_anew(monkeypatch) -> None:
    """What the tests before did within this minute is not counted, nor is the Redis silent that they stopped."""
    from apps.accounts import rate_limits

    counted, mark = rate_limits._counted, uuid.uuid4().hex
    monkeypatch.setattr(rate_limits, "_silent_until", 0.0)
    monkeypatch.setattr(rate_limits, "_counted", lambda key: counted(f"{key}:{mark}"))


@pytest.fixture(scope="session", autouse=True)
def let_the_flush_empty_the_audit() -> Iterator[None]:
    """Between tests with real commits every table is emptied, also those that refuse it (as their owner may)."""
    from django.db.backends.postgresql.operations import DatabaseOperations

    def sql_flush(operations: DatabaseOperations, style, tables, **options) -> list[str]:
        kept = [table for table in ("accounts_auditentry", "accounts_auditseal") if table in tables]
        off, on = ([f"ALTER TABLE {table} {word} TRIGGER refuse_truncate" for table in kept] for word in WORDS)
        return [*off, *flushing(operations, style, tables, **options), *on]

    flushing = DatabaseOperations.sql_flush
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(DatabaseOperations, "sql_flush", sql_flush)
        yield

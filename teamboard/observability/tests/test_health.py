import pytest
from django.db import OperationalError, connection

from teamboard.observability import health

pytestmark = pytest.mark.req("S5")


def test_alive_touches_nothing(client):
    assert client.get("/healthz").content == b"ok\n"  # without the database: this test has none


@pytest.mark.django_db
def test_ready_with_database_migrations_and_redis(client):
    assert client.get("/readyz").json() == {"status": "ok"}


@pytest.mark.django_db
def test_without_redis_it_is_degraded_and_still_ready(client, settings):
    settings.CACHES = {"default": {**settings.CACHES["default"], "LOCATION": "redis://127.0.0.1:1/0"}}
    answer = client.get("/readyz")
    assert (answer.status_code, answer.json()) == (200, {"status": "degraded"})


@pytest.mark.django_db
def test_without_the_database_it_is_down_and_says_no_more(client, monkeypatch):
    def refuse() -> None:
        raise OperationalError("connection to 10.0.0.7 refused")

    monkeypatch.setattr(connection, "ensure_connection", refuse)
    answer = client.get("/readyz")
    assert (answer.status_code, answer.json()) == (503, {"status": "down"})


@pytest.mark.django_db
def test_with_a_migration_to_come_it_is_down(client, monkeypatch):
    monkeypatch.setattr(health.MigrationExecutor, "migration_plan", lambda self, targets: ["0002"])
    health.migrated.clear()
    assert client.get("/readyz").status_code == 503


@pytest.mark.req("S6")
@pytest.mark.django_db
def test_while_draining_it_is_not_ready_and_still_alive(client):
    health.draining.set()
    try:
        assert client.get("/readyz").status_code == 503
        assert client.get("/healthz").status_code == 200
    finally:
        health.draining.clear()


@pytest.mark.req("FLT-7")
@pytest.mark.django_db
@pytest.mark.parametrize("host", ["10.1.2.3:8000", "web", "[::1]:8000", "a b", ""])
def test_health_answers_whatever_the_host(client, settings, host):
    settings.ALLOWED_HOSTS = ["board.example"]
    assert client.get("/healthz", headers={"host": host}).status_code == 200
    assert client.get("/readyz", headers={"host": host}).status_code == 200
    assert client.get("/accounts/sign-in/", headers={"host": host}).status_code == 400


@pytest.mark.req("FLT-8")
@pytest.mark.django_db
def test_readiness_says_in_the_log_what_is_missing_once(client, settings, monkeypatch, caplog):
    def told() -> list[str]:
        return [getattr(each, "cause", "") for each in caplog.records if each.name == health.log.name]

    def refuse() -> None:
        raise OperationalError("connection to 10.0.0.7 refused")

    monkeypatch.setattr(health, "_told_cause", "")
    with monkeypatch.context() as broken:
        broken.setattr(connection, "ensure_connection", refuse)
        for _ in range(3):
            client.get("/readyz")
    assert told() == ["The database does not answer: connection to 10.0.0.7 refused"]
    client.get("/readyz")
    assert told()[1:] == [""]
    settings.CACHES = {"default": {**settings.CACHES["default"], "LOCATION": "redis://127.0.0.1:1/0"}}
    client.get("/readyz")
    assert told()[2].startswith("Redis does not answer: ")
    monkeypatch.setattr(health.MigrationExecutor, "migration_plan", lambda self, targets: ["0002"])
    health.migrated.clear()
    client.get("/readyz")
    assert told()[3] == "The database lacks 1 migrations: manage.py migrate"

"""What docker-compose.yml runs, on a fresh database and without Docker: the same rows and rights as `make run`."""

import os
import re
import shlex
import subprocess
import sys
from collections.abc import Iterator

import psycopg
import pytest
import yaml
from django.conf import settings
from psycopg import sql

from bench.processes import Child, wait_until
from teamboard.launch import data_folder, ports
from teamboard.launch.postgres import Postgres
from teamboard.launch.programs import stop
from teamboard.launch.tests.test_up import Board, answers

pytestmark = pytest.mark.req("FLT-6")
ROOT = settings.BASE_DIR
GIVEN = {
    "SECRET_KEY": "s" * 50,
    "FIELD_KEYS": "f" * 50,
    "POSTGRES_PASSWORD": "the/owner's $%pass@word",
    "BOARD_DATABASE_PASSWORD": "the/board's $%pass@word",
    "OPENCLAW_URL": "http://127.0.0.1:9",
    "OPENCLAW_TOKEN": "token",
    "OPENCLAW_GATEWAY_TOKEN": "gateway-token",
    "OPENCLAW_CALLBACK_SECRET": "c" * 32,
}
# What both make; runs, messages and events go on by themselves.
TABLES = {
    "accounts_user": "username, name, is_superuser, is_staff, is_active",
    "projects_project": "key, name",
    "projects_membership": "project_id, role",
    "tasks_column": "name, category",
    "tasks_label": "name, hue",
    "tasks_task": "number, title",
    "agents_gateway": "name, url, hooks, is_practice",
    "agents_agent": "slug, system_prompt",
    "django_migrations": "app, name",
    "auth_permission": "codename",
}
GRANTS = """
SELECT table_name, privilege_type FROM information_schema.role_table_grants WHERE grantee = 'teamboard_board'
"""


class Compose:
    """The services of docker-compose.yml with `.env` as GIVEN; PostgreSQL and Redis are those at these addresses."""

    def __init__(self, postgres: str, redis: str, **more: str) -> None:
        self.given = GIVEN | more
        self.services = yaml.safe_load((ROOT / "docker-compose.yml").read_text())["services"]
        self.hosts = {"@postgres:5432": f"@{postgres}", "redis://redis:6379/0": redis, "/git": "/tmp/git"}

    def value(self, text: str) -> str:
        """As Compose puts variables in: ${NAME:-default}, ${NAME:+instead} and ${NAME:?refusal}, one in another."""
        pattern = r"\$\{(\w+)(?::([-+?])((?:[^{}]|\$\{[^}]*\})*))?\}"

        def given(match: re.Match) -> str:
            name, sign, rest = match.groups()
            value = self.given.get(name, "")
            if sign == "+" and value:
                return self.value(rest)
            if value or sign == "+":
                return value
            assert sign != "?", f"{name}: {rest}"
            return rest or ""

        return re.sub(pattern, given, str(text))

    def environment(self, name: str) -> dict[str, str]:
        own = self.given | {key: self.value(text) for key, text in self.services[name]["environment"].items()}
        for inside, outside in self.hosts.items():
            own = {key: value.replace(inside, outside) for key, value in own.items()}
        kept = {key: os.environ[key] for key in ("PATH", "HOME", "LANG") if key in os.environ}
        return kept | {"DATA_DIR": "/nonexistent"} | own

    def run(self, name: str, *, command: str = "") -> subprocess.CompletedProcess[str]:
        words = shlex.split(command or self.value(self.services[name]["command"]))
        assert words[0] == "python"
        return subprocess.run(
            [sys.executable, *words[1:]],
            cwd=ROOT,
            env=self.environment(name),
            text=True,
            capture_output=True,
            check=False,
        )


@pytest.fixture(scope="module")
def postgres(tmp_path_factory) -> Iterator[Postgres]:
    """As the service `postgres`: a fresh one, with the owner's password."""
    folder = tmp_path_factory.mktemp("compose")
    for parent in (folder, folder.parent):
        parent.chmod(0o711)
    running = Postgres(folder / "data", password=GIVEN["POSTGRES_PASSWORD"], port=ports.any_free(), durable=False)
    running.initialise()
    process = running.program().spawn(subprocess.DEVNULL)
    running.wait(process)
    yield running
    stop(process, running.program())


@pytest.fixture(scope="module")
def compose(postgres) -> Compose:
    return Compose(f"127.0.0.1:{postgres.port}", os.environ["REDIS_URL"], STATIC_ROOT="/nonexistent/static")


def connected(port: int, password: str, user: str = "teamboard") -> psycopg.Connection:
    return psycopg.connect(
        host="127.0.0.1", port=port, user=user, password=password, dbname="teamboard", autocommit=True
    )


def rows(connection: psycopg.Connection) -> dict[str, list]:
    found = {table: f"SELECT {columns} FROM {table}" for table, columns in TABLES.items()} | {"rights": GRANTS}
    return {name: sorted(map(repr, connection.execute(question))) for name, question in found.items()}


@pytest.fixture(scope="module")
def made_by_compose(compose, postgres) -> dict[str, list]:
    first, second = compose.run("migrate"), compose.run("migrate")
    assert (first.returncode, second.returncode) == (0, 0), first.stderr + second.stderr
    assert "manage.py owner" in first.stdout
    assert second.stdout == ""
    with connected(postgres.port, GIVEN["POSTGRES_PASSWORD"]) as connection:
        return rows(connection)


def test_compose_makes_the_rows_and_rights_of_make_run(made_by_compose, tmp_path, monkeypatch):
    for name, value in GIVEN.items():
        if name.startswith("OPENCLAW_"):
            monkeypatch.setenv(name, value)
    monkeypatch.setattr("teamboard.launch.tests.test_up.GIVEN_BY_THE_TESTS", {"DATABASE_URL", "REDIS_URL", "DEBUG"})
    board = Board(tmp_path / "data", ports.any_free())
    try:
        board.wait_for(r"Open +(http\S+)")
        port = int((tmp_path / "data/postgres/postmaster.pid").read_text().splitlines()[3])
        password = data_folder.read_secrets(tmp_path / "data")["POSTGRES_PASSWORD"]
        with connected(port, password) as connection:
            made_by_make_run = rows(connection)
    finally:
        board.stop()
    for name, made in made_by_make_run.items():
        assert made, name
        assert made_by_compose[name] == made, name


def test_compose_board_can_not_change_the_audit(compose, made_by_compose, postgres):
    """web, worker and beat have the board's role, and no way to that of the owner."""
    for name in ("web", "worker", "beat"):
        own = compose.environment(name)
        assert "postgresql://teamboard_board@" in own["DATABASE_URL"]
        assert GIVEN["POSTGRES_PASSWORD"] not in own.values()
    with connected(postgres.port, GIVEN["BOARD_DATABASE_PASSWORD"], "teamboard_board") as connection:
        connection.execute("SELECT count(*) FROM accounts_auditentry")
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            connection.execute("DELETE FROM accounts_auditentry")


def test_compose_on_a_server_of_your_own(made_by_compose, postgres):
    """Which is another board's as well: it works without rights there, and the other one keeps its role."""
    own_password = "mine/of $%all@signs"
    with connected(postgres.port, GIVEN["POSTGRES_PASSWORD"]) as owner:
        owner.execute(sql.SQL("CREATE ROLE me LOGIN PASSWORD {}").format(sql.Literal(own_password)))
        owner.execute("CREATE DATABASE mine OWNER me TEMPLATE template0")
    url = f"postgresql://me@127.0.0.1:{postgres.port}/mine"
    given = {"DATABASE_URL": url, "POSTGRES_PASSWORD": own_password, "BOARD_DATABASE_PASSWORD": "another"}
    compose = Compose("127.0.0.1:1", os.environ["REDIS_URL"], STATIC_ROOT="/nonexistent/static", **given)
    migrated = compose.run("migrate")
    assert migrated.returncode == 0, migrated.stderr
    told = compose.run("web", command="python manage.py owner")
    assert "Sign in as owner with the password" in told.stdout, told.stderr
    with connected(postgres.port, GIVEN["BOARD_DATABASE_PASSWORD"], "teamboard_board") as connection:
        assert connection.execute("SELECT count(*) FROM accounts_user").fetchone() > (0,)


def test_compose_web_serves_and_its_owner_gets_a_password(compose, made_by_compose, tmp_path):
    told = compose.run("web", command="python manage.py owner")
    assert re.search(r"Sign in as owner with the password \S+", told.stdout), told.stderr
    port = ports.any_free()
    own = compose.environment("web") | {"DEBUG": "1"}  # static files are collected while the image is built
    command = ["env", "-i", *(f"{name}={value}" for name, value in own.items()), sys.executable]
    web = Child("web", [*command, "-m", "teamboard.web.server", "--port", str(port)], tmp_path)
    try:
        wait_until(lambda: answers(f"http://127.0.0.1:{port}/readyz"), "web is ready", 60)
    finally:
        web.stop()


def test_compose_public_url_follows_port(compose):
    elsewhere = Compose("127.0.0.1:1", "redis://127.0.0.1:1", PORT="9000")
    assert elsewhere.value(elsewhere.services["proxy"]["ports"][0]) == "127.0.0.1:9000:8000"
    command = "python -c 'from teamboard import settings; print(settings.PUBLIC_URL)'"
    assert elsewhere.run("web", command=command).stdout.strip() == "http://127.0.0.1:9000"
    assert compose.run("web", command=command).stdout.strip() == "http://127.0.0.1:8000"


def test_compose_web_may_be_scaled(compose):
    """One image is built, no port of the machine is web's, and the proxy asks the service by its name."""
    assert [name for name, service in compose.services.items() if "build" in service] == ["migrate"]
    assert [name for name, service in compose.services.items() if "ports" in service] == ["proxy"]
    assert not any("container_name" in service for service in compose.services.values())
    told = (ROOT / "deploy/Caddyfile").read_text()
    assert re.search(r"dynamic a \{\s+name web\s+port 8000\s", told)


@pytest.mark.parametrize("name", ["SECRET_KEY", "FIELD_KEYS", "POSTGRES_PASSWORD", "BOARD_DATABASE_PASSWORD"])
def test_compose_refuses_without_its_secrets(compose, name):
    lacking = Compose("127.0.0.1:1", "redis://127.0.0.1:1", **{name: ""})
    with pytest.raises(AssertionError, match=f"Set {name} in .env"):
        lacking.environment("migrate")

"""A secret of every kind is sown, the board is used, and then all it wrote anywhere is searched."""

import logging
from datetime import timedelta

import pytest
import redis
from django.db import connection
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from apps.accounts.tokens import tokens
from apps.agents import jobs
from apps.agents.models import Gateway, Run
from apps.agents.roster.actions.create import create as create_agent
from apps.agents.runs import prompt, queue
from apps.projects.members import invitations
from apps.projects.models import Role
from apps.projects.tests.factories import MembershipFactory
from apps.secrets import SecretField
from apps.tasks.tests.factories import BoardFactory, task_in
from teamboard.observability.log_format import FactsFormatter
from tests.gateways.practice import PracticeGateway

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.req("S1")]
GATEWAY_SECRETS = {
    "hook_token": "canary-hook-4c1f9a",
    "gateway_token": "canary-gateway-77b0de",
    "callback_secret": "canary-callback-19ac33",
}
PASSWORD = "canary-password-e52b81"
FIELD_KEY = "canary-field-key-60d4f2"


@pytest.fixture
def practice(tmp_path):
    gateway = PracticeGateway(tmp_path, **GATEWAY_SECRETS)
    yield gateway
    gateway.stop()


@pytest.fixture
def root():
    """A site administrator who owns a board."""
    board = BoardFactory(name="Tidewater", key="TIDE")
    user = MembershipFactory(project=board, user__name="Root Owner", role=Role.OWNER).user
    user.is_staff = user.is_superuser = True
    user.set_password(PASSWORD)
    user.save()
    return user


class Searched:
    """Everything that left Team Board, or stays in it: answers, rows, Redis, log lines."""

    def __init__(self) -> None:
        self.heaps: dict[str, list[str]] = {}

    def add(self, heap: str, *texts: object) -> None:
        self.heaps.setdefault(heap, []).extend(map(str, texts))

    def holding(self, secret: str) -> list[str]:
        return [heap for heap, texts in self.heaps.items() if any(secret in text for text in texts)]


def test_no_secret_is_written_down_anywhere(root, practice, caplog, settings):
    settings.FIELD_KEYS = [FIELD_KEY]
    caplog.set_level(logging.DEBUG)
    wire = redis.Redis.from_url(settings.REDIS_URL)
    wire.flushdb()
    searched = Searched()
    browser = Client(raise_request_exception=False)

    def answer(response) -> None:
        searched.add(f"{response.request['REQUEST_METHOD']} {response.request['PATH_INFO']}", response.content.decode())
        searched.add("headers of answers", response.headers)

    sign_in = reverse("accounts:sign-in")
    answer(browser.post(sign_in, {"username": root.username, "password": PASSWORD + "-mistyped"}))
    answer(browser.post(sign_in, {"username": root.username, "password": PASSWORD}))
    fields = {"name": "Ours", "url": practice.url, "hooks": "agent", "is_enabled": "on", **GATEWAY_SECRETS}
    answer(browser.post(reverse("admin:agents_gateway_add"), fields | {"url": "no address"}))
    answer(browser.post(reverse("admin:agents_gateway_add"), fields))
    gateway = Gateway.objects.get()
    for action in ("check_connection", "import_agents"):
        listed = {"action": action, "_selected_action": [gateway.pk]}
        answer(browser.post(reverse("admin:agents_gateway_changelist"), listed, follow=True))
    answer(browser.get(reverse("admin:agents_gateway_change", args=[gateway.pk])))

    token, text = tokens.issue(root, name="ci", scope="agents", expires_at=timezone.now() + timedelta(days=1), by=root)
    program = Client(raise_request_exception=False, headers={"Authorization": f"Bearer {text}"})
    for path in ("projects/", "projects/TIDE/tasks/", "agents/", "runs/", "schema/", "nothing/"):
        answer(program.get(f"/api/v1/{path}"))
    scribe = create_agent(gateway, slug="scribe", name="Scribe", by=root, projects=[root.projects.get()])
    prompts = [work_on(root, scribe, practice, mode) for mode in ("normal", "slow_down", "garbage", "unavailable")]
    searched.add("prompts", *prompts)
    answer(program.post("/api/v1/agents/callback/", {"event": "x", "id": "1"}, "application/json"))
    for path in ("/projects/TIDE/", "/projects/TIDE/tasks/1/", "/nowhere/", reverse("accounts:profile")):
        answer(browser.get(path))
    _invitation, link = invitations.create(root.projects.get(), role=Role.VIEWER, by=root)
    for stranger in (Client(), Client(enforce_csrf_checks=True)):
        assert stranger.post(link.removeprefix(settings.PUBLIC_URL)).status_code in (403, 422)
    answer(browser.get("/readyz"))

    searched.add("log lines", *map(FactsFormatter().format, caplog.records))
    searched.add("database", *rows())
    searched.add("Redis, with the arguments of jobs", *everything_in(wire))
    assert len(searched.heaps["log lines"]) > 20
    assert len(searched.heaps["Redis, with the arguments of jobs"]) > 1
    secrets = [*GATEWAY_SECRETS.values(), PASSWORD, FIELD_KEY, settings.SECRET_KEY, text, text.split("_", 2)[2]]
    secrets.append(link.split("/")[-2])
    assert {secret: searched.holding(secret) for secret in secrets if searched.holding(secret)} == {}
    assert searched.holding(token.prefix)  # what is no secret is found


def work_on(root, scribe, practice: PracticeGateway, mode: str) -> str:
    """Let `scribe` try one task on a gateway in trouble; what it was told."""
    practice.fault(mode, times=1)
    task = task_in(root.projects.get().columns.first(), f"Under {mode}")
    run = queue.assign_now(scribe, task, by=root, queue=True)
    jobs.work_through(str(scribe.pk))
    return prompt.prompt_for(Run.objects.select_related("agent", "task__project", "requested_by").get(pk=run.pk))


def rows() -> list[str]:
    with connection.cursor() as cursor:
        found = []
        for table in connection.introspection.table_names(cursor):
            cursor.execute(f'SELECT t::text FROM "{table}" t')
            found += [row[0] for row in cursor.fetchall()]
    return found


def everything_in(wire: redis.Redis) -> list[str]:
    read = {b"string": wire.get, b"hash": wire.hgetall, b"set": wire.smembers}
    read |= {b"list": lambda key: wire.lrange(key, 0, -1), b"zset": lambda key: wire.zrange(key, 0, -1)}
    return [f"{key} {read[wire.type(key)](key)}" for key in wire.scan_iter()]


@pytest.mark.req("G4")
def test_a_prompt_carries_no_secret(root, practice):
    gateway = Gateway.objects.create(name="Ours", url=practice.url, **GATEWAY_SECRETS)
    scribe = create_agent(
        gateway, slug="scribe", name="Scribe", by=root, system_prompt="Be brief.", projects=[root.projects.get()]
    )
    told = work_on(root, scribe, practice, "normal")
    assert "Under normal" in told
    assert not [secret for secret in GATEWAY_SECRETS.values() if secret in told]


def test_keys_are_rotated_without_a_stop(settings):
    settings.FIELD_KEYS = ["old"]
    gateway = Gateway.objects.create(name="Ours", url="http://127.0.0.1:1", **GATEWAY_SECRETS)
    settings.FIELD_KEYS = ["new", "old"]
    gateway = Gateway.objects.get()
    assert gateway.hook_token == GATEWAY_SECRETS["hook_token"]
    gateway.save()
    settings.FIELD_KEYS = ["new"]
    assert Gateway.objects.get().hook_token == GATEWAY_SECRETS["hook_token"]


def test_each_secret_of_a_gateway_is_stored_encrypted():
    assert {field.name for field in Gateway._meta.fields if isinstance(field, SecretField)} == set(GATEWAY_SECRETS)

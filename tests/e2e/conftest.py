"""The whole product in a browser: a real server in a thread, real sockets, two people."""

import os
import socket
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime

import pytest
import uvicorn
from axe_playwright_python.sync_playwright import Axe
from celery.contrib.testing.worker import start_worker
from django.conf import settings
from django.contrib.auth import BACKEND_SESSION_KEY, HASH_SESSION_KEY, SESSION_KEY
from django.contrib.staticfiles.handlers import ASGIStaticFilesHandler
from django.db import connection
from playwright.sync_api import Browser, Page, expect

from apps.accounts.models import User
from apps.accounts.sessions.engine import SessionStore
from apps.agents.tests.factories import GatewayFactory, agent_in
from apps.projects.git.mirror import fetch as git_fetch
from apps.projects.models import Repository, Role
from apps.projects.tests.factories import MembershipFactory
from apps.projects.tests.git_server import GitServer, Workshop
from apps.tasks.tests.factories import BoardFactory
from teamboard.celery import app
from teamboard.worker import clock
from tests.gateways.practice import SECRETS, PracticeGateway

# Playwright keeps an event loop on this thread, which Django would take for asynchronous code.
os.environ.setdefault("DJANGO_ALLOW_ASYNC_UNSAFE", "1")
CHROMIUM = "/usr/bin/chromium"
PATIENCE = 60  # seconds: how long a state is waited for, whatever else the machine has to do
expect.set_options(timeout=PATIENCE * 1000)
CODE = 'def move(task, to):\n    """Put it there."""\n    return to.append(task)\n'


@pytest.fixture(scope="session")
def browser_type_launch_args(browser_type_launch_args) -> dict:
    own = {"executable_path": CHROMIUM} if os.path.exists(CHROMIUM) else {}
    quiet = ["--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--disable-quic", "--no-first-run"]
    args = [*quiet, "--disable-background-networking"]
    return {**browser_type_launch_args, **own, "args": args, "env": environment_of_browser()}


def environment_of_browser() -> dict[str, str]:
    """Under libfaketime (tests/clock) Chromium moves both of its clocks: with one of them it hardly gets on.

    The zone is the machine's again, instead of the one that Django puts into TZ.
    """
    environment = {name: value for name, value in os.environ.items() if name != "DONT_FAKE_MONOTONIC"}
    return environment | {"TZ": os.environ.get("MACHINE_ZONE", environment["TZ"])}


class Product:
    """A running server; `close` and `open` are a restart, on the same port."""

    def __init__(self) -> None:
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.port = probe.getsockname()[1]
        self.url = f"http://127.0.0.1:{self.port}"

    def open(self, **options) -> None:
        from teamboard.asgi import application

        config = uvicorn.Config(
            WithStatic(application),
            port=self.port,
            log_level="error",
            ws="websockets-sansio",
            lifespan="off",
            timeout_graceful_shutdown=1,
            **options,
        )
        self.server = uvicorn.Server(config)
        self.thread = threading.Thread(target=self.server.run, daemon=True)
        self.thread.start()
        until(lambda: self.server.started)

    def close(self) -> None:
        self.server.should_exit = True
        self.thread.join(PATIENCE)


class WithStatic:
    """The application, with static files from the source tree also when DEBUG is off."""

    def __init__(self, application) -> None:
        self.application = application
        self.static = ASGIStaticFilesHandler(application)

    async def __call__(self, scope, receive, send) -> None:
        is_static = scope["type"] == "http" and scope["path"].startswith(settings.STATIC_URL)
        await (self.static if is_static else self.application)(scope, receive, send)


def until(is_so: Callable[[], object], seconds: float = PATIENCE) -> None:
    """Wait for something the browser can't tell: the database, the server."""
    deadline = time.monotonic() + seconds
    while not is_so():
        assert time.monotonic() < deadline, "it did not come about"
        time.sleep(0.05)


@pytest.fixture
def product(transactional_db, settings) -> Iterator[Product]:
    product = Product()
    settings.ALLOWED_HOSTS = ["127.0.0.1"]
    settings.PUBLIC_URL = product.url
    settings.STORAGES = settings.STORAGES | {
        "staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"}
    }
    product.open()
    yield product
    product.close()


@pytest.fixture
def board(transactional_db):
    return BoardFactory(name="Tidewater", key="TIDE")


@pytest.fixture
def columns(board) -> dict:
    return {column.category: column for column in board.columns.all()}


@pytest.fixture
def ana(board) -> User:
    return MembershipFactory(project=board, user__name="Ana Ruiz", user__hue="plum", role=Role.MEMBER).user


@pytest.fixture
def ben(board) -> User:
    return MembershipFactory(project=board, user__name="Ben Okoro", user__hue="leaf", role=Role.MEMBER).user


@pytest.fixture
def visit(product: Product, browser: Browser) -> Iterator[Callable[..., Page]]:
    """Open a path as somebody, in a browser context of their own; errors on the page fail the test.

    With `now` it stays that moment in the page.
    """
    contexts, errors = [], []

    def as_person(
        user: User, path: str = "/projects/TIDE/", *, viewport=(1440, 900), now: datetime | None = None, **options
    ) -> Page:
        width, height = viewport
        context = browser.new_context(base_url=product.url, viewport={"width": width, "height": height}, **options)
        contexts.append(context)
        if now:
            context.clock.set_fixed_time(now)
        context.add_cookies([{"name": settings.SESSION_COOKIE_NAME, "value": session_of(user), "url": product.url}])
        page = context.new_page()
        page.set_default_timeout(PATIENCE * 1000)
        page.on("pageerror", lambda error: errors.append(str(error)))
        page.on("console", lambda line: "Content Security" in line.text and errors.append(line.text))
        page.goto(path)
        return page

    yield as_person
    for context in contexts:
        context.close()
    assert not errors, errors


def session_of(user: User) -> str:
    session = SessionStore()
    session[SESSION_KEY] = str(user.pk)
    session[BACKEND_SESSION_KEY] = settings.AUTHENTICATION_BACKENDS[-1]
    session[HASH_SESSION_KEY] = user.get_session_auth_hash()
    session.create()
    return session.session_key


def is_live(page: Page) -> Page:
    page.wait_for_selector("html[data-live='on']")
    return page


def faults_of(page: Page) -> list[str]:
    """What axe finds wrong with the page as it is now."""
    found = Axe().run(page).response["violations"]
    return [f"{fault['id']}: {node['html'][:160]}" for fault in found for node in fault["nodes"]]


@pytest.fixture
def gateway(product, settings, tmp_path, monkeypatch):
    """The practice gateway and a worker, who take a second for what takes people's agents minutes."""
    monkeypatch.setattr(clock, "_watch", lambda app: None)  # it would outlive the worker
    settings.OUTBOUND_ALLOWED_HOSTS = ["127.0.0.1"]
    running = PracticeGateway(tmp_path, f"{product.url}/api/v1/agents/callback/", agents="scribe", speed=2)
    with start_worker(app, pool="solo", perform_ping_check=False):
        yield running
    running.stop()


@pytest.fixture
def scribe(board, gateway):
    row = GatewayFactory(url=gateway.url, callback_secret=gateway.values["OPENCLAW_CALLBACK_SECRET"], **SECRETS)
    return agent_in(board, "Scribe", gateway=row)


@pytest.fixture
def server(settings, tmp_path):
    settings.GIT_FOLDER = tmp_path / "mirrors"
    settings.GIT_PLAIN_HTTP = True
    settings.OUTBOUND_ALLOWED_HOSTS = ["127.0.0.1"]
    with GitServer(tmp_path / "served") as running:
        work = Workshop.of(running.create(), tmp_path / "work")
        work.commit("Start the board", {"board.py": CODE, "README.md": "# Board\n"})
        work.commit("Move several at once", {"board.py": CODE + "\n\n# several\n"}, branch="tb-12-move-several")
        work.on("main").commit("Say how it is started", {"README.md": "# Board\n\nmake run\n"})
        yield running


@pytest.fixture
def repository(server, board) -> Repository:
    found = Repository.objects.create(project=board, name="board", url=server.url(), webhook_secret="x")
    git_fetch.want(found)
    fetch(found)
    found.refresh_from_db()
    return found


def fetch(repository: Repository) -> None:
    """As a worker does: not on the thread where the browser's loop runs."""

    def work() -> None:
        git_fetch.fetch(repository.pk)
        connection.close()

    with ThreadPoolExecutor(1) as pool:
        pool.submit(work).result()

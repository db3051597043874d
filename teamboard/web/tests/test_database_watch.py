"""A database that hangs: refused at once, static files and /healthz as ever, and everything again when it goes on."""

import asyncio
import json
from types import SimpleNamespace

import pytest
from django.db import connection

from teamboard.web import database_watch
from teamboard.web.database_watch import WatchedDatabase

pytestmark = pytest.mark.req("FLT-38")


class Database:
    """Answers until it hangs."""

    def __init__(self) -> None:
        self.goes_on = asyncio.Event()
        self.goes_on.set()

    async def __call__(self) -> None:
        await self.goes_on.wait()


class Page:
    """An application that needs the database, unless it is asked for what does not."""

    def __init__(self, database: Database) -> None:
        self.database, self.done = database, 0

    async def __call__(self, scope, receive, send) -> None:
        if scope["path"].startswith("/projects/"):
            await self.database()
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await send({"type": "http.response.body", "body": b"page"})
        self.done += 1


async def asked(application, path: str, kind: str = "http") -> list[dict]:
    sent: list[dict] = []

    async def send(message: dict) -> None:
        sent.append(message)

    await application({"type": kind, "path": path, "headers": []}, None, send)
    return sent


@pytest.fixture
async def watched(monkeypatch):
    monkeypatch.setattr(database_watch, "SILENT_SECONDS", 0.05)
    monkeypatch.setattr(database_watch, "AGAIN_SECONDS", 0.01)
    monkeypatch.setattr(database_watch, "INTERVAL", 0.01)
    database = Database()
    watched = WatchedDatabase(Page(database))
    watched.ask = database
    yield watched, database
    database.goes_on.set()
    watched.watching.cancel()


async def until(is_so) -> None:
    async with asyncio.timeout(20):
        while not is_so():
            await asyncio.sleep(0.005)


async def test_who_waits_for_a_silent_database_is_refused_and_what_was_begun_is_done(watched):
    application, database = watched
    assert (await asked(application, "/projects/"))[0]["status"] == 200
    database.goes_on.clear()
    sent: list[dict] = []

    async def send(message: dict) -> None:
        sent.append(message)

    waiting = asyncio.create_task(application({"type": "http", "path": "/projects/", "headers": []}, None, send))
    await until(lambda: len(sent) == 2)
    assert (sent[0]["status"], b"does not answer" in sent[1]["body"]) == (503, True)
    database.goes_on.set()
    await waiting
    assert (len(sent), application.application.done) == (2, 2)  # no second answer, though it was done


async def test_while_it_is_silent_only_what_needs_no_database_is_answered(watched):
    application, database = watched
    await asked(application, "/projects/")
    database.goes_on.clear()
    await until(lambda: application.is_silent)
    assert [(await asked(application, path))[0]["status"] for path in ("/healthz", "/static/app.css")] == [200, 200]
    start, body = await asked(application, "/api/v1/tasks/")
    assert (start["status"], json.loads(body["body"])["code"]) == (503, "unavailable")
    assert dict(start["headers"])[b"retry-after"] == b"5"
    assert (await asked(application, "/readyz"))[0]["status"] == 503
    assert (await asked(application, "/ws/projects/TIDE/", "websocket"))[0]["type"] == "websocket.close"
    database.goes_on.set()
    await until(lambda: not application.is_silent)
    assert (await asked(application, "/projects/"))[0]["status"] == 200


async def test_answer_that_has_begun_is_not_cut_off(watched):
    application, database = watched

    async def streams(scope, receive, send) -> None:
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await database()
        await send({"type": "http.response.body", "body": b"the rest"})

    application.application = streams
    await asked(application, "/healthz")
    database.goes_on.clear()
    answer = asyncio.create_task(asked(application, "/projects/"))
    await until(lambda: application.is_silent)
    database.goes_on.set()
    assert [message.get("status", message.get("body")) for message in await answer] == [200, b"the rest"]


@pytest.mark.django_db(transaction=True)
async def test_the_question_is_asked_of_the_real_database_and_survives_its_end():
    application = WatchedDatabase(Page(Database()))
    await application.ask()
    assert application.connection is not None
    await application.connection.close()
    await application.ask()
    assert application.connection is None  # it failed, which is an answer
    await application.ask()
    cursor = await application.connection.execute("SELECT 2")
    assert await cursor.fetchone() == (2,)
    await application.connection.close()


class Network:
    """Between the board and its database: once it swallows, what is connected hears nothing more, for ever."""

    def __init__(self, host: str, port: int) -> None:
        self.there = host, port
        self.swallows = False
        self.writers: list[asyncio.StreamWriter] = []
        self.carrying: list[asyncio.Task] = []

    def connect(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.carrying.append(asyncio.create_task(self.carry(reader, writer)))

    async def carry(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        is_dead = asyncio.Event()
        there_reader, there_writer = await asyncio.open_connection(*self.there)
        self.writers += [writer, there_writer]

        async def copy(source: asyncio.StreamReader, target: asyncio.StreamWriter) -> None:
            while data := await source.read(65536):
                if self.swallows or is_dead.is_set():
                    is_dead.set()
                else:
                    target.write(data)

        await asyncio.gather(copy(reader, there_writer), copy(there_reader, writer), return_exceptions=True)

    async def end(self) -> None:
        for task in self.carrying:
            task.cancel()
        await asyncio.gather(*self.carrying, return_exceptions=True)
        for writer in self.writers:
            writer.close()


@pytest.mark.django_db(transaction=True)
async def test_it_answers_again_though_a_connection_is_dead_without_a_word(monkeypatch):
    monkeypatch.setattr(database_watch, "SILENT_SECONDS", 0.5)
    monkeypatch.setattr(database_watch, "INTERVAL", 0.01)
    parameters = connection.get_connection_params()
    network = Network(parameters["host"], int(parameters["port"]))
    server = await asyncio.start_server(network.connect, "127.0.0.1", 0)
    here = {"host": "127.0.0.1", "port": server.sockets[0].getsockname()[1]}
    monkeypatch.setattr(database_watch, "connection", SimpleNamespace(get_connection_params=lambda: parameters | here))
    application = WatchedDatabase(Page(Database()))
    try:
        await asked(application, "/healthz")
        await until(lambda: application.connection is not None)
        network.swallows = True
        await until(lambda: application.is_silent)
        network.swallows = False
        await until(lambda: not application.is_silent)
        assert (await asked(application, "/projects/"))[0]["status"] == 200
    finally:
        application.watching.cancel()
        await application.give_up(application.connection)
        server.close()
        await network.end()


def test_a_connection_without_answers_ends_after_seconds(settings):
    options = settings.DATABASES["default"]["OPTIONS"]
    assert int(options["connect_timeout"]) <= 5
    assert int(options["tcp_user_timeout"]) <= 15_000
    assert int(options["keepalives_idle"]) + 3 * int(options["keepalives_interval"]) <= 30

"""Notices a database that neither answers nor fails: whoever asks it would wait, and with them a thread and a browser.

A stopped or overloaded server, or a network that swallows packets, gives no error. A statement has its limit in the
server, which is the one that hangs; libpq has none. So one connection of the process asks `SELECT 1` all the time.
"""

import asyncio
import logging
from typing import Any

import psycopg
from django.conf import settings
from django.db import connection

from teamboard.web.overload import Application, Message, Receive, Send, refuse_request

log = logging.getLogger(__name__)
INTERVAL = 0.5  # seconds between an answer and the next question
SILENT_SECONDS = 2.0
AGAIN_SECONDS = 0.3  # for an answer that came while this process itself was held up
SILENT = "The database does not answer. Please try again in a moment."
FOR_DJANGO_ALONE = ("cursor_factory", "context")


class Request:
    """One request under way: answered by the application, or refused when the database falls silent before that."""

    def __init__(self, scope: dict[str, Any], send: Send) -> None:
        self.scope, self.forward = scope, send
        self.is_begun = self.is_refused = False

    async def send(self, message: Message) -> None:
        if not self.is_refused:
            self.is_begun = True
            await self.forward(message)

    async def refuse(self) -> None:
        if not self.is_begun:
            self.is_refused = True
            await refuse_request(self.scope, self.forward, 503, "unavailable", SILENT, {"Retry-After": "5"})


class WatchedDatabase:
    """An ASGI application that answers 503 while the database is silent, also to requests that wait for it.

    What a refused request had begun may still be done once the database goes on, as after a lost answer. Static files
    and `/healthz` need no database; new sockets are refused as well.
    """

    def __init__(self, application: Application) -> None:
        self.application = application
        self.requests: set[Request] = set()
        self.is_silent = False
        self.watching: asyncio.Task[None] | None = None
        self.connection: psycopg.AsyncConnection[Any] | None = None

    async def __call__(self, scope: dict[str, Any], receive: Receive, send: Send) -> None:
        self.watching = self.watching or asyncio.create_task(self.watch())
        if scope["type"] == "websocket":
            if self.is_silent:
                await send({"type": "websocket.close", "code": 1013})
            else:
                await self.application(scope, receive, send)
        elif scope["path"] == "/healthz" or scope["path"].startswith(settings.STATIC_URL):
            await self.application(scope, receive, send)
        else:
            await self.serve(Request(scope, send), receive)

    async def serve(self, request: Request, receive: Receive) -> None:
        if self.is_silent:
            await request.refuse()
            return
        self.requests.add(request)
        try:
            await self.application(request.scope, receive, request.send)
        finally:
            self.requests.discard(request)

    async def watch(self) -> None:
        while True:
            question = asyncio.create_task(self.ask())
            answered, _ = await asyncio.wait({question}, timeout=SILENT_SECONDS)
            if not answered:
                answered, _ = await asyncio.wait({question}, timeout=AGAIN_SECONDS)
            if not answered:
                await self.refuse_all()
                while not answered:
                    question = self.ask_anew(question)
                    answered, _ = await asyncio.wait({question}, timeout=SILENT_SECONDS)
                log.warning("The database answers again")
            self.is_silent = False
            await asyncio.sleep(INTERVAL)

    async def refuse_all(self) -> None:
        self.is_silent = True
        log.error("The database does not answer", extra={"requests": len(self.requests)})
        await asyncio.gather(*(request.refuse() for request in list(self.requests)), return_exceptions=True)

    def ask_anew(self, question: asyncio.Task[None]) -> asyncio.Task[None]:
        """By another connection: this one may be dead without a word, while the database is there again.

        The former question ends by itself; psycopg tries for some seconds to have the server give it up.
        """
        question.cancel()
        self.connection = None
        return asyncio.create_task(self.ask())

    async def ask(self) -> None:
        """Whatever it answers, an error too: what fails at once is told to whoever asks."""
        asked = self.connection
        try:
            if asked is None:
                parameters = connection.get_connection_params()
                parameters = {name: value for name, value in parameters.items() if name not in FOR_DJANGO_ALONE}
                asked = self.connection = await psycopg.AsyncConnection.connect(autocommit=True, **parameters)
            await asked.execute("SELECT 1")
        except psycopg.Error:
            await self.give_up(asked)
        except asyncio.CancelledError:
            await self.give_up(asked)
            raise

    async def give_up(self, broken: psycopg.AsyncConnection[Any] | None) -> None:
        if broken is None:
            return
        if self.connection is broken:
            self.connection = None
        await broken.close()

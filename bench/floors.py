"""The least that the same outcome can cost: bare ASGI applications, and the ORM without a page around it."""

import asyncio
import os
from pathlib import Path

import psycopg_pool
import redis.asyncio as redis
from channels.generic.websocket import AsyncWebsocketConsumer

CARDS = """
SELECT f.* FROM tasks_column c CROSS JOIN LATERAL (
  SELECT t.id, t.rank, t.title, t.assignee_id FROM tasks_task t
  WHERE t.column_id = c.id ORDER BY t.rank LIMIT 25
) f WHERE c.project_id = (SELECT id FROM projects_project WHERE key = %s)
"""
SESSION = "SELECT session_data FROM django_session LIMIT 1"
CHANNEL = "bench-floor"


class Page:
    """Two statements on a pooled connection, and a body of the right size that was drawn beforehand."""

    def __init__(self) -> None:
        self.pool: psycopg_pool.AsyncConnectionPool | None = None
        self.body = Path(os.environ["BENCH_BODY"]).read_bytes() if "BENCH_BODY" in os.environ else b""

    async def __call__(self, scope: dict, receive, send) -> None:
        if self.pool is None:
            self.pool = psycopg_pool.AsyncConnectionPool(os.environ["DATABASE_URL"], min_size=1, open=False)
            await self.pool.open()
        async with self.pool.connection() as connection:
            await (await connection.execute(SESSION)).fetchone()
            await (await connection.execute(CARDS, [scope["path"].strip("/")])).fetchall()
        headers = [(b"content-type", b"text/html"), (b"content-encoding", b"gzip")]
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        await send({"type": "http.response.body", "body": self.body})


class Echo:
    """What one socket says, all hear: one subscription a process, one ready string for all its sockets."""

    def __init__(self) -> None:
        self.sockets: set = set()
        self.valkey = redis.from_url(os.environ["REDIS_URL"])
        self.pump: asyncio.Task | None = None

    async def hand_out(self) -> None:
        async with self.valkey.pubsub() as subscription:
            await subscription.subscribe(CHANNEL)
            async for message in subscription.listen():
                if message["type"] == "message":
                    event = {"type": "websocket.send", "text": message["data"].decode()}
                    for send in list(self.sockets):
                        await send(event)

    async def __call__(self, scope: dict, receive, send) -> None:
        self.pump = self.pump or asyncio.create_task(self.hand_out())
        await receive()
        await send({"type": "websocket.accept"})
        self.sockets.add(send)
        while (message := await receive())["type"] != "websocket.disconnect":
            await self.valkey.publish(CHANNEL, message["text"])
        self.sockets.discard(send)


class Channel(AsyncWebsocketConsumer):
    """The same as Channels' own tutorial does it: a group that every socket joins."""

    async def connect(self) -> None:
        await self.channel_layer.group_add(CHANNEL, self.channel_name)
        await self.accept()

    async def receive(self, text_data: str | None = None, bytes_data: bytes | None = None) -> None:
        await self.channel_layer.group_send(CHANNEL, {"type": "said", "text": text_data})

    async def said(self, event: dict) -> None:
        await self.send(text_data=event["text"])


page, echo, channel = Page(), Echo(), Channel.as_asgi()

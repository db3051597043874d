"""The socket of a page: `/ws/projects/<key>/?since=…&epoch=…&lang=…&task=…`."""

import asyncio
import time
from urllib.parse import parse_qs

from channels.generic.websocket import AsyncWebsocketConsumer
from django.conf import settings

from apps import strict_json
from apps.projects.models import Project
from apps.projects.realtime import feed, frames
from apps.rest.numbers import whole

SOCKETS_PER_PERSON = 10
LARGEST_MESSAGE = 65_536
MESSAGES_PER_SECOND = 20
TOO_MUCH = 1008


class ProjectConsumer(AsyncWebsocketConsumer):
    """Sends frames and heartbeats.

    Understands `{"type": "open", "task": id|null}`, `{"type": "since", "seq": n}` and what `live.hears`.
    """

    message_types = ("open", "since")

    async def connect(self) -> None:
        self.seat = self.feed = self.writer = None
        self.heard: list[float] = []
        user = self.scope["user"]
        if not user.is_authenticated:
            await self.turn_away()
            return
        project = await feed.in_database(_visible, thread_sensitive=False)(
            user, self.scope["url_route"]["kwargs"]["key"]
        )
        if project is None or feed.seats_of(user.pk) >= SOCKETS_PER_PERSON:
            await self.close(code=feed.NOT_YOURS)
            return
        self.seat = _seat_for(self.scope, user, project, self.close)
        await self.accept()
        self.writer = asyncio.create_task(self.write())
        self.feed = feed.sit_down(project.pk, self.seat)

    async def turn_away(self) -> None:
        """Nobody is signed in. A browser hears the reason only on a socket that was opened."""
        await self.accept()
        await self.close(code=feed.SIGNED_OUT)

    async def write(self) -> None:
        """Send what waits, one frame after the other, as fast as this one browser reads."""
        while True:
            await self.send(text_data=await self.seat.next())

    async def receive(self, text_data: str | None = None, bytes_data: bytes | None = None) -> None:
        message = self.understood(text_data)
        if message is None:
            await self.close(code=TOO_MUCH)
            return
        if message["type"] == "open":
            self.seat.open_task = message["task"]
            self.feed.poked.set()
        elif message["type"] == "since":
            self.seat.seq = min(message["seq"], self.seat.seq)
            self.feed.poked.set()
        else:
            frames.hear(self.feed.project_id, self.scope["user"], message)

    def understood(self, text: str | None) -> dict | None:
        """The message, or None if it is too long, too frequent, or none we know."""
        now = time.monotonic()
        self.heard = [at for at in self.heard if now - at < 1] + [now]
        if not text or len(text) > LARGEST_MESSAGE or len(self.heard) > MESSAGES_PER_SECOND:
            return None
        try:
            message = strict_json.loads(text)
        except ValueError:
            return None
        match message:
            case {"type": "open", "task": int() | None} | {"type": "since", "seq": int()}:
                return message
        return message if isinstance(message, dict) and frames.understands(message) else None

    async def disconnect(self, code: int) -> None:
        if self.writer:
            self.writer.cancel()
        if self.feed:
            feed.stand_up(self.feed, self.seat)


def _visible(user, key: str) -> Project | None:
    return Project.objects.visible_to(user).filter(key=key).first()


def _seat_for(scope: dict, user, project: Project, close) -> feed.Seat:
    asked = {name: values[0] for name, values in parse_qs(scope["query_string"].decode(errors="replace")).items()}
    language = asked.get("lang", "")
    since = whole(asked.get("since", ""))
    return feed.Seat(
        user_id=user.pk,
        session_id=scope["session"].row.public_id,
        language=language if language in dict(settings.LANGUAGES) else settings.LANGUAGE_CODE,
        epoch=asked.get("epoch") or str(project.epoch),
        seq=project.last_seq if since is None else since,
        open_task=whole(asked.get("task", "")),
        close=close,
    )

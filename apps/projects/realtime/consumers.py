"""The socket of a page: `/ws/projects/<key>/?since=…&epoch=…&lang=…&task=…`."""

import time
from typing import Any, TypeGuard
from urllib.parse import parse_qs

from channels.generic.websocket import AsyncWebsocketConsumer
from django.conf import settings

from apps import strict_json
from apps.accounts.models import User
from apps.projects.models import Project
from apps.projects.realtime import feed, frames
from apps.rest.numbers import whole

CONNECTIONS_PER_USER = 10
MAX_MESSAGE_LENGTH = 65_536
MESSAGES_PER_SECOND = 20
POLICY_VIOLATION = 1008


class ProjectConsumer(AsyncWebsocketConsumer):  # type: ignore[misc]  # channels has no types
    """Sends frames and heartbeats.

    Understands `{"type": "open", "task": id|null}`, `{"type": "since", "seq": n}` and the ephemeral messages
    that are registered.
    """

    message_types = ("open", "since")

    async def connect(self) -> None:
        self.connection: feed.Connection | None = None
        self.feed: feed.Feed | None = None
        self.received_at: list[float] = []
        user = self.scope["user"]
        if not user.is_authenticated:
            await self.reject_signed_out()
            return
        project = await feed.in_database(_visible, thread_sensitive=False)(
            user, self.scope["url_route"]["kwargs"]["key"]
        )
        if project is None or feed.connection_count(user.pk) >= CONNECTIONS_PER_USER:
            await self.close(code=feed.NO_ACCESS)
            return
        self.connection = _connection_for(self, user, project)
        await self.accept()
        self.feed = feed.connect(project.pk, self.connection)

    async def reject_signed_out(self) -> None:
        """Close with the reason; a browser gets it only on a socket that was accepted."""
        await self.accept()
        await self.close(code=feed.SIGNED_OUT)

    async def receive(self, text_data: str | None = None, bytes_data: bytes | None = None) -> None:
        message = self.parse(text_data)
        if message is None or self.connection is None or self.feed is None:
            await self.close(code=POLICY_VIOLATION)
            return
        if message["type"] == "open":
            self.connection.open_task = message["task"]
            self.feed.notified.set()
        elif message["type"] == "since":
            self.connection.seq = min(message["seq"], self.connection.seq)
            self.feed.notified.set()
        else:
            frames.deliver_ephemeral(self.feed.project_id, self.scope["user"], message)

    def parse(self, text: str | None) -> dict[str, Any] | None:
        """The message, or None if it is too long, too frequent, or none we know."""
        now = time.monotonic()
        self.received_at = [at for at in self.received_at if now - at < 1] + [now]
        if not text or len(text) > MAX_MESSAGE_LENGTH or len(self.received_at) > MESSAGES_PER_SECOND:
            return None
        try:
            message: Any = strict_json.loads(text)
        except ValueError:
            return None
        return message if _is_known(message) else None

    async def disconnect(self, code: int) -> None:
        if self.feed and self.connection:
            feed.disconnect(self.feed, self.connection)


def _is_known(message: object) -> TypeGuard[dict[str, Any]]:
    match message:
        case {"type": "open", "task": int() | None} | {"type": "since", "seq": int()}:
            return True
    return isinstance(message, dict) and frames.is_ephemeral(message)


def _visible(user: User, key: str) -> Project | None:
    return Project.objects.visible_to(user).filter(key=key).first()


def _connection_for(consumer: ProjectConsumer, user: User, project: Project) -> feed.Connection:
    scope = consumer.scope
    query = {name: values[0] for name, values in parse_qs(scope["query_string"].decode(errors="replace")).items()}
    language = query.get("lang", "")
    since = whole(query.get("since", ""))
    return feed.Connection(
        user_id=user.pk,
        session_id=scope["session"].row.public_id,
        language=language if language in dict(settings.LANGUAGES) else settings.LANGUAGE_CODE,
        epoch=query.get("epoch") or str(project.epoch),
        seq=project.last_seq if since is None else since,
        open_task=whole(query.get("task", "")),
        send=lambda text: consumer.send(text_data=text),
        close=consumer.close,
    )

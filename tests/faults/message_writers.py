"""People who write in a room all the time, over HTTP, and send each message again until the board has it."""

import random
import threading
import uuid
from collections import Counter

import httpx

from apps.accounts.models import User
from apps.chat.models import Room
from apps.projects.models import Event
from bench.product import Product
from bench.visitor import Visitor


class Writer:
    """One person, and the client ids of what they wrote; `pending` is what nobody has confirmed yet."""

    def __init__(self, product: Product, user: User, room: Room, seed: int) -> None:
        self.visitor, self.random = Visitor(product, user), random.Random(seed)
        self.path = f"/projects/{room.project.key}/chat/{room.pk}/messages/"
        self.written: list[str] = []
        self.pending: list[str] = []
        self.unanswered = 0

    def write(self) -> None:
        """Say something new, after what is still to be sent; now and then send again what is there already."""
        self.written.append(str(uuid.uuid4()))
        self.pending.append(self.written[-1])
        self.send_what_waits()
        if self.random.random() < 0.2:
            self.is_taken(self.random.choice(self.written))

    def send_what_waits(self) -> None:
        while self.pending and self.is_taken(self.pending[0]):
            self.pending.pop(0)

    def is_taken(self, client_message_id: str) -> bool:
        try:
            answer = self.visitor.post(
                self.path, {"client_message_id": client_message_id, "text": f"Word {client_message_id}"}
            )
        except httpx.HTTPError:
            self.unanswered += 1
            return False
        self.unanswered += not answer.is_success
        return answer.is_success


class Talking:
    """Many writers in threads, until the block ends; then each sends what was not confirmed."""

    def __init__(self, writers: list[Writer], pause: float = 1.5) -> None:
        self.writers, self.pause, self.over = writers, pause, threading.Event()
        self.threads = [threading.Thread(target=self._keep_writing, args=[each]) for each in writers]

    def _keep_writing(self, writer: Writer) -> None:
        while not self.over.wait(self.pause * writer.random.uniform(0.5, 1.5)):
            writer.write()
        for _ in range(50):
            writer.send_what_waits()
            if not writer.pending:
                return
            self.over.wait(0.2)

    def __enter__(self) -> "Talking":
        for thread in self.threads:
            thread.start()
        return self

    def __exit__(self, *_) -> None:
        self.over.set()
        for thread in self.threads:
            thread.join()


def toll_of(room: Room, writers: list[Writer], told: dict[int, set[int]]) -> tuple[int, int]:
    """What was written and does not stand, or was not told to a socket; and what stands or was logged twice."""
    written = [client_message_id for writer in writers for client_message_id in writer.written]
    messages = list(room.messages.filter(system_message__isnull=True).values_list("pk", "client_message_id"))
    stands = Counter(str(client_message_id) for _pk, client_message_id in messages)
    untold = sum(len({pk for pk, _client_message_id in messages} - heard) for heard in told.values())
    logged = Event.objects.filter(kind="message.posted", payload__room=room.pk).values_list("payload__message")
    doubled = sum(count - 1 for counts in (stands, Counter(logged)) for count in counts.values())
    return sum(not stands[client_message_id] for client_message_id in written) + untold, doubled

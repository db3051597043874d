"""The room while things die: Valkey, the web process; and while a program floods it."""

import signal
import threading
import time
import uuid
from collections import Counter
from collections.abc import Callable
from datetime import timedelta

import httpx
from django.utils import timezone

from apps.accounts.tokens import tokens
from apps.projects.models import Event
from bench.visitor import Visitor, percentile
from tests.faults.message_writers import Talking, Writer, toll_of
from tests.faults.outages import CAUGHT_UP_SECONDS
from tests.faults.outcomes import Outcome
from tests.faults.running_board import RunningBoard
from tests.faults.watchers import Watchers

PEOPLE = 50
ANSWERED_SECONDS = 2  # the slowest message of a person beside a flood


def broker_emptied(board: RunningBoard, full: bool) -> Outcome:
    """Fifty write while Valkey is killed."""

    def fall() -> None:
        board.valkey.fall(signal.SIGKILL)
        time.sleep(2)
        board.valkey.start()

    return _outage(board, full, fall, "Valkey killed, a room", f"kill -9 while {PEOPLE} write, back empty after 2 s")


def web_restarted(board: RunningBoard, full: bool) -> Outcome:
    """Fifty write while the web process is killed in mid-sentence, and each sends again what was not answered."""

    def fall() -> None:
        board.product.children["web"].kill()
        time.sleep(1)
        board.product.start_web()

    return _outage(board, full, fall, "web killed, a room", f"kill -9 while {PEOPLE} write, back after 1 s")


def _outage(board: RunningBoard, full: bool, fall: Callable[[], None], fault: str, did: str) -> Outcome:
    """Every message stands once, the log has no gap, and every socket was told each of them and is at the head."""
    room, watchers = board.cast.new_room(), Watchers(board)
    writers = [Writer(board.product, user, room, seed=n) for n, user in enumerate(board.cast.writers(PEOPLE))]
    watchers.seconds_until_all_at(board.cast.head(), CAUGHT_UP_SECONDS)
    with Talking(writers):
        time.sleep(3)
        fall()
        time.sleep(12 if full else 3)
    head = board.cast.head()
    seconds = watchers.seconds_until_all_at(head, CAUGHT_UP_SECONDS * 2)
    watchers.stop()
    lost, doubled = toll_of(room, writers, watchers.told)
    doubled += head - Event.objects.filter(project=board.cast.project).count()
    also = f"{sum(len(w.written) for w in writers)} messages, {sum(w.unanswered for w in writers)} unanswered"
    return Outcome(fault, did, lost, doubled, seconds, CAUGHT_UP_SECONDS, also)


def flooded(board: RunningBoard, full: bool) -> Outcome:
    """A bot posts 5,000 messages in a minute; people's messages are taken, and quickly.

    Lost is a person's message that was not taken, or a refusal that does not say when to go on; doubled what
    the bot brought in beyond its limit.
    """
    count, room = 5_000 if full else 400, board.cast.new_room()
    flood = Flood(board, room.pk, count)
    took, failed, person = [], 0, Visitor(board.product, board.cast.ana)

    def says(text: str) -> bool:
        words = {"text": text, "client_message_id": str(uuid.uuid4())}
        return person.post(f"/projects/{room.project.key}/chat/{room.pk}/messages/", words).is_success

    failed += not says("Anybody here?")  # the first request of a new web process reads its templates
    with flood:
        while flood.is_going():
            began = time.monotonic()
            failed += not says("Still here?")
            took.append(time.monotonic() - began)
            time.sleep(1.1)
    beyond = max(0, room.messages.filter(author=flood.bot).count() - 60 * flood.minutes)
    did = f"{count} messages of one bot in {flood.seconds:.0f} s"
    answers = f"{flood.answers['taken']} taken, {flood.answers['told when']} x 429"
    also = f"{answers}; a person's p50 {percentile(took, 50) * 1000:.0f} ms"
    return Outcome("flood of a room", did, failed + flood.answers["other"], beyond, max(took), ANSWERED_SECONDS, also)


class Flood:
    """One bot that posts as fast as it can, from four connections."""

    CONNECTIONS = 4

    def __init__(self, board: RunningBoard, room: int, count: int) -> None:
        [self.bot] = board.cast.writers(1)
        _token, text = tokens.issue(
            self.bot, name="flood", scope="write", expires_at=timezone.now() + timedelta(days=1), by=None
        )
        self.url, self.headers = (
            f"{board.product.url}/api/v1/rooms/{room}/messages/",
            {"Authorization": f"Bearer {text}"},
        )
        self.count, self.answers = count, Counter()
        self.counting = threading.Lock()
        self.threads = [threading.Thread(target=self._post_all) for _ in range(self.CONNECTIONS)]

    def _post_all(self) -> None:
        with httpx.Client(headers=self.headers, timeout=30) as http:
            for _ in range(self.count // self.CONNECTIONS):
                answer = http.post(self.url, json={"text": "Buy!", "client_message_id": str(uuid.uuid4())})
                with self.counting:
                    self.answers[kind_of(answer)] += 1

    def __enter__(self) -> "Flood":
        self.began = timezone.now().timestamp()
        for thread in self.threads:
            thread.start()
        return self

    def is_going(self) -> bool:
        return any(thread.is_alive() for thread in self.threads)

    def __exit__(self, *_) -> None:
        for thread in self.threads:
            thread.join()
        ended = timezone.now().timestamp()
        self.seconds = ended - self.began
        self.minutes = int(ended // 60) - int(self.began // 60) + 1


def kind_of(answer: httpx.Response) -> str:
    is_problem = answer.headers["Content-Type"] == "application/problem+json"
    says_when = answer.status_code == 429 and is_problem and 0 < int(answer.headers.get("Retry-After", 0)) <= 60
    return "taken" if answer.status_code == 201 else "told when" if says_when else "other"

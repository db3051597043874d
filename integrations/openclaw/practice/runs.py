"""A run from its admission to the report of its end."""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import hashlib
import json
import time
import uuid
from collections.abc import Coroutine
from dataclasses import asdict
from pathlib import Path

from practice.admission import DROPPED, Admission, Overloaded, Replays
from practice.journal import Journal, now_ms
from practice.outbox import Outbox
from practice.sessions import Sessions
from practice.stop_wishes import Stops
from practice.wire import Refusal
from practice.work import MODEL, Run, practice_room_answer, practice_task_answer, tokens_of

STOPPED, NOT_BEGUN = "agent run aborted", "The gateway ended the run before it began."


class Runs:
    """All that are here, with what is kept of them in the folder `state`."""

    def __init__(self, options: argparse.Namespace, state: Path, journal: Journal) -> None:
        self.options, self.journal = options, journal
        self.sessions = Sessions(state / "sessions")
        self.open = state / "open"
        self.open.mkdir(exist_ok=True)
        self.outbox = Outbox(state / "outbox", options.callback_url, options.callback_secret, journal)
        self.stops = Stops(state / "stops")
        self.replays = Replays()
        self.admission = Admission(options.slots, options.admission_seconds)
        self.is_draining = False
        self.running: set[asyncio.Task] = set()

    async def start_run(self, run: Run, idempotency_key: str, body: bytes) -> str:
        """Admit the run and return the hook's id for it, which is not the run's own."""
        if known := self.replays.find(idempotency_key, body):
            self.journal.log("replayed", key=idempotency_key, session=run.key)
            return known
        hook_id = str(uuid.uuid4())
        self.replays.remember(idempotency_key, body, hook_id)
        try:
            await self.admission.enter(run.key)
        except BaseException as error:
            self.replays.forget(idempotency_key, body)
            self.journal.log("turned_away", key=idempotency_key, session=run.key)
            if isinstance(error, Overloaded):
                self.report_dropped(run)
            raise
        self.journal.log(
            "admitted",
            key=idempotency_key,
            session=run.key,
            agent=run.agent,
            run=run.id,
            teamboard_run=run.teamboard_run_id,
        )
        task = self.track(self._begin(run))
        task.add_done_callback(lambda _: self.replays.remember(idempotency_key, body, hook_id, ended=time.monotonic()))
        return hook_id

    def track(self, work: Coroutine) -> asyncio.Task:
        task = asyncio.create_task(work)
        self.running.add(task)
        task.add_done_callback(self.running.discard)
        return task

    async def _begin(self, run: Run) -> None:
        """The turn of an admitted run; before it is written down, a crash leaves nothing of the run."""
        await asyncio.sleep(float(run.markers.get("late") or 0))
        if self.stops.is_wanted(run.teamboard_run_id):
            self._refuse(run)
            return
        if handed_on := self.sessions.begin_turn(run.key, run.text_for_session()):
            self.journal.log("handed_on", run=run.id, teamboard_run=run.teamboard_run_id, words=handed_on)
        await self._work(run)

    def _refuse(self, run: Run) -> None:
        """It was stopped before its turn: the agent is not asked, and nothing of it is in the history."""
        self._report("run.accepted", run, acceptedAt=now_ms())
        self._report_end(run, "aborted", error=NOT_BEGUN, stopReason=None, text="", usage={}, attempts=0)
        self.admission.leave(run.key)

    async def _work(self, run: Run, instead_of: Path | None = None) -> None:
        """From the turn to the report; a crash in between leaves the run's file for the next start."""
        file = self.open / f"{run.id}.json"
        run.started_at = now_ms()
        file.write_text(json.dumps(asdict(run)))
        if instead_of:
            instead_of.unlink()
        beats = asyncio.create_task(self._beat(run))
        try:
            self._report("run.accepted", run, acceptedAt=run.started_at)
            self._report("run.started", run, startedAt=run.started_at)
            answer = await self._answer_unless_stopped(run)
            beats.cancel()
            if answer is None or "abort" in run.markers:
                self._abort(run, run.markers.get("abort") or STOPPED)
            else:
                self._finish(run, *answer)
            file.unlink()
        finally:
            beats.cancel()
            self.admission.leave(run.key)

    async def _beat(self, run: Run) -> None:
        """Say every half a minute that it is at work: sent once, for later it is worth nothing."""
        while True:
            await asyncio.sleep(self.options.beat_seconds)
            if "silent" not in run.markers:
                await self.outbox.try_once(self._event("run.beat", run, phase="thinking", retry=None))

    async def _answer_unless_stopped(self, run: Run) -> tuple[str, str | None] | None:
        """What the agent answers; None when the run is stopped meanwhile."""
        name = run.teamboard_run_id or ""
        answering = self.stops.answering[name] = asyncio.create_task(self._answer(run))
        try:
            return await answering
        except asyncio.CancelledError:
            if self.stops.is_wanted(name) and not self.is_draining:
                return None
            raise
        finally:
            answering.cancel()
            self.stops.answering.pop(name, None)

    async def _answer(self, run: Run) -> tuple[str, str | None]:
        markers = run.markers
        seconds = float(markers["delay"]) if "delay" in markers else self._default_delay(run)
        if "hang" in markers or seconds > run.timeout:
            await asyncio.sleep(run.timeout)
            return "", "Agent run failed"
        await asyncio.sleep(seconds)
        if "fail" in markers:
            return "", markers["fail"] or "The practice agent was asked to fail."
        turns = sum(row["role"] == "user" for row in self.sessions.messages(run.key) or [])
        if "turns" in markers:
            return f"user turns: {turns}", None
        answer = practice_room_answer if run.is_in_room else practice_task_answer
        return markers.get("say") or answer(run.message, turns), None

    def _default_delay(self, run: Run) -> float:
        """Two to four seconds at normal speed, the same for the same text."""
        return (2 + 2 * hashlib.sha256(run.message.encode()).digest()[0] / 255) / self.options.speed

    def _finish(self, run: Run, text: str, error: str | None) -> None:
        tokens = tokens_of(run, text)
        usage = {**tokens, "cacheRead": 0, "cacheWrite": 0, "total": sum(tokens.values()), "cost": 0}
        row = {
            "role": "assistant",
            "content": [{"type": "text", "text": text}],
            "provider": "practice",
            "model": MODEL,
            "usage": {**tokens, "cost": {"total": 0}},
            "stopReason": "error" if error else "stop",
            "timestamp": now_ms(),
            "__openclaw": {"runId": run.id},
        }
        self.sessions.add(run.key, row | ({"errorMessage": error} if error else {}))
        status = "error" if error else "ok"
        self._report_end(run, status, error=error, stopReason=row["stopReason"], text=text, usage=usage)

    def _abort(self, run: Run, error: str) -> None:
        """The gateway stops the run: nothing of its answer is in the history."""
        self.sessions.stop_turn(run.key)
        self._report_end(run, "aborted", error=error, stopReason="aborted", text="", usage={})

    def _report_end(self, run: Run, status: str, *, error: str | None, **facts: object) -> None:
        self.journal.log("finished", run=run.id, teamboard_run=run.teamboard_run_id, status=status, error=error)
        self.stops.over(run.teamboard_run_id)
        if error and run.started_at:
            self.journal.log("heartbeat", session=f"agent:{run.agent}:main", swallowed=not self.options.heartbeats)
        about = {"provider": "practice", "model": MODEL, "truncated": False, "attempts": 1}
        times = {"startedAt": run.started_at or None, "endedAt": now_ms()}
        self._report("run.finished", run, **{"status": status, "error": error, **about, **times, **facts})

    def report_dropped(self, run: Run, *, by_old_plugin: bool = False) -> None:
        """OpenClaw speaks of the end of a run that had no turn, so nobody can say which run of ours it was."""
        nobodys = Run(run.agent, run.key, "", run.timeout)
        if by_old_plugin:
            self._report("run.started", nobodys, startedAt=now_ms())
            self._report("run.finished", nobodys, status="aborted", error=DROPPED, stopReason="aborted", text="")
        else:
            self._report("run.dropped", nobodys, error=DROPPED, stopReason="aborted")

    def _report(self, kind: str, run: Run, **facts: object) -> None:
        if "silent" not in run.markers:
            self.outbox.put(self._event(kind, run, **facts))

    def _event(self, kind: str, run: Run, **facts: object) -> dict:
        event = {
            "event": kind,
            "id": str(uuid.uuid4()),
            "createdAt": now_ms(),
            "sessionKey": run.key,
            "agentId": run.agent,
            "sessionId": str(uuid.uuid5(uuid.NAMESPACE_URL, run.key)),
            "runId": run.id,
            "teamboardRunId": run.teamboard_run_id,
        }
        return event | facts

    async def resume(self, run: Run, file: Path) -> None:
        """Go on after a crash as OpenClaw does: a new run of the same conversation.

        `file` is of the run that was interrupted; it stays until it has been replaced, for the next crash.
        """
        await asyncio.sleep(2 / self.options.speed)
        while not await self._is_admitted(run):
            pass
        if self.stops.is_wanted(run.teamboard_run_id):
            self._refuse(run)
            file.unlink()
            return
        self.journal.log("resumed", session=run.key, run=run.id, teamboard_run=run.teamboard_run_id)
        await self._work(run, instead_of=file)

    async def _is_admitted(self, run: Run) -> bool:
        with contextlib.suppress(Refusal):
            await self.admission.enter(run.key)
            return True
        return False

    def report_start(self) -> None:
        about = dict.fromkeys(("sessionKey", "agentId", "sessionId", "runId", "teamboardRunId"))
        self.outbox.put({"event": "gateway.started", "id": str(uuid.uuid4()), "createdAt": now_ms(), **about})

    def resume_unfinished_runs(self) -> None:
        for file in sorted(self.open.glob("*.json")):
            left = Run(**json.loads(file.read_text()))
            self._report("run.interrupted", left, status="interrupted", startedAt=left.started_at)
            self.track(self.resume(Run(left.agent, left.key, left.message, left.timeout, left.is_mapped), file))

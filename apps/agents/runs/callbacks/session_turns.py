"""What a run's session in the gateway says of it: whether its turn is there, and what was answered."""

import asyncio
import logging
from dataclasses import dataclass

from apps.agents.gateways import openclaw_client
from apps.agents.gateways.openclaw_client import Entry, GatewayError, OpenClawClient, run_named_in
from apps.agents.models import Run

log = logging.getLogger(__name__)
LONGEST = openclaw_client.HISTORY_PAGES * openclaw_client.HISTORY_PAGE


@dataclass(frozen=True)
class Turn:
    """`is_there`: our first line begins a turn of the session. `answer` is the last finished one to it.

    `is_answered`: nothing came behind that answer. A turn that goes on has none yet.
    """

    is_there: bool
    answer: Entry | None = None
    is_answered: bool = False


def find_turn(run: Run) -> Turn | None:
    """The turn of `run` in its session; None when that can't be known now.

    Raises Unreachable when the gateway is away.
    """
    gateway = run.gateway
    if gateway is None or not gateway.gateway_token:
        return None
    try:
        entries = asyncio.run(OpenClawClient.for_gateway(gateway).get_session_history(run.gateway_session_key))
    except openclaw_client.NoSession:
        return Turn(is_there=False)
    except openclaw_client.Unreachable:
        raise
    except GatewayError as error:
        log.info("A history could not be read", extra={"run": str(run.pk), "error": str(error)})
        return None
    turn = _turn_in(entries, run)
    is_whole = len(entries) < LONGEST
    return turn if turn.is_there or is_whole else None


def _turn_in(entries: list[Entry], run: Run) -> Turn:
    turn: list[Entry] = []
    ours = is_there = False
    for entry in entries:
        named = run_named_in(entry.text) if entry.role == "user" else None
        if named:
            ours = named == run.pk
            turn = [] if ours else turn
            is_there = is_there or ours
        elif ours:
            turn.append(entry)
    answers = [entry for entry in turn if entry.role == "assistant" and entry.stop_reason in ("stop", "error")]
    return Turn(is_there, answers[-1] if answers else None, bool(answers) and turn[-1] is answers[-1])

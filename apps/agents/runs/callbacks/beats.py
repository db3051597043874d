"""The signs of life that our plugin sends every half a minute of each open run.

Nothing of them is kept: a beat that is lost, late or repeated is worth what the next one says.
"""

from datetime import timedelta
from typing import Any

from django.utils import timezone

from apps.agents.models import Gateway
from apps.agents.runs import lifecycle
from apps.agents.runs.callbacks import results

KIND = "run.beat"
FRESH = timedelta(seconds=90)


def receive(gateway: Gateway, body: dict[str, Any]) -> str:
    """Note that the run is alive, and what it waits for; returns what it came to."""
    run = results.run_of(gateway, KIND, body) if _is_fresh(body.get("createdAt")) else None
    if run is None:
        return results.IGNORED
    retry = body.get("retry")
    if body.get("phase") == "retrying" and isinstance(retry, dict):
        facts = {"number": _count(retry.get("attempt")), "of": _count(retry.get("of")), "reason": _reason(retry)}
        is_heard = lifecycle.hear_from(run, code="retrying", **facts)
    else:
        is_heard = lifecycle.hear_from(run)
    return results.APPLIED if is_heard else results.IGNORED


def _is_fresh(milliseconds: Any) -> bool:
    if not isinstance(milliseconds, int) or isinstance(milliseconds, bool):
        return False
    return abs(timezone.now().timestamp() - milliseconds / 1000) < FRESH.total_seconds()


def _count(value: Any) -> int:
    return value if isinstance(value, int) and not isinstance(value, bool) and 0 < value < 1000 else 0


def _reason(retry: dict[str, Any]) -> str:
    reason = retry.get("reason")
    return reason[:40] if isinstance(reason, str) else ""

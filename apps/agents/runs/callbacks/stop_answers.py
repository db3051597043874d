"""What our plugin did about a stop that the answer to one of its reports named.

Nothing of it is kept: until it is known that a run has stopped, each answer names it again, and the plugin tells again.
"""

from typing import Any
from uuid import UUID

from apps.agents.gateways.plugin_control import meaning_of
from apps.agents.models import Gateway, StopRequest
from apps.agents.runs import stops
from apps.agents.runs.callbacks import results

KIND = "stop.answered"


def receive(gateway: Gateway, body: dict[str, Any]) -> str:
    """Note how the stop stands; only a run that was sent to this very gateway is meant."""
    run, result = body.get("teamboardRunId"), body.get("result")
    try:
        run_key = UUID(run if isinstance(run, str) else "")
    except ValueError:
        return results.IGNORED
    asked = StopRequest.objects.unconfirmed().filter(gateway=gateway, run_key=run_key)
    if not isinstance(result, str) or not asked.exists():
        return results.IGNORED
    stops.take(run_key, meaning_of(result))
    return results.APPLIED

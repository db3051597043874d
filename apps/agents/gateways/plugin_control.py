"""Stops runs at their gateway, by our plugin's own route there: POST /teamboard/control.

It takes neither the gateway token nor the hook token, and works from wherever the hooks can be reached. What it takes
and answers stands in the plugin's README.
"""

from typing import NamedTuple, Self
from uuid import UUID

from apps import outbound
from apps.agents.gateways.gateway_identity import Identity, json_of
from apps.agents.models import Gateway, StopRequest

OVER = ("stopped", "ended", "will-not-start")
Reason = StopRequest.Reason


class StopAnswer(NamedTuple):
    """What a gateway says to a stop. `is_over`: the run does not run and will not, else `reason` says what is open.

    `detail` is the gateway's own word for it.
    """

    is_over: bool
    reason: str = ""
    detail: str = ""


class PluginControl:
    """One gateway's route. It keeps no connection."""

    def __init__(self, base_url: str, secret: str, *, transport: outbound.Transport | None = None) -> None:
        self._base_url, self._secret, self._transport = base_url, secret, transport

    @classmethod
    def for_gateway(cls, gateway: Gateway) -> Self:
        return cls(gateway.url, gateway.callback_secret)

    async def stop(self, run_id: UUID) -> StopAnswer:
        """Have the gateway stop our run `run_id`, and no other; nothing is raised.

        Only a signed answer is believed: a stranger at that address does not know whether the run is over.
        """
        identity = Identity(self._base_url, self._secret, must_prove=True, transport=self._transport)
        try:
            answer = await identity.ask("stop", run=str(run_id))
        except outbound.OutboundError as unanswered:
            return StopAnswer(False, Reason.UNREACHABLE, str(unanswered))
        said = json_of(answer)
        error, result = (text[:200] if isinstance(text := said.get(name), str) else "" for name in ("error", "result"))
        if answer.status != 200:
            return StopAnswer(False, _reason_of(answer.status, error), f"{answer.status} {error}".strip())
        if not identity.is_proved or not self._secret:
            return StopAnswer(False, Reason.NO_ANSWER)
        return meaning_of(result)


def meaning_of(result: str) -> StopAnswer:
    """What our plugin's word for a stop says."""
    if result in OVER:
        return StopAnswer(True)
    return StopAnswer(False, Reason.PENDING if result == "will-stop" else Reason.NO_ANSWER, result)


def _reason_of(status: int, error: str) -> str:
    if status in (404, 405):
        return Reason.OLD_PLUGIN
    if status in (401, 403):
        return Reason.CLOCK if "clock" in error else Reason.SECRET
    if status in (408, 429) or status >= 500:
        return Reason.BUSY
    return Reason.NO_ANSWER

"""What is wrong between us and a gateway, line by line, and what to paste where."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass

from django.utils.translation import gettext as _

from apps.agents.gateways.openclaw_client import GatewayError, OpenClawClient, hook_path
from apps.agents.models import Gateway

PREFIXES = ("task:", "room:")


@dataclass(frozen=True)
class Finding:
    is_ok: bool
    sentence: str


def check(gateway: Gateway) -> list[Finding]:
    """Every finding about `gateway`; nothing is raised. One question may start an empty run there."""
    slug = gateway.agents.values_list("slug", flat=True).first() or "main"
    return asyncio.run(_findings(gateway, slug))


async def _findings(gateway: Gateway, slug: str) -> list[Finding]:
    client = OpenClawClient.for_gateway(gateway)
    health = await client.health()
    if not health.is_live:
        return [Finding(False, _("It can't be reached. {reason}").format(reason=health.reason))]
    reached = Finding(health.is_ready, _("It answers.") if health.is_ready else health.reason)
    return [reached, *[finding async for finding in _tokens(client, gateway, slug)]]


async def _tokens(client: OpenClawClient, gateway: Gateway, slug: str) -> AsyncIterator[Finding]:
    taken = await client.check_hook_token()
    if taken.status != 400:
        yield Finding(False, _("The hook token is not accepted. {reason}").format(reason=taken.reason))
        return
    yield Finding(True, _("The hook token is accepted."))
    if await client.hook_token_is_gateway_token():
        yield Finding(False, _("The hook token opens the whole gateway: give hooks.token a value of its own."))
    yield await _session_keys(client, gateway, slug)
    yield await _history(client, gateway)
    yield _plugin(gateway)


async def _session_keys(client: OpenClawClient, gateway: Gateway, slug: str) -> Finding:
    path = hook_path(slug) if gateway.hooks == Gateway.Hooks.MAPPED else "/hooks/agent"
    try:
        prefixes = await client.session_key_prefixes(slug, path)
    except GatewayError as error:
        return Finding(False, _("Session keys are not taken from us: {error}").format(error=error))
    missing = [own for own in PREFIXES if not own.startswith(prefixes)]
    if not missing:
        return Finding(True, _("Our session keys are allowed."))
    return Finding(False, _("Add {prefixes} to hooks.allowedSessionKeyPrefixes.").format(prefixes=", ".join(missing)))


async def _history(client: OpenClawClient, gateway: Gateway) -> Finding:
    if not gateway.gateway_token:
        return Finding(False, _("Without the gateway token results that were not reported can't be looked up."))
    try:
        agents = await client.list_agents()
    except GatewayError as error:
        return Finding(False, _("The gateway token does not list the agents: {error}").format(error=error))
    return Finding(
        True, _("The gateway token is accepted; agents: {names}.").format(names=", ".join(a.id for a in agents))
    )


def _plugin(gateway: Gateway) -> Finding:
    if gateway.last_callback_at is None:
        return Finding(False, _("Our plugin has not reported yet; it does with the first run."))
    return Finding(True, _("Our plugin reports."))

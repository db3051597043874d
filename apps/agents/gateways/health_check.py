"""What is wrong between us and a gateway, line by line, and what to paste where."""

import asyncio
import json
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass
from email.utils import parsedate_to_datetime
from typing import Any

from django.utils import timezone
from django.utils.translation import gettext as _

from apps import outbound
from apps.agents.gateways import gateway_identity, refused_reports
from apps.agents.gateways.gateway_identity import Identity, json_of
from apps.agents.gateways.openclaw_client import GatewayError, OpenClawClient, hook_path
from apps.agents.models import Agent, Gateway

PREFIXES = ("task:", "room:")
MINIMUM = (2026, 9, 1)
CLOCK_SECONDS = 60  # by which two clocks may differ without a word; at 300 every report is refused


@dataclass(frozen=True)
class Finding:
    """One line; `paste` is what mends it, for openclaw.json."""

    is_ok: bool
    sentence: str
    paste: str = ""


@dataclass
class Known:
    """What the check is about, and what it has learnt of the other side."""

    gateway: Gateway
    agents: list[Agent]
    client: OpenClawClient
    identity: Identity


def check(gateway: Gateway) -> list[Finding]:
    """Every finding about `gateway`; nothing is raised. One question may start an empty run there."""
    client = OpenClawClient.for_gateway(gateway)
    identity = client.identity or Identity.of(gateway)
    known = Known(gateway, list(gateway.agents.filter(is_enabled=True).order_by("name")), client, identity)
    findings = asyncio.run(_all(known))
    gateway_identity.remember(gateway, identity)
    return [*findings, *_reports(known)]


def examine() -> Iterator[tuple[bool, str]]:
    """The findings about every gateway that is on, for `manage.py doctor`; the practice gateway runs with the board."""
    for gateway in Gateway.objects.filter(is_enabled=True, is_practice=False).order_by("name"):
        for finding in check(gateway):
            yield finding.is_ok, f"{gateway}: {finding.sentence}"


async def _all(known: Known) -> list[Finding]:
    health = await known.client.health()
    if not health.is_live:
        return [Finding(False, _("It can't be reached. {reason}").format(reason=health.reason))]
    findings = [Finding(health.is_ready, _("It answers.") if health.is_ready else health.reason)]
    findings += await _plugin(known)
    try:
        await known.identity.prove()
    except outbound.OutboundError as error:
        return [*findings, Finding(False, str(error))]
    taken = await known.client.check_hook_token()
    if taken.status != 400:
        return [*findings, Finding(False, _("The hook token is not accepted. {reason}").format(reason=taken.reason))]
    findings.append(Finding(True, _("The hook token is accepted.")))
    return [*findings, *[finding async for finding in _configuration(known)]]


async def _plugin(known: Known) -> list[Finding]:
    """Whether our plugin there has our secret, our time and a version that we can work with."""
    try:
        answer = await known.identity.ask("info")
    except outbound.OutboundError as error:
        return [Finding(False, _("Our plugin there does not answer. {reason}").format(reason=error))]
    if not known.identity.is_proved:
        return [_without_proof(answer, known.gateway)]
    offset = _clock_offset(answer)
    if abs(offset) >= CLOCK_SECONDS:
        clock = _("Its clock is {offset}: from 300 seconds on, reports are refused. Set it by NTP.")
        return [Finding(False, clock.format(offset=refused_reports.offset(offset)))]
    if answer.status != 200:
        reason = f"{answer.status} {json_of(answer).get('error', '')}".strip()
        return [Finding(False, _("Our plugin there does not answer. {reason}").format(reason=reason))]
    info = known.identity.info
    return [_versions(str(info.get("gateway")), str(info.get("plugin")))]


def _without_proof(answer: outbound.Answer, gateway: Gateway) -> Finding:
    if str(json_of(answer).get("error")).startswith("not signed"):
        sentence = _("Our plugin there has another callback secret: its reports are refused. Enter one and the same.")
        return Finding(False, sentence, '"teamboard-callback": {"config": {"secret": "CALLBACK-SECRET"}}')
    missing = _(
        "Our plugin there is missing or too old: copy integrations/openclaw/teamboard-callback there. "
        "Until then versions, clock and who answers at {url} can't be checked."
    ).format(url=gateway.url)
    all_the_same = _("Tokens go there all the same, because this address was confirmed.")
    return Finding(False, f"{missing} {all_the_same}" if gateway_identity.is_confirmed(gateway) else missing)


def _versions(gateway: str, plugin: str) -> Finding:
    facts = {"gateway": gateway, "plugin": plugin}
    if is_too_old(gateway):
        old = _("OpenClaw {gateway} is too old: 2026.9.1 is the first that says when a run has ended.")
        return Finding(False, old.format(**facts))
    return Finding(True, _("OpenClaw {gateway}, our plugin {plugin}: it has our callback secret.").format(**facts))


def is_too_old(version: str) -> bool:
    """Whether this OpenClaw never reports the end of a run; of a version that can't be read nothing is said."""
    numbers = version.split("-")[0].split(".")
    return all(number.isdecimal() for number in numbers) and tuple(map(int, numbers)) < MINIMUM


def _clock_offset(answer: outbound.Answer) -> int:
    """Seconds by which the gateway's clock is ahead of ours: by what it says, else by its Date header."""
    told = json_of(answer).get("time")
    try:
        date = parsedate_to_datetime(answer.headers.get("Date", "")).timestamp()
    except ValueError:
        date = timezone.now().timestamp()
    there = told / 1000 if isinstance(told, int) else date
    return round(there - timezone.now().timestamp())


async def _configuration(known: Known) -> AsyncIterator[Finding]:
    if await known.client.hook_token_is_gateway_token():
        yield Finding(False, _("The hook token opens the whole gateway: give hooks.token a value of its own."))
    yield await _session_keys(known)
    history, listed = await _history(known)
    yield history
    for finding in _agents(known, listed):
        yield finding
    if known.identity.is_proved:
        yield await _round_trip(known)


async def _session_keys(known: Known) -> Finding:
    """By what the plugin says; else a question, for which an agent is needed."""
    prefixes: tuple[str, ...] | None = None
    if "prefixes" in known.identity.info:
        told = known.identity.info["prefixes"]
        prefixes = ("",) if told is None else tuple(str(each) for each in told)
    elif known.agents:
        slug = known.agents[0].slug
        path = hook_path(slug) if known.gateway.hooks == Gateway.Hooks.MAPPED else "/hooks/agent"
        try:
            prefixes = await known.client.session_key_prefixes(slug, path)
        except GatewayError as error:
            return Finding(False, _("Session keys are not taken from us: {error}").format(error=error))
    if prefixes is None:
        return Finding(True, _("Whether our session keys are allowed is seen when an agent is here."))
    missing = [own for own in PREFIXES if not own.startswith(prefixes or ("\0",))]
    if not missing:
        return Finding(True, _("Our session keys are allowed."))
    wanted = json.dumps([*prefixes, *missing])
    paste = f'"hooks": {{"allowRequestSessionKey": true, "allowedSessionKeyPrefixes": {wanted}}}'
    sentence = _("Add {prefixes} to hooks.allowedSessionKeyPrefixes.").format(prefixes=", ".join(missing))
    return Finding(False, sentence, paste)


async def _history(known: Known) -> tuple[Finding, list[str] | None]:
    """The finding about the gateway token, and the gateway's agents by it; None without a list."""
    if not known.gateway.gateway_token:
        return Finding(False, _("Without the gateway token results that were not reported can't be looked up.")), None
    try:
        agents = [agent.id for agent in await known.client.list_agents()]
    except GatewayError as error:
        return Finding(False, _("The gateway token does not list the agents: {error}").format(error=error)), None
    accepted = _("The gateway token is accepted; agents: {names}.").format(names=", ".join(agents))
    return Finding(True, accepted), agents


def _agents(known: Known, listed: list[str] | None) -> Iterator[Finding]:
    """Both sides' agents, one a line."""
    info = known.identity.info
    there = listed if listed is not None else [str(each) for each in info.get("agents") or []] if info else None
    for agent in known.agents:
        yield _agent(agent, there, info, is_mapped=known.gateway.hooks == Gateway.Hooks.MAPPED)
    here = {agent.slug for agent in known.agents}
    for slug in sorted(set(there or []) - here):
        yield Finding(True, _("{slug}: not on this board, or switched off. Import agents brings it.").format(slug=slug))


def _agent(agent: Agent, there: list[str] | None, info: dict[str, Any], *, is_mapped: bool) -> Finding:
    facts = {"name": agent.name, "slug": agent.slug}
    if there is not None and agent.slug not in there:
        return Finding(False, _("{name}: the gateway has no agent {slug}.").format(**facts))
    allowed = info.get("hookAgents")
    if allowed is not None and agent.slug not in allowed:
        paste = f'"hooks": {{"allowedAgentIds": {json.dumps([*allowed, agent.slug])}}}'
        return Finding(False, _("{name}: {slug} is not in hooks.allowedAgentIds.").format(**facts), paste)
    mappings = info.get("mappings")
    if is_mapped and mappings is not None:
        mine = [mapping for mapping in mappings if mapping.get("hook") == mapping.get("agentId") == agent.slug]
        if not mine:
            return Finding(False, _("{name}: there is no mapping task-{slug}.").format(**facts), mapping_for(agent))
        seconds = mine[0].get("timeoutSeconds")
        if seconds and seconds > 2 * agent.timeout_seconds:
            late = _("{name}: its mapping lets a run take {seconds} seconds, Team Board waits {limit}.")
            return Finding(False, late.format(**facts, seconds=seconds, limit=2 * agent.timeout_seconds))
    return Finding(True, _("{name} ({slug}): here and there.").format(**facts))


def mapping_for(agent: Agent) -> str:
    """The hook mapping of `agent`, with its time limit and its model, for hooks.mappings."""
    mapping = {
        "id": f"task-{agent.slug}",
        "match": {"path": f"task-{agent.slug}"},
        "action": "agent",
        "agentId": agent.slug,
        "name": "TeamBoard",
        "sessionMode": "persistent",
        "sessionKey": "{{sessionKey}}",
        "messageTemplate": "{{message}}",
        "deliver": False,
        "allowUnsafeExternalContent": True,
        "timeoutSeconds": agent.timeout_seconds,
        **({"model": agent.model} if agent.model else {}),
    }
    return json.dumps(mapping, indent=2)


async def _round_trip(known: Known) -> Finding:
    """Have the plugin report to us, now: the way back, its address, its secret and its clock are seen at once."""
    try:
        board = json_of(await known.identity.ask("check")).get("board")
    except outbound.OutboundError as error:
        return Finding(False, _("The round trip failed: {reason}").format(reason=error))
    if board == 200:
        return Finding(True, _("Round trip: its report came back to Team Board."))
    if board == "no url":
        sentence = _("Our plugin there does not know Team Board's address.")
        return Finding(False, sentence, '"teamboard-callback": {"config": {"url": "https://TEAM-BOARD"}}')
    if isinstance(board, int):
        refused = _("Round trip: at the address that our plugin there has, its report was answered with {status}.")
        return Finding(False, refused.format(status=board))
    unreached = _("Round trip: our plugin there can't reach Team Board at the address that it has ({reason}).")
    return Finding(False, unreached.format(reason=board))


def _reports(known: Known) -> list[Finding]:
    """What came back lately, with what was refused and why."""
    known.gateway.refresh_from_db(fields=["last_callback_at"])
    told = _reported_versions(known)
    told += [Finding(is_over, sentence) for is_over, sentence in refused_reports.sentences_about(known.gateway)]
    if known.gateway.last_callback_at:
        return [*told, Finding(True, _("Our plugin reports."))]
    never = _("Our plugin has not reported yet; it does with the first run.")
    return [*told, Finding(known.identity.is_proved, never)]


def _reported_versions(known: Known) -> list[Finding]:
    """What the plugin reported of its OpenClaw at its last start, where it can't be asked."""
    if "gateway" in known.identity.info:
        return []
    told = known.gateway.callback_reports.filter(kind__in=["gateway.started", "gateway.unsupported"])
    last = told.order_by("-pk").first()
    if last is None or last.kind == "gateway.started":
        return []
    return [_versions(str(last.body.get("gateway")), str(last.body.get("plugin")))]

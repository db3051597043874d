"""What the check says of a gateway, both sides' agents, the way back and the reports that were refused."""

import hashlib
import hmac
import json
from datetime import timedelta

import pytest
from django.core.management import CommandError, call_command
from django.utils import timezone

from apps.accounts.models import AuditEntry
from apps.agents.gateways import gateway_identity, health_check
from apps.agents.models import CallbackReport, Gateway
from apps.agents.runs import dispatch
from apps.agents.tests.factories import GatewayFactory, agent_in, run_of
from tests.gateways.practice import SECRETS

pytestmark = [pytest.mark.django_db, pytest.mark.queue_off, pytest.mark.req("FLT-3")]
SECRET = "callback-secret"
CALLBACK = "/api/v1/agents/callback/"


@pytest.fixture
def says(monkeypatch):
    """Have the plugin's answers differ by these fields; "status" and "time" too."""

    def differently(**fields: object) -> None:
        ask = gateway_identity.Identity.ask

        async def asked(self, what, **by):
            answer = await ask(self, what, **by)
            self.info |= fields
            if what == "check" or "time" in fields:
                body = json.dumps(gateway_identity.json_of(answer) | fields).encode()
                return type(answer)(answer.status, answer.headers, body)
            return answer

        monkeypatch.setattr(gateway_identity.Identity, "ask", asked)

    return differently


def lines(gateway: Gateway) -> dict[str, bool]:
    return {finding.sentence: finding.is_ok for finding in health_check.check(gateway)}


def pasted(gateway: Gateway) -> str:
    return "\n".join(finding.paste for finding in health_check.check(gateway))


def report(client, *, secret: str = SECRET, age: int = 0, **body: object):
    raw = json.dumps({"id": "e1", "event": "run.started"} | body).encode()
    stamp = str(int(timezone.now().timestamp()) - age)
    mac = hmac.new(secret.encode(), f"{stamp}.".encode() + raw, hashlib.sha256).hexdigest()
    headers = {"X-Teamboard-Timestamp": stamp, "X-Teamboard-Signature": f"sha256={mac}"}
    return client.post(CALLBACK, raw, content_type="application/json", headers=headers)


def test_check_is_well_before_the_first_agent_and_the_first_run(reached, says):
    says(board=200)
    told = lines(reached)
    assert all(told.values()), told
    assert "OpenClaw practice, our plugin practice: it has our callback secret." in told
    assert "Round trip: its report came back to Team Board." in told
    assert "main: not on this board, or switched off. Import agents brings it." in told


def test_check_names_the_agents_of_both_sides_line_by_line(reached, board, says):
    agent_in(board, "Coder", gateway=reached)
    agent_in(board, "Ghost", gateway=reached)
    told = lines(reached)
    assert told["Coder (coder): here and there."]
    assert told["Ghost: the gateway has no agent ghost."] is False
    assert told["main: not on this board, or switched off. Import agents brings it."]
    says(hookAgents=["main"])
    assert lines(reached)["Coder: coder is not in hooks.allowedAgentIds."] is False
    assert '"allowedAgentIds": ["main", "coder"]' in pasted(reached)


def test_check_says_which_mapping_to_paste(reached, board, says):
    Gateway.objects.filter(pk=reached.pk).update(hooks=Gateway.Hooks.MAPPED)
    reached.refresh_from_db()
    agent_in(board, "Coder", gateway=reached, timeout_seconds=900, model="fast")
    says(mappings=[{"hook": "main", "agentId": "main", "timeoutSeconds": 300}])
    assert lines(reached)["Coder: there is no mapping task-coder."] is False
    mapping = next(json.loads(f.paste) for f in health_check.check(reached) if "mapping" in f.sentence)
    assert (mapping["agentId"], mapping["timeoutSeconds"], mapping["model"]) == ("coder", 900, "fast")
    says(mappings=[{"hook": "coder", "agentId": "coder", "timeoutSeconds": 1801}])
    assert lines(reached)["Coder: its mapping lets a run take 1801 seconds, Team Board waits 1800."] is False


@pytest.mark.parametrize(
    ("prefixes", "missing"), [(["task:"], "room:"), ([], "task:, room:"), (None, ""), (["task:", "room:"], "")]
)
def test_check_says_which_session_keys_to_allow(reached, says, prefixes, missing):
    says(prefixes=prefixes)
    expected = f"Add {missing} to hooks.allowedSessionKeyPrefixes." if missing else "Our session keys are allowed."
    assert lines(reached)[expected] is not bool(missing)
    assert ("allowedSessionKeyPrefixes" in pasted(reached)) is bool(missing)


@pytest.mark.parametrize(("version", "too_old"), [("2026.8.2", True), ("2026.4.20", True), ("2026.9.1", False)])
def test_check_says_when_openclaw_is_too_old(reached, says, version, too_old):
    says(gateway=version)
    assert any(sentence.startswith(f"OpenClaw {version} is too old") for sentence in lines(reached)) is too_old


@pytest.mark.parametrize(("ahead", "words"), [(600, "600 seconds ahead of ours"), (-90, "90 seconds behind ours")])
def test_check_says_by_how_much_the_clock_is_wrong(reached, says, ahead, words):
    says(time=int((timezone.now().timestamp() + ahead) * 1000))
    assert any(words[4:] in sentence and not is_ok for sentence, is_ok in lines(reached).items())


@pytest.mark.parametrize(("status", "error"), [(500, "the plugin failed"), (409, "seen before"), (405, None)])
def test_check_takes_no_other_refusal_for_a_wrong_clock(reached, monkeypatch, status, error):
    ask = gateway_identity.Identity.ask

    async def refused(self, what, **by):
        answer = await ask(self, what, **by)
        self.info = {}
        return type(answer)(status, answer.headers, json.dumps({"ok": False, "error": error} if error else []).encode())

    monkeypatch.setattr(gateway_identity.Identity, "ask", refused)
    told = lines(reached)
    assert told[f"Our plugin there does not answer. {status} {error or ''}".strip()] is False
    assert not any("clock" in sentence for sentence in told)


def test_check_says_what_a_plugin_without_a_route_has_reported_of_its_openclaw(client, practice, reached):
    too_old = "OpenClaw 2026.8.2 is too old: 2026.9.1 is the first that says when a run has ended."
    versions = {"gateway": "2026.8.2", "plugin": "1.3.0", "minimum": "2026.9.1"}
    practice.fault("old_plugin")
    try:
        for number, event in enumerate(["started", "unsupported", "unsupported"]):
            report(client, id=f"e{number}", event=f"gateway.{event}", **(versions if event == "unsupported" else {}))
        assert [is_ok for sentence, is_ok in lines(reached).items() if sentence == too_old] == [False]
        report(client, id="upgraded", event="gateway.started")
        assert too_old not in lines(reached)
        report(client, id="downgraded", event="gateway.unsupported", **versions)
    finally:
        practice.fault("normal")
    assert too_old not in lines(reached)  # it says itself that it is another one now


def test_check_tells_another_secret_from_an_old_plugin(practice, reached):
    other = GatewayFactory(url=practice.url, callback_secret="other", **SECRETS)
    assert any("another callback secret" in sentence for sentence in lines(other))
    assert '"secret": "CALLBACK-SECRET"' in pasted(other)
    practice.fault("old_plugin")
    try:
        assert any("missing or too old" in sentence for sentence in lines(reached))
    finally:
        practice.fault("normal")


@pytest.mark.parametrize(
    ("board_says", "sentence"),
    [
        (401, "its report was answered with 401."),
        ("ECONNREFUSED", "can't reach Team Board at the address that it has (ECONNREFUSED)."),
        ("no url", "Our plugin there does not know Team Board's address."),
    ],
)
def test_check_says_where_the_round_trip_broke(reached, says, board_says, sentence):
    says(board=board_says)
    assert any(told.endswith(sentence) and not is_ok for told, is_ok in lines(reached).items())


def test_refused_reports_are_counted_with_their_cause(client, reached):
    for _attempt in range(3):
        assert report(client, age=600).status_code == 401
    assert report(client, secret="guess").status_code == 401
    told = lines(reached)
    assert told["Refused reports of the last hour: 3: its clock is 600 seconds behind ours."] is False
    assert any("1: they are not signed with this callback secret" in line and "127.0.0.1" in line for line in told)
    assert report(client, event="gateway.checked").status_code == 200
    assert all(is_ok for line, is_ok in lines(reached).items() if line.startswith("Refused reports"))


def test_refused_reports_are_told_by_their_own_gateway_and_for_an_hour(client, reached):
    other = GatewayFactory(callback_secret="other")
    report(client, age=-400)
    cause = {"cause": "clock", "seconds": 400, "gateway_id": reached.pk}
    assert cause.items() <= AuditEntry.objects.get(action="callback.refused").facts.items()
    from apps.agents.gateways import refused_reports

    assert refused_reports.sentences_about(other) == []
    refused_reports.HOUR, hour = timedelta(0), refused_reports.HOUR
    try:
        assert refused_reports.sentences_about(reached) == []
    finally:
        refused_reports.HOUR = hour


def test_refused_report_of_a_disabled_gateway_says_so(client, reached):
    Gateway.objects.filter(pk=reached.pk).update(is_enabled=False)
    assert report(client).status_code == 401
    assert any("this gateway is switched off here" in line for line in lines(reached))


def test_report_goes_to_the_gateway_of_its_run_where_two_sign_alike(client, board, ana, gateway):
    first = GatewayFactory(callback_secret=SECRET)
    second = GatewayFactory(callback_secret=SECRET)
    for its_own in (first, second):
        agent = agent_in(board, f"Coder {its_own.pk}", gateway=its_own)
        run = run_of(agent, ana)
        dispatch.start_next(agent.pk, "worker-1")
        run.refresh_from_db()
        about = {"teamboardRunId": str(run.pk), "sessionKey": run.gateway_session_key, "runId": "r"}
        report(client, id=f"e-{run.pk}", **about)
        assert CallbackReport.objects.get(run=run).gateway == its_own


def test_doctor_examines_the_gateways_that_are_on(reached, says, capsys):
    says(board=200)
    call_command("doctor", "openclaw")
    assert f"ok     {reached}: It answers." in capsys.readouterr().out
    GatewayFactory(name="Gone", url="http://127.0.0.1:1")
    GatewayFactory(name="Practice", url="http://127.0.0.1:1", is_practice=True)
    with pytest.raises(CommandError):
        call_command("doctor", "openclaw")
    out = capsys.readouterr().out
    assert "WRONG  Gone: It can't be reached." in out
    assert "Practice" not in out

"""Each field of an agent's form changes what its gateway is sent, or says there that it does not."""

import pytest

from apps.agents.models import Agent, Gateway
from apps.agents.roster.admin import AgentForm
from apps.agents.runs import dispatch, prompt
from apps.agents.tests.factories import GatewayFactory, agent_in, run_of

pytestmark = [pytest.mark.django_db, pytest.mark.queue_off, pytest.mark.req("FLT-22")]
AGENT, MAPPED = Gateway.Hooks.AGENT, Gateway.Hooks.MAPPED
CHANGED = {
    "name": "Scribe II",
    "slug": "writer",
    "model": "anthropic/claude-haiku-4-5",
    "system_prompt": "You write for children.",
    "max_concurrent": 7,
    "timeout_seconds": 20,
    "is_enabled": False,
}
OF_BOARD_ONLY = {"gateway", "projects"}  # where a run is sent, tested below, and which tasks it gets


@pytest.fixture
def sent(board, ana, monkeypatch):
    """What would be sent of the same run at a gateway with `hooks`, with `fields` of its agent changed."""
    monkeypatch.setattr(prompt.secrets, "token_hex", lambda size: "0" * 2 * size)
    gateway = GatewayFactory()
    run = run_of(agent_in(board, gateway=gateway), ana)

    def bytes_sent(hooks: Gateway.Hooks, **fields: object) -> tuple[str, bytes]:
        gateway.hooks = hooks
        run.agent = Agent(pk=run.agent_id, user=run.agent.user, **{"slug": "scribe", "name": "Scribe"} | fields)
        run.agent.gateway = gateway
        return dispatch.frozen_request(run)

    return bytes_sent


def test_agent_form_has_no_field_without_a_test():
    assert set(AgentForm.base_fields) == CHANGED.keys() | OF_BOARD_ONLY


@pytest.mark.parametrize("hooks", [AGENT, MAPPED])
@pytest.mark.parametrize("field", CHANGED)
def test_agent_field_changes_the_bytes_or_says_that_it_does_not(sent, field, hooks):
    changes = sent(hooks, **{field: CHANGED[field]}) != sent(hooks)
    said = str(AgentForm.base_fields[field].help_text)
    assert changes or "not sent to the gateway" in said or (hooks == MAPPED and "not sent to /hooks/task-" in said)


def test_agent_model_is_sent_only_where_one_is_chosen(sent):
    assert b'"model"' not in sent(AGENT)[1]
    assert b'"model":"fast"' in sent(AGENT, model="fast")[1].replace(b": ", b":")


def test_agent_form_says_how_long_a_mapped_hook_may_take():
    assert "the mapping's timeoutSeconds ends the run" in str(AgentForm.base_fields["timeout_seconds"].help_text)


def test_agent_gateway_is_where_the_run_is_sent(board, ana, gateway):
    other = GatewayFactory(url="http://other.example:18789", hook_token="other-token")
    agent = agent_in(board)
    run_of(agent, ana)
    Agent.objects.filter(pk=agent.pk).update(gateway=other)
    dispatch.start_next(agent.pk, "worker-1")
    [post] = gateway.posts
    assert (post.url.host, post.headers["Authorization"]) == ("other.example", "Bearer other-token")

import factory
from factory.django import DjangoModelFactory

from apps.agents.models import Agent, Gateway, Run
from apps.agents.roster.actions.create import create as create_agent
from apps.agents.runs import queue
from apps.tasks.models import Column
from apps.tasks.tests.factories import task_in


class GatewayFactory(DjangoModelFactory):
    class Meta:
        model = Gateway

    name = factory.Sequence("Gateway {}".format)
    url = "http://127.0.0.1:1"
    hook_token = "hook-token"
    gateway_token = "gateway-token"
    callback_secret = "callback-secret"


def agent_in(project, name: str = "Scribe", **fields) -> Agent:
    """An agent that works in `project`, on a gateway of its own unless one is given."""
    gateway = fields.pop("gateway", None) or GatewayFactory()
    return create_agent(gateway, slug=name.lower(), name=name, by=None, projects=[project], **fields)


def run_of(agent: Agent, by, title: str = "A task", **fields) -> Run:
    """A queued run of `agent` on a new task in its project's second column."""
    column = Column.objects.filter(project__memberships__user=agent.user, category="ready").first()
    task = task_in(column, title, **fields)
    return queue.assign_now(agent, task, by=by, queue=True)

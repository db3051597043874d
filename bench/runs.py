"""From an assignment to the gateway's door, and the cost of a dispatch and of a callback."""

import time

from django.utils import timezone

from apps.accounts.models import User
from apps.agents.models import Agent, Gateway, Run
from apps.projects.models import Membership, Project
from apps.tasks.actions.assign import assign
from apps.tasks.models import Task
from bench import boards, environment
from bench.practice import CALLBACKS, PracticeGateway, report_of, signed
from bench.processes import wait_until
from bench.product import Product
from bench.table import Line
from bench.visitor import Visitor, cost_of, percentile

ONE_BY_ONE, AT_ONCE, REPORTED = 20, 100, 60
QUIET = "[[silent]] [[hang]]"


def lines(product: Product, visitor: Visitor) -> list[Line]:
    gateway = PracticeGateway(product, ["scribe"])
    agent, tasks = hire(gateway), boards.tasks_of("RUNS")
    waits = [first_post_ms(gateway, visitor, agent, task) for task in tasks[:ONE_BY_ONE]]
    rate, cpu_ms = dispatched(product, gateway, visitor.user, agent, tasks[ONE_BY_ONE : ONE_BY_ONE + AT_ONCE])
    return [
        Line("assign to POST at the gateway, p95", percentile(waits, 95), "ms", 1000),
        Line("dispatches of one worker, 50 ms gateway", rate, "a second", 80, is_rate=True),
        Line("a dispatch", cpu_ms, "CPU ms", 15),
        *callbacks(product, visitor),
    ]


def hire(gateway: PracticeGateway) -> Agent:
    row = Gateway.objects.create(
        name="practice",
        url=gateway.url,
        hook_token=environment.HOOK_TOKEN,
        gateway_token=environment.GATEWAY_TOKEN,
        callback_secret=environment.CALLBACK_SECRET,
    )
    user = User.objects.create_agent(username="scribe", name="Scribe", hue="sea")
    Membership.objects.create(project=Project.objects.get(key="RUNS"), user=user)
    return Agent.objects.create(user=user, gateway=row, name="Scribe", slug="scribe", max_concurrent=1000)


def first_post_ms(gateway: PracticeGateway, visitor: Visitor, agent: Agent, task: Task) -> float:
    """From the click to the first byte at the gateway, on an idle system."""
    known, began = len(gateway.journal("request")), timezone.now().timestamp()
    visitor.send(f"/api/v1/agents/{agent.pk}/assign/", {"task_id": task.pk, "prompt": QUIET})
    wait_until(lambda: len(gateway.journal("request")) > known, "the gateway is asked")
    return (gateway.journal("request")[-1]["at"] - began) * 1000


def dispatched(
    product: Product, gateway: PracticeGateway, by: User, agent: Agent, tasks: list[Task]
) -> tuple[float, float]:
    """Let a queue loose on one worker: runs a second, and CPU of each."""
    gateway.fault("slow", seconds=0.05)
    Agent.objects.filter(pk=agent.pk).update(max_concurrent=1)  # all of them wait
    for task in tasks:
        assign(task, to=agent.user, by=by, prompt=QUIET)
    time.sleep(5)
    before, known = product.cpu_ms(), len(gateway.journal("admitted"))
    Agent.objects.filter(pk=agent.pk).update(max_concurrent=1000)
    wait_until(lambda: len(gateway.journal("admitted")) >= known + len(tasks), "all are dispatched", 120)
    time.sleep(1)
    used = product.cpu_ms() - before
    at = [line["at"] for line in gateway.journal("admitted")[known:]]
    return (len(at) - 1) / (at[-1] - at[0]), used / len(tasks)


def callbacks(product: Product, visitor: Visitor) -> list[Line]:
    """The last report of a run, which moves its card to review and comments on it."""
    runs = list(Run.objects.filter(status=Run.Status.RUNNING).select_related("agent")[: REPORTED + 5])
    requests = [signed(report_of(run, "run.finished", status="ok", text="It is mended.")) for run in runs]
    inside = requests.pop()
    cost = cost_of(
        product, lambda n: visitor.http.post(CALLBACKS, **requests[n]).raise_for_status(), len(requests) - 5, warm=5
    )
    body, headers = inside["content"], inside["headers"]
    statements = visitor.queries("post", CALLBACKS, body, headers, content_type="application/json")
    return [
        Line("a callback", cost.cpu_ms, "CPU ms", 14),
        Line("a callback, statements", len(statements), "", 14),
    ]

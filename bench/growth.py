"""What an operation costs in a project that has grown, over what it cost while it was small."""

import sys
import time
from collections.abc import Callable
from typing import NamedTuple

from django.db import connection

from apps.accounts.models import User
from apps.agents.models import Agent, Gateway
from apps.projects.models import Membership, Project
from apps.tasks.models import Label, Task
from bench import boards, environment
from bench.move_task import Mover
from bench.product import Product
from bench.table import Line
from bench.visitor import Cost, Visitor, cost_of

KEY, GOAL, TIMES, TURNS = "GROWS", 1.3, 40, 3
SEED_SECONDS = 60


class Size(NamedTuple):
    tasks: int
    members: int
    events: int
    runs: int


SMALL, LARGE = Size(1_000, 10, 10_000, 100), Size(20_000, 2_000, 1_000_000, 100_000)

# Each adds what is missing to a size: numbers go on from those that are there.
_USERS = """
INSERT INTO accounts_user (username, name, password, is_superuser, is_staff, is_active, date_joined, email, kind, hue,
                           avatar, language, time_zone, theme, density, is_practice)
SELECT 'grown.' || n, 'Member ' || n, '!', false, false, true, now(), '', 'person', 'sky',
       '', '', '', '', 'normal', false
FROM generate_series(%(has)s + 1, %(wanted)s) AS n
"""
_MEMBERS = """
INSERT INTO projects_membership (project_id, user_id, role)
SELECT %(project)s, id, 'member' FROM accounts_user WHERE username LIKE 'grown.%%' ON CONFLICT DO NOTHING
"""
_EVENTS = """
INSERT INTO projects_event (project_id, seq, kind, actor_id, task_id, payload, created_at, is_due)
SELECT %(project)s, n, 'task.edited', %(person)s, (%(tasks)s::bigint[])[1 + n %% cardinality(%(tasks)s::bigint[])],
       '{"fields": ["title"], "version": 2}', now() - (%(wanted)s - n) * interval '1 second', false
FROM generate_series(%(has)s + 1, %(wanted)s) AS n
"""
_RUNS = """
INSERT INTO agents_run (id, project_id, task_id, agent_id, requested_by_id, attempt, status, review, priority, prompt,
                        session_key, gateway_id, gateway_session_key, branch, request_path, leased_by, send_count,
                        handoff_depth, result, is_result_truncated, error, cause, failure, model, gateway_run_id,
                        created_at, started_at, ended_at)
SELECT gen_random_uuid(), %(project)s, (%(tasks)s::bigint[])[1 + n %% cardinality(%(tasks)s::bigint[])], %(agent)s,
       %(person)s, n, 'succeeded', 'accepted', 2, '', 'grown:' || n, %(gateway)s, '', '', '', '', 1, 0,
       repeat('It is mended, and the hens stay in. ', 6), false, '', '', '', '', '',
       moment, moment, moment + interval '1 minute'
FROM generate_series(%(has)s + 1, %(wanted)s) AS n
CROSS JOIN LATERAL (SELECT now() - (%(wanted)s - n) * interval '1 minute' AS moment) AS at
"""


def lines(product: Product, visitor: Visitor) -> list[Line]:
    project, agent = begin(visitor.user)
    seconds = grow(project, agent, visitor.user, Size(0, 0, 0, 0), SMALL)
    small = costs(product, visitor, project)
    seconds += grow(project, agent, visitor.user, SMALL, LARGE)
    large = costs(product, visitor, project)
    for operation, cost in small.items():
        told = f"{operation}: {cost:.1f} CPU ms small, {large[operation]:.1f} large"
        print(told, file=sys.stderr, flush=True)
    ratios = [Line(f"grown, {operation}", large[operation] / cost, "x", GOAL) for operation, cost in small.items()]
    return [*ratios, Line("grown, seeding both sizes", seconds, "s", SEED_SECONDS)]


def begin(person: User) -> tuple[Project, Agent]:
    """The project without any task, with the person who asks and one agent."""
    project = boards.board(KEY, [0] * boards.COLUMNS, [person])
    gateway = Gateway.objects.create(
        name="grown",
        url="http://127.0.0.1:9",
        hook_token=environment.HOOK_TOKEN,
        callback_secret=environment.CALLBACK_SECRET,
        is_enabled=False,
    )
    user = User.objects.create_agent(username="grower", name="Grower", hue="sea")
    Membership.objects.create(project=project, user=user)
    return project, Agent.objects.create(user=user, gateway=gateway, name="Grower", slug="grower")


def grow(project: Project, agent: Agent, person: User, has: Size, wanted: Size) -> float:
    """Fill the project up from one size to the other by SQL, as if it had been used for years; the seconds it took."""
    began = time.perf_counter()
    project.refresh_from_db()
    boards.add_tasks(project, [(wanted.tasks - has.tasks) // boards.COLUMNS] * boards.COLUMNS, [person])
    facts = {"project": project.pk, "person": person.pk, "agent": agent.pk, "gateway": agent.gateway_id}
    facts["tasks"] = list(project.tasks.values_list("pk", flat=True))
    project.refresh_from_db()
    with connection.cursor() as cursor:
        cursor.execute("SET statement_timeout = 0")
        cursor.execute(_USERS, {"has": has.members, "wanted": wanted.members})
        cursor.execute(_MEMBERS, facts)
        cursor.execute(_EVENTS, facts | {"has": project.last_seq, "wanted": wanted.events})
        cursor.execute(_RUNS, facts | {"has": has.runs, "wanted": wanted.runs})
        Project.objects.filter(pk=project.pk).update(last_seq=wanted.events)
        cursor.execute("VACUUM ANALYZE")
        cursor.execute("RESET statement_timeout")
    return time.perf_counter() - began


def costs(product: Product, visitor: Visitor, project: Project) -> dict[str, float]:
    """CPU ms of each operation: the median of turns, so that what else the machine does meets all of them alike."""
    product.wait_until_quiet()
    acts = operations(visitor, project)
    turns = [{told: cost_of(product, act, TIMES, warm=5) for told, act in acts.items()} for _ in range(TURNS)]
    return {told: middle([turn[told] for turn in turns]).cpu_ms for told in acts}


def middle(turns: list[Cost]) -> Cost:
    return sorted(turns)[len(turns) // 2]


def operations(visitor: Visitor, project: Project) -> dict[str, Callable[[int], object]]:
    mover, labels = Mover(KEY), list(Label.objects.filter(project=project).values_list("pk", flat=True)[:2])
    task = Task.objects.filter(project=project).order_by("number")[0]
    shape = {"title": "Mend the garden gate", "description": "It squeaks. " * 26, "labels": labels}

    def catch_up(_: int) -> None:
        """What a page asks that was away for the last twenty events."""
        project.refresh_from_db(fields=["last_seq"])
        visitor.get(f"/projects/{KEY}/updates/?since={project.last_seq - 20}&epoch={project.epoch}")

    return {
        "board page": lambda _: visitor.get(f"/projects/{KEY}/"),
        "move a card": lambda n: mover.note(visitor.post(*mover.next(n))),
        "create a task by the API": lambda _: visitor.send(f"/api/v1/projects/{KEY}/tasks/", shape),
        "task page": lambda _: visitor.get(task.get_absolute_url()),
        "members page": lambda _: visitor.get(f"/projects/{KEY}/members/"),
        "agents by the API": lambda _: visitor.get("/api/v1/agents/"),
        "runs by the API": lambda _: visitor.get("/api/v1/runs/"),
        "events since twenty ago": catch_up,
    }

"""A believable project for the first start, made by the verbs that people use."""

import uuid
from typing import Any

from django.db import transaction

from apps.accounts.models import User
from apps.agents.models import Agent, Gateway
from apps.agents.roster.actions.create import create as create_agent
from apps.chat.messages.actions.post import post
from apps.chat.rooms import activity_digest
from apps.projects.actions.create import create
from apps.projects.members import memberships
from apps.projects.models import Project
from apps.tasks.actions.assign import assign
from apps.tasks.actions.comment import comment
from apps.tasks.actions.create import create as create_task
from apps.tasks.models import Category, Label, Task

KEY = "TIDE"
PEOPLE = [("mei", "Mei Tanaka", "leaf"), ("jonas", "Jonas Weber", "sky")]
LABELS = {"Booking": "violet", "Timetable": "teal", "Payments": "leaf", "Docs": "ochre", "Bug": "rose"}
B, R, D, V, X = Category.BACKLOG, Category.READY, Category.DOING, Category.REVIEW, Category.DONE
HIGH, URGENT = Task.Priority.HIGH, Task.Priority.URGENT
TASKS = [
    (B, "Harbour names in Gaelic and Norwegian", ["Docs"], None, None),
    (B, "A seat map for the upper deck", ["Booking"], None, None),
    (B, "Lost property gets its own inbox", [], None, None),
    (R, "Refund a crossing cancelled for weather", ["Payments"], HIGH, "jonas"),
    (R, "Write the deckhand’s guide to scanning tickets offline", ["Docs"], None, None),
    (R, "Quay boards drift by a minute after midnight", ["Bug"], None, "mei"),
    (R, "Renew the certificate of the payment gateway", ["Payments"], URGENT, "owner"),
    (D, "Move all departure times to UTC", ["Timetable", "Bug"], None, "mei"),
    (D, "Bicycle spaces count as deck cargo, not as passengers", ["Booking"], None, "jonas"),
    (V, "Show the walking time from the bus stop to the quay", ["Timetable"], None, "owner"),
    (X, "Tickets open without a network", ["Booking"], None, "mei"),
    (X, "Plain words for the eleven payment errors", ["Payments"], None, "jonas"),
]
DESCRIPTIONS = {
    "Refund a crossing cancelled for weather": """\
When the harbour master stops a sailing, everybody on it gets their money back **without asking**.

- the whole fare, the booking fee too
- to the card that paid, within three days
- one e-mail that says so, in the passenger's language""",
    "Write the deckhand’s guide to scanning tickets offline": """\
Crews scan tickets on the pier, where there is often no network. The guide should fit on **one page**:

- how to load the day's list before casting off
- what the three colours on the screen mean
- what to do when a ticket was already used""",
    "Quay boards drift by a minute after midnight": """\
Seen in Skerry and Port Ellen: from 00:00 on the boards are a minute behind, until somebody restarts them.
The boards ask for the time once a day and count from there.""",
    "Renew the certificate of the payment gateway": "It runs out on the last of the month. The bank wants five days.",
    "Move all departure times to UTC": """\
Times are stored as the harbour's clock shows them, so that twice a year one hour is wrong or there twice.
Store UTC, show the harbour's time.""",
    "Show the walking time from the bus stop to the quay": "Measured with a pram, not as the gull flies.",
}
SUBTASKS = ["List every place that stores a local time", "Convert the timetable import", "Show local time on tickets"]


@transaction.atomic
def seed(owner: User, gateway: Gateway | None) -> Project | None:
    """The demo project with its people and tasks, and two agents if there is a gateway for them.

    None when there are projects already.
    """
    if Project.objects.exists():
        return None
    project = create(name="Tidewater", key=KEY, description="Ferry tickets for nine islands", by=owner)
    people = {"owner": owner} | {name: _person(project, name, full, hue) for name, full, hue in PEOPLE}
    agents = _agents(gateway, project, owner) if gateway else []
    tasks = _tasks(project, owner, people)
    _talk(project, people, tasks, agents)
    return project


def _person(project: Project, username: str, name: str, hue: str) -> User:
    """Somebody to assign to; nobody can sign in as them."""
    person = User(username=username, name=name, hue=hue)
    person.set_unusable_password()
    person.save(force_insert=True)
    memberships.join(project, person, by=None)
    return person


def _agents(gateway: Gateway, project: Project, owner: User) -> list[Agent]:
    given: dict[str, Any] = {"by": owner, "projects": [project]}
    return [
        create_agent(gateway, slug="scribe", name="Scribe", system_prompt="You write for people.", **given),
        create_agent(gateway, slug="mason", name="Mason", max_concurrent=2, **given),
    ]


def _tasks(project: Project, owner: User, people: dict[str, User]) -> dict[str, Task]:
    columns = {column.category: column for column in project.columns.all()}
    labels = {name: Label.objects.create(project=project, name=name, hue=hue) for name, hue in LABELS.items()}
    made = {}
    for category, title, named, priority, assignee in TASKS:
        made[title] = create_task(
            project,
            title=title,
            column=columns[category],
            description=DESCRIPTIONS.get(title, ""),
            priority=priority or Task.Priority.NORMAL,
            labels=[labels[name] for name in named],
            assignee=people.get(assignee or ""),
            by=owner,
        )
    times = made["Move all departure times to UTC"]
    for number, title in enumerate(SUBTASKS):
        column = columns[X if number == 0 else R]
        child = create_task(project, title=title, parent=times, column=column, by=people["mei"])
        assign(child, to=people["mei"], by=people["mei"])
    words = "The import is the hard part: two harbours send summer time without saying so."
    comment(times, text=words, by=people["mei"])
    return made


def _talk(project: Project, people: dict[str, User], tasks: dict[str, Task], agents: list[Agent]) -> None:
    """What is said in the project's room; the first of the agents is asked something."""
    times = tasks["Move all departure times to UTC"].key
    said = [
        ("mei", f"The winter timetable is in. Two harbours still send summer time, so {times} comes before Sunday."),
        ("jonas", "Then I tell the crews in Skerry and Port Ellen. Who writes the note for the quay boards?"),
    ]
    if agents:
        said.append(("owner", f"@{agents[0].slug} what would the note have to say?"))
    room = project.rooms.get(is_default=True)
    activity_digest.update(room)
    for name, words in said:
        post(room, text=words, by=people[name], client_message_id=uuid.uuid4())

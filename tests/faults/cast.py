"""Who plays: Ana and Ben, a project, and agents on the practice gateway."""

from apps.accounts.models import User
from apps.agents.models import Agent, Gateway, Run
from apps.chat.models import Room
from apps.chat.rooms import rooms
from apps.projects.models import Membership, Project, Role
from apps.tasks.actions.assign import assign
from apps.tasks.actions.create import create, create_default_columns
from apps.tasks.models import Comment, Task
from bench import environment

SLOTS = 12  # runs at once of each agent: all that a fault run keeps open at once


class Cast:
    def __init__(self, gateway_url: str, slugs: list[str]) -> None:
        self.ana = User.objects.create_user("ana", password=None, name="Ana Acorn")
        self.gateway = Gateway.objects.create(
            name="practice",
            url=gateway_url,
            hook_token=environment.HOOK_TOKEN,
            gateway_token=environment.GATEWAY_TOKEN,
            callback_secret=environment.CALLBACK_SECRET,
        )
        self.project = Project.objects.create(name="Faults", key="FLT")
        self.ben = User.objects.create_user("ben", password=None, name="Ben Birch")
        for person in (self.ana, self.ben):
            Membership.objects.create(project=self.project, user=person, role=Role.OWNER)
        create_default_columns(self.project)
        self.agents = [self.hire(slug) for slug in slugs]

    def hire(self, slug: str) -> Agent:
        user = User.objects.create_agent(username=slug, name=slug.title(), hue="sea")
        Membership.objects.create(project=self.project, user=user)
        return Agent.objects.create(user=user, gateway=self.gateway, name=user.name, slug=slug, max_concurrent=SLOTS)

    def write(self, count: int) -> list[Task]:
        return [create(self.project, title=f"Mend the gate {n}", by=self.ana) for n in range(count)]

    def dispatch(self, count: int, prompt: str = "") -> list[Run]:
        """`count` new tasks, given to the agents in turn."""
        tasks = self.write(count)
        for n, task in enumerate(tasks):
            assign(task, to=self.agents[n % len(self.agents)].user, by=self.ana, prompt=prompt)
        return list(Run.objects.filter(task__in=tasks).select_related("agent"))

    def head(self) -> int:
        return Project.objects.values_list("last_seq", flat=True).get(pk=self.project.pk)

    def new_room(self) -> Room:
        return rooms.create(self.project, name=f"Room {Room.objects.count()}", by=self.ana)

    def writers(self, count: int) -> list[User]:
        """New people of the project, for a person may say only so much in a minute."""
        first = User.objects.count()
        made = [User.objects.create_user(f"writer{n}", password=None) for n in range(first, first + count)]
        Membership.objects.bulk_create(Membership(project=self.project, user=user) for user in made)
        return made

    def strangers_secret(self) -> str:
        """Of another gateway, which may report on its own runs only."""
        secret = "another gateway's secret"
        Gateway.objects.create(name="other", url="http://127.0.0.1:9", hook_token="x", callback_secret=secret)
        return secret

    def results(self, run: Run) -> int:
        """How many comments of its agent stand under the run's task."""
        return Comment.objects.filter(task=run.task_id, author=run.agent.user_id).count()

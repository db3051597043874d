import uuid

from django.conf import settings
from django.db import models
from django.db.models import Count, OuterRef, Q, Subquery
from django.db.models.functions import Coalesce
from django.utils.translation import gettext_lazy as _

from apps.accounts.models import User
from apps.agents.models.gateway import Gateway
from apps.agents.models.run import Run, RunQuerySet
from apps.names import NameField
from apps.projects.models import Membership, Project

STATUS_LABELS = {
    "disabled": _("Switched off"),
    "offline": _("The gateway does not answer"),
    "failing": _("Paused: its runs fail, each for the same reason"),
    "working": _("Working"),
    "paused": _("Paused"),
    "queued up": _("About to start"),
    "idle": _("Idle"),
}


class AgentQuerySet(models.QuerySet["Agent"]):
    def visible_to(self, user: User) -> "AgentQuerySet":
        """The agents that share a project with `user`."""
        shared = Membership.objects.filter(project__in=Project.objects.visible_to(user))
        return self.filter(user__in=shared.values("user"))

    def in_project(self, project: Project) -> "AgentQuerySet":
        return self.filter(user__in=project.members.all())

    def with_load(self) -> "AgentQuerySet":
        """Bring along what `current_tasks` and `status` count, so that a list of agents is one query.

        Each is counted by the index on agent and status: runs that have ended are not read, however many there are.
        """
        queued = Run.objects.queued()
        return self.select_related("gateway", "failure_streak").annotate(
            busy_runs=_count_of(Run.objects.busy()),
            queued_runs=_count_of(queued),
            paused_runs=_count_of(queued.filter(project__pause__isnull=False)),
        )


def _count_of(runs: RunQuerySet) -> Coalesce:
    """How many of `runs` are an agent's."""
    per_agent = runs.filter(agent=OuterRef("pk")).order_by().values("agent").annotate(number=Count("pk"))
    return Coalesce(Subquery(per_agent.values("number")), 0)


class Agent(models.Model):
    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    user = models.OneToOneField(settings.AUTH_USER_MODEL, models.PROTECT, related_name="agent", editable=False)
    gateway = models.ForeignKey(
        Gateway,
        models.PROTECT,
        related_name="agents",
        verbose_name=_("gateway"),
        help_text=_("Where its runs are sent."),
        db_index=False,
    )
    name = NameField(_("name"), max_length=100, help_text=_("What people see here; it is not sent to the gateway."))
    slug = models.SlugField(_("slug"), max_length=50, help_text=_("The agent's id in OpenClaw."))
    model = models.CharField(
        _("model"),
        max_length=100,
        blank=True,
        help_text=_(
            "For its runs, such as anthropic/claude-opus-4-5; empty for the one that the agent has in OpenClaw. "
            "It is not sent to /hooks/task-<agent>: there the mapping's model counts."
        ),
    )
    system_prompt = models.TextField(
        _("system prompt"), max_length=20_000, blank=True, help_text=_("Sent at the head of every task.")
    )
    max_concurrent = models.PositiveSmallIntegerField(
        _("runs at once"),
        default=1,
        help_text=_("Team Board starts no more; the number is not sent to the gateway."),
    )
    timeout_seconds = models.PositiveIntegerField(
        _("time limit, seconds"),
        default=300,
        help_text=_(
            "For one run; Team Board waits twice as long for the result. "
            "It is not sent to /hooks/task-<agent>: there the mapping's timeoutSeconds ends the run."
        ),
    )
    is_enabled = models.BooleanField(
        _("enabled"),
        default=True,
        help_text=_("Switched off, it is given nothing new; that is not sent to the gateway."),
    )
    created_at = models.DateTimeField(auto_now_add=True)
    updated_at = models.DateTimeField(auto_now=True)

    failure_streak: "FailureStreak"

    objects = AgentQuerySet.as_manager()

    class Meta:
        verbose_name = _("agent")
        verbose_name_plural = _("agents")
        ordering = ["name"]
        constraints = [
            models.UniqueConstraint(
                fields=["gateway", "slug"],
                name="agent_slug_once_per_gateway",
                violation_error_message=_("This gateway has an agent with this slug already."),
            ),
            models.CheckConstraint(name="agent_has_a_slot", condition=Q(max_concurrent__gte=1)),
            models.CheckConstraint(name="agent_time_limit", condition=Q(timeout_seconds__range=(1, 86_400))),
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def current_tasks(self) -> int:
        """How many slots are taken: derived from open runs, so it cannot leak."""
        return self.busy_runs if hasattr(self, "busy_runs") else self.runs.busy().count()

    @property
    def takes_work(self) -> bool:
        """Whether it is given anything new. Work for a gateway that is switched off waits, but for a practice one."""
        has_retired = self.gateway.is_practice and not self.gateway.is_enabled
        return self.is_enabled and not has_retired

    @property
    def status(self) -> str:
        """disabled, offline, failing, working, queued up, paused (all that waits is in paused projects) or idle."""
        if not self.takes_work:
            return "disabled"
        if not self.gateway.is_enabled or self.gateway.down_since:
            return "offline"
        if getattr(self, "failure_streak", None) and self.failure_streak.paused_at:
            return "failing"
        if self.current_tasks:
            return "working"
        queued, paused = self._waiting()
        if queued > paused:
            return "queued up"
        return "paused" if paused else "idle"

    def status_in(self, *, is_paused: bool) -> str:
        """The status as people of one project see it, which may be paused: nothing starts there then."""
        return "paused" if is_paused and self.status in ("queued up", "idle") else self.status

    def _waiting(self) -> tuple[int, int]:
        """How many of its runs are queued, and how many of these in paused projects."""
        if hasattr(self, "queued_runs") and hasattr(self, "paused_runs"):
            return self.queued_runs, self.paused_runs
        queued = self.runs.queued()
        return queued.count(), queued.filter(project__pause__isnull=False).count()


class FailureStreak(models.Model):
    """How often an agent's runs have failed in a row for one reason; it goes with the first that succeeds.

    From the third on the agent is paused: it starts one run a minute, which shows whether the reason still holds.
    """

    agent = models.OneToOneField(Agent, models.CASCADE, related_name="failure_streak")
    fingerprint = models.CharField(max_length=64)  # of the reason, see Run.failure
    error = models.CharField(max_length=500, blank=True)  # the latest, in the gateway's words
    cause = models.CharField(max_length=20, blank=True)
    count = models.PositiveIntegerField(default=1)
    paused_at = models.DateTimeField(null=True)
    probe_at = models.DateTimeField(null=True)  # not before that another run is started

    class Meta:
        constraints = [
            models.CheckConstraint(
                name="failure_streak_probes_when_paused",
                condition=Q(paused_at=None, probe_at=None) | Q(paused_at__isnull=False, probe_at__isnull=False),
            )
        ]

    def __str__(self) -> str:
        return f"{self.agent} failed {self.count} times"

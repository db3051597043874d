"""Agents, the gateways they live on, and their runs: one attempt by one agent, at a task or at what a room asks."""

import uuid
from datetime import timedelta

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _

from apps.accounts.models import User
from apps.chat.models import Message
from apps.projects.models import Project, PullRequest
from apps.secrets import SecretField
from apps.tasks.models import Task

LEASE = timedelta(seconds=60)


class Gateway(models.Model):
    class Hooks(models.TextChoices):
        MAPPED = "mapped", _("/hooks/task-<agent>, our mapping is pasted: the text is trusted")
        AGENT = "agent", _("/hooks/agent: works at once, OpenClaw marks the text as untrusted")

    name = models.CharField(_("name"), max_length=100, unique=True)
    url = models.URLField(_("address"), help_text=_("Such as http://localhost:18789."))
    hook_token = SecretField(_("hook token"), help_text=_("hooks.token of the gateway: opens /hooks only."))
    gateway_token = SecretField(
        _("gateway token"), blank=True, help_text=_("gateway.auth.token: reads histories and lists agents.")
    )
    callback_secret = SecretField(_("callback secret"), help_text=_("What our plugin signs its reports with."))
    hooks = models.CharField(_("hook path"), max_length=10, choices=Hooks, default=Hooks.AGENT)
    is_enabled = models.BooleanField(_("enabled"), default=True)
    # The circuit breaker: closed while failures < 5, else half open again after `retry_at`.
    failures = models.PositiveIntegerField(default=0, editable=False)
    retry_at = models.DateTimeField(null=True, editable=False)
    down_since = models.DateTimeField(null=True, editable=False)
    last_error = models.CharField(max_length=300, blank=True, editable=False)
    heard_at = models.DateTimeField(_("last callback"), null=True, editable=False)
    created_at = models.DateTimeField(auto_now_add=True)
    updated_at = models.DateTimeField(auto_now=True)

    class Meta:
        verbose_name = _("gateway")
        verbose_name_plural = _("gateways")

    def __str__(self) -> str:
        return self.name


STATES = {
    "disabled": _("Switched off"),
    "offline": _("The gateway does not answer"),
    "working": _("Working"),
    "queued up": _("About to start"),
    "idle": _("Idle"),
}


class AgentQuerySet(models.QuerySet):
    def visible_to(self, user: User) -> "AgentQuerySet":
        """The agents that share a project with `user`."""
        return self.filter(user__memberships__project__in=Project.objects.visible_to(user)).distinct()

    def in_project(self, project: Project) -> "AgentQuerySet":
        return self.filter(user__in=project.members.all())

    def with_load(self) -> "AgentQuerySet":
        """Bring along what `current_tasks` and `status` count, so that a list of agents is one query."""
        busy, queued = Q(runs__status__in=Run.BUSY), Q(runs__status=Run.Status.QUEUED)
        return self.annotate(
            busy_runs=models.Count("runs", filter=busy, distinct=True),
            queued_runs=models.Count("runs", filter=queued, distinct=True),
        )


class Agent(models.Model):
    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    user = models.OneToOneField(settings.AUTH_USER_MODEL, models.PROTECT, related_name="agent", editable=False)
    gateway = models.ForeignKey(Gateway, models.PROTECT, related_name="agents", verbose_name=_("gateway"))
    name = models.CharField(_("name"), max_length=100)
    slug = models.SlugField(_("slug"), max_length=50, unique=True, help_text=_("The agent's id in OpenClaw."))
    model = models.CharField(_("model"), max_length=100, default="claude-opus-4-5")
    system_prompt = models.TextField(_("system prompt"), max_length=20_000, blank=True)
    max_concurrent = models.PositiveSmallIntegerField(_("runs at once"), default=1)
    timeout_seconds = models.PositiveIntegerField(_("time limit, seconds"), default=300)
    is_enabled = models.BooleanField(_("enabled"), default=True)
    created_at = models.DateTimeField(auto_now_add=True)
    updated_at = models.DateTimeField(auto_now=True)

    objects = AgentQuerySet.as_manager()

    class Meta:
        verbose_name = _("agent")
        verbose_name_plural = _("agents")
        ordering = ["name"]
        constraints = [
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
    def status(self) -> str:
        """disabled, offline, working, queued up or idle."""
        if not self.is_enabled:
            return "disabled"
        if not self.gateway.is_enabled or self.gateway.down_since:
            return "offline"
        if self.current_tasks:
            return "working"
        queued = self.queued_runs if hasattr(self, "queued_runs") else self.runs.queued().count()
        return "queued up" if queued else "idle"


class Pause(models.Model):
    """While it is there, no agent starts anything in the project."""

    project = models.OneToOneField(Project, models.CASCADE, related_name="pause")
    by = models.ForeignKey(settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="+")
    at = models.DateTimeField(db_default=Now())

    def __str__(self) -> str:
        return f"{self.project} is paused"


class RunQuerySet(models.QuerySet):
    def visible_to(self, user: User) -> "RunQuerySet":
        return self.filter(project__in=Project.objects.visible_to(user))

    def with_surroundings(self) -> "RunQuerySet":
        """Bring along what every verb asks of a run's place and agent.

        What most runs have comes by one statement; a room, or who has paused, by one more where there is one.
        """
        always = self.select_related("project__pause", "task__project", "task__column", "agent__gateway", "agent__user")
        rarely = ("project__pause__by", "message__room__project", "message__author", "about__project")
        return always.prefetch_related(*rarely)

    def queued(self) -> "RunQuerySet":
        return self.filter(status=Run.Status.QUEUED)

    def due(self) -> "RunQuerySet":
        """The queued runs that may be sent now, as far as they decide that themselves; first come those to go first."""
        due = self.queued().with_conversation().filter(due_at__lte=Now(), project__pause=None, is_held_up=False)
        return due.order_by("-priority", "created_at")

    def with_conversation(self) -> "RunQuerySet":
        """Say of each run whether another one may be at work in the same conversation: then it waits for that."""
        same = Run.objects.open().filter(agent=models.OuterRef("agent"), session_key=models.OuterRef("session_key"))
        asked = same.filter(first_sent_at__isnull=False).exclude(pk=models.OuterRef("pk"))
        return self.annotate(is_held_up=models.Exists(asked))

    def busy(self) -> "RunQuerySet":
        """The runs that take one of their agent's slots."""
        return self.filter(status__in=Run.BUSY)

    def open(self) -> "RunQuerySet":
        return self.filter(status__in=Run.OPEN)


class Run(models.Model):
    class Status(models.TextChoices):
        QUEUED = "queued", _("queued")
        SENDING = "sending", _("starting")
        RUNNING = "running", _("working")
        NEEDS_INPUT = "needs_input", _("needs you")
        UNCERTAIN = "uncertain", _("uncertain")
        SUCCEEDED = "succeeded", _("succeeded")
        FAILED = "failed", _("failed")
        CANCELLED = "cancelled", _("cancelled")
        TIMED_OUT = "timed_out", _("timed out")

    class Review(models.TextChoices):
        NONE = "", _("not reviewed")
        WAITING = "waiting", _("waits for a person")
        ACCEPTED = "accepted", _("accepted")
        SENT_BACK = "sent_back", _("sent back")

    BUSY = (Status.SENDING, Status.RUNNING, Status.NEEDS_INPUT)
    # An uncertain run is open: a person decides before the task may run again.
    OPEN = (Status.QUEUED, *BUSY, Status.UNCERTAIN)

    # The run's id is the Idempotency-Key of every attempt to send it, and stands in the prompt's first line.
    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    project = models.ForeignKey(Project, models.CASCADE, related_name="runs")
    # It takes place on a task, or in a room under the message that asked for it.
    task = models.ForeignKey(Task, models.CASCADE, null=True, related_name="runs")
    message = models.ForeignKey(Message, models.CASCADE, null=True, related_name="runs")
    # The one task that the message points at, whose own runs it leaves alone.
    about = models.ForeignKey(Task, models.SET_NULL, null=True, related_name="asked_about")
    # How many agents' messages led to it, one by one; a person's question has none before it.
    depth = models.PositiveSmallIntegerField(default=0)
    # What its line under the message says; on a task that stands on the card.
    note = models.JSONField(null=True)
    agent = models.ForeignKey(Agent, models.PROTECT, related_name="runs")
    requested_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="+")
    attempt = models.PositiveIntegerField(default=1)
    status = models.CharField(max_length=12, choices=Status, default=Status.QUEUED)
    review = models.CharField(max_length=10, choices=Review, blank=True, default=Review.NONE)
    priority = models.PositiveSmallIntegerField(default=Task.Priority.NORMAL)
    prompt = models.TextField(blank=True)  # what the requester, or who sent it back, added
    session_key = models.CharField(max_length=100)
    branch = models.CharField(max_length=100, blank=True)  # what its prompt proposed to call one
    # Frozen when it is first sent: every attempt sends the same bytes to the same path.
    request_path = models.CharField(max_length=100, blank=True)
    request_body = models.BinaryField(null=True)

    leased_by = models.CharField(max_length=100, blank=True)
    lease_until = models.DateTimeField(null=True)
    sends = models.PositiveSmallIntegerField(default=0)
    first_sent_at = models.DateTimeField(null=True)
    due_at = models.DateTimeField(db_default=Now())  # not to be sent before
    deadline_at = models.DateTimeField(null=True)

    result = models.TextField(blank=True)
    error = models.CharField(max_length=500, blank=True)
    model = models.CharField(max_length=100, blank=True)
    tokens_in = models.PositiveIntegerField(null=True)
    tokens_out = models.PositiveIntegerField(null=True)
    cost = models.DecimalField(max_digits=12, decimal_places=6, null=True)
    gateway_run_id = models.CharField(max_length=100, blank=True)

    created_at = models.DateTimeField(auto_now_add=True)
    started_at = models.DateTimeField(null=True)
    ended_at = models.DateTimeField(null=True)

    objects = RunQuerySet.as_manager()

    class Meta:
        ordering = ["-created_at"]
        constraints = [
            models.UniqueConstraint(
                fields=["task"],
                name="one_open_run_per_task",
                condition=Q(status__in=["queued", "sending", "running", "needs_input", "uncertain"]),
            ),
            models.UniqueConstraint(fields=["task", "attempt"], name="run_attempt_once_per_task"),
            models.CheckConstraint(
                name="run_in_one_place",
                condition=Q(task__isnull=False, message=None) | Q(task=None, message__isnull=False),
            ),
            models.UniqueConstraint(
                fields=["message", "agent"],
                name="one_open_run_per_mention",
                condition=Q(status__in=["queued", "sending", "running", "needs_input", "uncertain"]),
            ),
            models.UniqueConstraint(fields=["message", "agent", "attempt"], name="run_attempt_once_per_mention"),
            models.UniqueConstraint(
                fields=["agent", "session_key"],
                name="one_question_at_once_per_conversation",
                condition=Q(
                    status__in=["queued", "sending", "running", "needs_input", "uncertain"],
                    first_sent_at__isnull=False,
                ),
            ),
        ]
        indexes = [
            models.Index(F("priority").desc(), "created_at", name="run_queue", condition=Q(status="queued")),
            models.Index(fields=["agent", "status"], name="run_of_agent"),
            models.Index(fields=["session_key"], name="run_of_session"),
            models.Index(fields=["project", "branch"], name="run_of_branch", condition=~Q(branch="")),
        ]

    def __str__(self) -> str:
        return f"{self.task_id or self.message_id} attempt {self.attempt}"

    @property
    def stored_key(self) -> str:
        """The session's name inside OpenClaw, which prefixes the agent and lowers the case."""
        return f"agent:{self.agent.slug}:{self.session_key}".lower()


class Evidence(models.Model):
    """A pull request that came of a run: it stands on the branch which the run's prompt proposed."""

    run = models.ForeignKey(Run, models.CASCADE, related_name="evidence")
    request = models.ForeignKey(PullRequest, models.CASCADE, related_name="evidence")

    class Meta:
        ordering = ["pk"]
        constraints = [models.UniqueConstraint(fields=["run", "request"], name="evidence_once_per_run")]

    def __str__(self) -> str:
        return f"{self.run}: {self.request}"


class Refusal(models.Model):
    """A mention that started nothing, and why."""

    class Reason(models.TextChoices):
        ROLE = "role", _("Only who may direct agents here starts one by a mention.")
        PAIR = "pair", _("An agent's message starts another agent only where a maintainer allows it.")
        DEPTH = "depth", _("Agents have asked each other often enough; now it takes a person to ask.")
        CAP = "cap", _("Agents have asked each other as often as they may in a day.")

    message = models.ForeignKey(Message, models.CASCADE, related_name="refusals")
    agent = models.ForeignKey(Agent, models.CASCADE, related_name="+")
    reason = models.CharField(max_length=10, choices=Reason)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["message", "agent"], name="refused_once_per_mention")]

    def __str__(self) -> str:
        return self.get_reason_display()


class AllowedPair(models.Model):
    """A maintainer lets the messages of one agent start another one in the project."""

    project = models.ForeignKey(Project, models.CASCADE, related_name="allowed_pairs")
    from_agent = models.ForeignKey(Agent, models.CASCADE, related_name="+")
    to_agent = models.ForeignKey(Agent, models.CASCADE, related_name="+")
    by = models.ForeignKey(settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="+")
    at = models.DateTimeField(db_default=Now())

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["project", "from_agent", "to_agent"], name="pair_once_per_project"),
            models.CheckConstraint(name="pair_of_two", condition=~Q(from_agent=F("to_agent"))),
        ]

    def __str__(self) -> str:
        return f"{self.from_agent} → {self.to_agent}"


class Report(models.Model):
    """One callback as it came in: the evidence, and what makes a repeated delivery harmless."""

    gateway = models.ForeignKey(Gateway, models.CASCADE, related_name="reports")
    event_id = models.CharField(max_length=100)
    run = models.ForeignKey(Run, models.CASCADE, null=True, related_name="reports")
    kind = models.CharField(max_length=40)
    body = models.JSONField()
    # What it came to: "applied", "late" (kept as evidence) or "ignored", and the stored answer.
    outcome = models.CharField(max_length=20)
    at = models.DateTimeField(auto_now_add=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["gateway", "event_id"], name="report_once")]

    def __str__(self) -> str:
        return f"{self.kind} {self.event_id}"

"""One attempt by one agent, at a task or at what a message asks."""

import uuid
from datetime import timedelta

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Now

from apps.accounts.models import User
from apps.agents.runs import states
from apps.chat.models import Message
from apps.projects.models import Project, PullRequest
from apps.tasks.models import Comment, Task

LEASE = timedelta(seconds=60)


class RunQuerySet(models.QuerySet["Run"]):
    def visible_to(self, user: User, *, projects_first: bool = False) -> "RunQuerySet":
        """The runs in the projects of `user`.

        For a list by time the projects are read first: by their numbers the planner knows whether to walk the index.
        """
        projects = Project.objects.visible_to(user)
        return self.filter(project__in=list(projects.values_list("pk", flat=True)) if projects_first else projects)

    def with_related(self) -> "RunQuerySet":
        """Bring along what every step asks of a run's target and agent.

        What most runs have comes by one statement; a room, or who has paused, by one more where there is one.
        """
        always = self.select_related(
            "project__pause",
            "task__project",
            "task__column",
            "agent__gateway",
            "agent__user",
            "agent__failure_streak",
            "gateway",
            "stop_request",
            "requested_by",
        )
        rarely = ("project__pause__paused_by", "message__room__project", "message__author", "referenced_task__project")
        return always.prefetch_related(*rarely)

    def for_change(self) -> "RunQuerySet":
        return self.with_related()

    def queued(self) -> "RunQuerySet":
        return self.filter(status=Run.Status.QUEUED)

    def busy(self) -> "RunQuerySet":
        """The runs that take one of their agent's slots."""
        return self.filter(status__in=Run.BUSY)

    def open(self) -> "RunQuerySet":
        return self.filter(status__in=Run.OPEN)


class Run(models.Model):
    Status, Review, BUSY, OPEN = states.Status, states.Review, states.BUSY, states.OPEN

    # The run's id is the Idempotency-Key of every attempt to send it, and stands in the prompt's first line.
    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    project = models.ForeignKey(Project, models.CASCADE, related_name="runs")
    # It works for a task, or for the message in a room that asked for it.
    task = models.ForeignKey(Task, models.CASCADE, null=True, related_name="runs", db_index=False)
    message = models.ForeignKey(Message, models.CASCADE, null=True, related_name="runs", db_index=False)
    # The one task that the message points at, whose own runs it leaves alone.
    referenced_task = models.ForeignKey(Task, models.SET_NULL, null=True, related_name="referencing_runs")
    # How many agents' messages led to it, one by one; a person's question has none before it.
    handoff_depth = models.PositiveSmallIntegerField(default=0)
    # What its line under the message says; on a task that stands on the card.
    status_note = models.JSONField(null=True)
    agent = models.ForeignKey("agents.Agent", models.PROTECT, related_name="runs", db_index=False)
    requested_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="+")
    attempt = models.PositiveIntegerField(default=1)
    status = models.CharField(max_length=12, choices=Status, default=Status.QUEUED)
    review = models.CharField(max_length=20, choices=Review, blank=True, default=Review.NONE)
    priority = models.PositiveSmallIntegerField(default=Task.Priority.NORMAL)
    prompt = models.TextField(blank=True)  # what the requester, or who sent it back, added
    session_key = models.CharField(max_length=100)
    # Where it is sent: only reports from there move it, whatever becomes of the agent's row meanwhile.
    gateway = models.ForeignKey("agents.Gateway", models.SET_NULL, null=True, related_name="runs")
    # The session's name inside OpenClaw.
    gateway_session_key = models.CharField(max_length=200, blank=True)
    branch = models.CharField(max_length=100, blank=True)  # what its prompt proposed to call one
    # Frozen when it is first sent: every attempt sends the same bytes to the same path.
    request_path = models.CharField(max_length=100, blank=True)
    request_body = models.BinaryField(null=True)

    leased_by = models.CharField(max_length=100, blank=True)
    lease_until = models.DateTimeField(null=True)
    send_count = models.PositiveSmallIntegerField(default=0)
    first_sent_at = models.DateTimeField(null=True)
    due_at = models.DateTimeField(db_default=Now())  # not to be sent before
    deadline_at = models.DateTimeField(null=True)
    # When its session is looked into, unless something is heard of the run before.
    look_at = models.DateTimeField(null=True)

    result = models.TextField(blank=True)
    is_result_truncated = models.BooleanField(default=False)  # only the beginning of the agent's answer came, or fits
    # Where people read the result; None where it could not be shown, and for a message, which is answered by another.
    result_comment = models.ForeignKey(Comment, models.SET_NULL, null=True, related_name="+")
    error = models.CharField(max_length=500, blank=True)
    # What ended it, as the code of a note, where `error` has somebody else's words for it.
    cause = models.CharField(max_length=20, blank=True)
    failure = models.CharField(max_length=64, blank=True)  # the fingerprint of why it failed, the same for one reason
    model = models.CharField(max_length=100, blank=True)
    tokens_in = models.PositiveIntegerField(null=True)
    tokens_out = models.PositiveIntegerField(null=True)
    cost = models.DecimalField(max_digits=12, decimal_places=6, null=True)
    gateway_run_id = models.CharField(max_length=100, blank=True)

    created_at = models.DateTimeField(auto_now_add=True)
    queued_at = models.DateTimeField(db_default=Now())  # its place in line, which a pause keeps for it
    started_at = models.DateTimeField(null=True)
    ended_at = models.DateTimeField(null=True)

    is_reported: bool  # whether the report at hand has come before: for who receives it
    agent_busy: int  # runs that take a slot of its agent: with the one that may start next
    gateway_sending: int  # runs on their way to its gateway: likewise
    obstacle: str | None  # what keeps it waiting by itself: in the scheduler's queue
    answer: Message | None  # the message it was answered with: in a message's footer

    objects = RunQuerySet.as_manager()

    class Meta:
        ordering = ["-created_at"]
        constraints = [
            models.UniqueConstraint(
                fields=["task"],
                name="one_open_run_per_task",
                condition=Q(status__in=states.OPEN),
            ),
            models.UniqueConstraint(fields=["task", "attempt"], name="run_attempt_once_per_task"),
            models.CheckConstraint(
                name="run_has_one_target",
                condition=Q(task__isnull=False, message=None) | Q(task=None, message__isnull=False),
            ),
            models.UniqueConstraint(
                fields=["message", "agent"],
                name="one_open_run_per_mention",
                condition=Q(status__in=states.OPEN),
            ),
            models.UniqueConstraint(fields=["message", "agent", "attempt"], name="run_attempt_once_per_mention"),
            models.UniqueConstraint(
                fields=["agent", "session_key"],
                name="one_sent_run_per_session",
                condition=Q(status__in=states.OPEN, first_sent_at__isnull=False),
            ),
        ]
        indexes = [
            models.Index(F("priority").desc(), "queued_at", name="run_queue", condition=Q(status=states.Status.QUEUED)),
            models.Index(fields=["agent", "status"], name="run_of_agent"),
            models.Index(fields=["created_at"], name="run_by_time"),
            # In an order that `run_by_time` has not: the planner may not look for an idle agent's latest run there.
            models.Index("agent", F("created_at").desc(nulls_last=True), name="latest_run_of_agent"),
            models.Index(fields=["look_at"], name="run_to_look_up", condition=Q(look_at__isnull=False)),
            models.Index(fields=["session_key"], name="run_of_session"),
            models.Index(fields=["agent", "failure"], name="run_of_failure", condition=~Q(failure="")),
            models.Index(fields=["project", "branch"], name="run_of_branch", condition=~Q(branch="")),
        ]

    def __str__(self) -> str:
        return f"{self.task_id or self.message_id} attempt {self.attempt}"


class RunPullRequest(models.Model):
    """A pull request that came of a run: it stands on the branch which the run's prompt proposed."""

    run = models.ForeignKey(Run, models.CASCADE, related_name="pull_request_links", db_index=False)
    pull_request = models.ForeignKey(PullRequest, models.CASCADE, related_name="run_links")

    class Meta:
        ordering = ["pk"]
        constraints = [models.UniqueConstraint(fields=["run", "pull_request"], name="pull_request_once_per_run")]

    def __str__(self) -> str:
        return f"{self.run}: {self.pull_request}"

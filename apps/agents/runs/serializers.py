from typing import Any

from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from apps.agents.models import Pause, Run, StopRequest
from apps.agents.runs.actions.review import NOTE_LENGTH
from apps.projects.git.pull_request_api import PullRequestSerializer
from apps.projects.models import PullRequest
from apps.rest.rows import shown
from apps.tasks import status_notes


class AssignSerializer(serializers.Serializer[Any]):
    task_id = serializers.IntegerField(min_value=1)
    prompt = serializers.CharField(default="", allow_blank=True, trim_whitespace=False, help_text="200 KiB at most.")
    queue = serializers.BooleanField(default=False, help_text="Wait in line if the agent is busy.")


class NoteSerializer(serializers.Serializer[Any]):
    note = serializers.CharField(max_length=NOTE_LENGTH, help_text="What is missing.")


class RetrySerializer(serializers.Serializer[Any]):
    fresh = serializers.BooleanField(default=False, help_text="In a new session, without what was said before.")


class AcceptSerializer(serializers.Serializer[Any]):
    anyway = serializers.BooleanField(default=False, help_text="Close the task though subtasks are open.")


class RunLineSerializer(serializers.Serializer[Any]):
    """A run in a list: a plain row of `api.rows()`."""

    id = serializers.UUIDField()
    task = serializers.IntegerField(source="task_id", allow_null=True, help_text="The task it works at.")
    message = serializers.IntegerField(source="message_id", allow_null=True, help_text="Or the message it answers.")
    referenced_task = serializers.IntegerField(
        source="referenced_task_id", allow_null=True, help_text="The one task that the message points at."
    )
    agent = serializers.UUIDField(source="agent_id")
    attempt = serializers.IntegerField()
    status = serializers.ChoiceField(choices=Run.Status.values)
    review = serializers.ChoiceField(choices=[value for value in Run.Review.values if value], allow_blank=True)
    branch = serializers.CharField(help_text="What it was told to call a branch for its work.")
    waits_for = serializers.SerializerMethodField()
    cause = serializers.CharField(
        help_text="A code: why it was delayed, or came to nothing. Empty where `error` says it."
    )
    error = serializers.CharField(help_text="The original words, of the gateway or the agent.")
    stop = serializers.ChoiceField(
        source="stop_request__state",
        choices=StopRequest.State.choices,
        allow_null=True,
        help_text="How a stopped run stands at its gateway; null where nothing is to be stopped there.",
    )
    stop_reason = serializers.ChoiceField(
        source="stop_request__reason",
        choices=StopRequest.Reason.choices,
        allow_null=True,
        allow_blank=True,
        help_text="Why nobody knows yet that it has stopped.",
    )
    model = serializers.CharField()
    tokens_in = serializers.IntegerField(allow_null=True)
    tokens_out = serializers.IntegerField(allow_null=True)
    cost = serializers.DecimalField(max_digits=12, decimal_places=6, allow_null=True)
    requested_by = serializers.IntegerField(source="requested_by_id", allow_null=True)
    created_at = serializers.DateTimeField()
    started_at = serializers.DateTimeField(allow_null=True)
    ended_at = serializers.DateTimeField(allow_null=True)

    def get_waits_for(self, row: dict[str, Any]) -> str:
        """What the card or the line under the message says, while the run is the one it speaks of."""
        note = row["status_note"] or row["task__status_note"]
        return str(status_notes.sentence_of(note)) if note and note.get("run") == str(row["id"]) else ""


class RunSerializer(RunLineSerializer):
    prompt = serializers.CharField()
    result = serializers.CharField()
    is_result_truncated = serializers.BooleanField(help_text="Whether the result is only the beginning of the answer.")
    pull_requests = serializers.SerializerMethodField()

    @extend_schema_field(PullRequestSerializer(many=True))
    def get_pull_requests(self, row: dict[str, Any]) -> list[dict[str, Any]]:
        """What stands on its branch."""
        found = PullRequest.objects.filter(run_links__run=row["id"]).order_by("pk")
        return shown(PullRequestSerializer, found)


class StopRunningSerializer(serializers.Serializer[Any]):
    running = serializers.ChoiceField(
        choices=["finish", "stop"], default="finish", help_text="What becomes of running attempts."
    )


class PauseSerializer(serializers.ModelSerializer[Pause]):
    class Meta:
        model = Pause
        fields = ["paused_by", "paused_at"]

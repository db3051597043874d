from typing import Any

from rest_framework import serializers

from apps.accounts.models import User
from apps.max_length import max_length
from apps.names import validate_name
from apps.projects.serializers import ManyWithinProject, WithinProject
from apps.tasks import status_notes
from apps.tasks.models import Column, Comment, EmptyReason, Label, Task

LABELS_PER_TASK = 20


class ColumnSerializer(serializers.ModelSerializer[Column]):
    class Meta:
        model = Column
        fields = ["id", "name", "category", "position"]


class LabelSerializer(serializers.ModelSerializer[Label]):
    class Meta:
        model = Label
        fields = ["id", "name", "hue"]


class PriorityField(serializers.ChoiceField):
    """A priority by its name: low, normal, high or urgent."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(choices=[priority.name.lower() for priority in Task.Priority], **kwargs)

    def to_internal_value(self, data: Any) -> Task.Priority:  # type: ignore[override]  # a name comes in, a number comes of it
        return Task.Priority[super().to_internal_value(data).upper()]

    def to_representation(self, value: Any) -> str:
        return Task.Priority(value).name.lower()


class TaskLineSerializer(serializers.Serializer[Any]):
    """A task in a list: a plain row of `detail.api.task_rows()`."""

    id = serializers.IntegerField()
    key = serializers.SerializerMethodField()
    number = serializers.IntegerField()
    title = serializers.CharField()
    priority = PriorityField()
    column = serializers.IntegerField(source="column_id")
    category = serializers.CharField(source="column__category")
    assignee = serializers.IntegerField(source="assignee_id", allow_null=True)
    parent = serializers.IntegerField(source="parent_id", allow_null=True)  # type: ignore[assignment]  # DRF keeps declared fields elsewhere
    labels = serializers.ListField(child=serializers.IntegerField(), source="label_ids")
    waits_for = serializers.SerializerMethodField()
    version = serializers.IntegerField()
    created_by = serializers.IntegerField(source="created_by_id", allow_null=True)
    created_at = serializers.DateTimeField()
    updated_at = serializers.DateTimeField()

    def get_key(self, row: dict[str, Any]) -> str:
        return f"{row['project__key']}-{row['number']}"

    def get_waits_for(self, row: dict[str, Any]) -> str:
        return str(status_notes.sentence_of(row["status_note"])) if row["status_note"] else ""


class TaskSerializer(TaskLineSerializer):
    description = serializers.CharField()


class NewTaskSerializer(serializers.Serializer[Any]):
    title = serializers.CharField(max_length=max_length(Task, "title"), validators=[validate_name])
    description = serializers.CharField(
        max_length=max_length(Task, "description"), allow_blank=True, trim_whitespace=False
    )
    priority = PriorityField()
    column = WithinProject(queryset=Column.objects.all())
    assignee = WithinProject(queryset=User.objects.filter(is_active=True), by="memberships__project", allow_null=True)
    parent = WithinProject(queryset=Task.objects.all(), allow_null=True)  # type: ignore[assignment]  # DRF keeps declared fields elsewhere
    labels = ManyWithinProject(queryset=Label.objects.all(), max_length=LABELS_PER_TASK)
    anyway = serializers.BooleanField(help_text="Add it though its parent is done.")

    def get_fields(self) -> dict[str, Any]:
        fields = super().get_fields()
        for name in fields.keys() - {"title"}:
            fields[name].required = False
        return fields


class EditedTaskSerializer(NewTaskSerializer):
    """What PATCH may change. The column changes by moving; the parent stays."""

    version = serializers.IntegerField(min_value=1, help_text="The version you saw; stale is 412.")
    column = parent = anyway = None  # type: ignore[assignment]  # how DRF takes inherited fields away


class MoveSerializer(serializers.Serializer[Any]):
    to = WithinProject(queryset=Column.objects.all(), help_text="The column.")
    after = WithinProject(queryset=Task.objects.all(), required=False, help_text="The task it is to stand below.")
    before = WithinProject(queryset=Task.objects.all(), required=False, help_text="The task it is to stand above.")
    seen_in = WithinProject(
        queryset=Column.objects.all(), required=False, help_text="The column you saw it in; left it is 412."
    )
    anyway = serializers.BooleanField(
        default=False, help_text="Close it though subtasks are open, or open it though its parent is done."
    )


class NoticeField(serializers.CharField):
    """What is said in the place of a text that is not there, in the reader's language."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(source="empty_reason", read_only=True, **kwargs)

    def to_representation(self, value: str) -> str:
        return str(EmptyReason(value).label) if value else ""


class CommentSerializer(serializers.Serializer[Any]):
    id = serializers.IntegerField(read_only=True)
    task = serializers.IntegerField(source="task_id", read_only=True)
    author = serializers.IntegerField(source="author_id", read_only=True, allow_null=True)
    text = serializers.CharField(max_length=max_length(Comment, "text"))
    client_comment_id = serializers.UUIDField(
        write_only=True, required=False, help_text="Yours: sent again with it, nothing is posted twice."
    )
    is_truncated = serializers.BooleanField(
        read_only=True, help_text="Whether it is only the beginning of what its author said."
    )
    empty_reason = serializers.ChoiceField(
        EmptyReason.choices,
        read_only=True,
        allow_blank=True,
        help_text="Why an agent's answer has no text; empty where it has one.",
    )
    notice = NoticeField(help_text="The same as a sentence, in your language.")
    created_at = serializers.DateTimeField(read_only=True)

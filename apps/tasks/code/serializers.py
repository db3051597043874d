from typing import Any

from rest_framework import serializers

from apps.max_length import max_length
from apps.projects.models import Repository
from apps.projects.serializers import WithinProject
from apps.tasks.models import BranchNameTemplate, CodeLink, Column
from apps.tasks.serializers import TaskSerializer


class PullRequestRulesSerializer(serializers.Serializer[Any]):
    """By event the column that cards go to, null where they stay. An event left out has its default column."""

    draft = WithinProject(queryset=Column.objects.all(), required=False, allow_null=True)
    open = WithinProject(queryset=Column.objects.all(), required=False, allow_null=True)
    changes = WithinProject(queryset=Column.objects.all(), required=False, allow_null=True)
    merged = WithinProject(queryset=Column.objects.all(), required=False, allow_null=True)
    closed = WithinProject(queryset=Column.objects.all(), required=False, allow_null=True)


class LinkSerializer(serializers.ModelSerializer[CodeLink]):
    """What belongs to a task: a branch by its name, a commit by its hash, a pull request by its number."""

    created_by = serializers.IntegerField(source="created_by_id", allow_null=True, help_text="Who linked it by hand.")

    class Meta:
        model = CodeLink
        fields = ["id", "task", "repository", "kind", "ref", "triggers_moves", "created_by", "created_at"]


class NewLinkSerializer(serializers.Serializer[Any]):
    """A pull request, by hand: from then on it may move the card."""

    repository = WithinProject(queryset=Repository.objects.all())
    number = serializers.IntegerField(min_value=1, max_value=2**31 - 1)


class BranchNamesSerializer(serializers.Serializer[Any]):
    template = serializers.CharField(
        max_length=max_length(BranchNameTemplate, "template"),
        allow_blank=True,
        help_text="Such as {user}/{key}-{title}; {key} begins it or stands behind a slash. Empty: {key}-{title}.",
    )


class StartedSerializer(serializers.Serializer[Any]):
    task = TaskSerializer()
    branch = serializers.CharField(help_text="What to call the branch, so that what is pushed there is linked.")

"""The API of one task: reading and editing it, its comments."""

import re
from collections.abc import Iterable
from operator import attrgetter
from typing import Any

from django.contrib.postgres.expressions import ArraySubquery
from django.db.models import OuterRef, QuerySet
from django.utils.translation import gettext as _
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework.response import Response
from rest_framework.views import APIView

from apps.accounts.request_types import MemberApiRequest
from apps.errors import Conflict
from apps.projects import permissions
from apps.projects.changes import locked_for_change
from apps.projects.permissions import Action
from apps.rest.pagination import PARAMETERS, page, page_of
from apps.rest.validation import validated
from apps.tasks.actions.assign import assign
from apps.tasks.actions.comment import comment
from apps.tasks.actions.edit import edit
from apps.tasks.models import Comment, Label, Task
from apps.tasks.serializers import CommentSerializer, EditedTaskSerializer, TaskSerializer

COLUMNS = [
    *("id", "project__key", "number", "title", "priority", "column_id", "column__category", "assignee_id"),
    *("parent_id", "label_ids", "status_note", "version", "created_by_id", "created_at", "updated_at"),
]


def task_rows(tasks: QuerySet[Task], *more: str) -> QuerySet[Task, dict[str, Any]]:
    """Tasks as plain rows with the ids of their labels, by one query."""
    labels = Task.labels.through.objects.filter(task_id=OuterRef("pk")).order_by("label_id")
    rows: QuerySet[Task, dict[str, Any]] = tasks.annotate(label_ids=ArraySubquery(labels.values("label_id"))).values(
        *COLUMNS, *more
    )
    return rows


def represented(task: Task) -> dict[str, Any]:
    return TaskSerializer(task_rows(Task.objects.filter(pk=task.pk), "description").get()).data


def task_response(task: Task) -> Response:
    """The task as it is now; its version is the ETag that If-Match takes."""
    return _response(represented(task), status=200)


_HELD_BY_TASK = {name: attrgetter(name.replace("__", ".")) for name in [*COLUMNS, "description"] if name != "label_ids"}


def created_response(task: Task, labels: Iterable[Label]) -> Response:
    """The task as it was created just now, with `labels`: from what is at hand, nothing is read again."""
    row = {name: value(task) for name, value in _HELD_BY_TASK.items()}
    row["label_ids"] = sorted({label.pk for label in labels})
    return _response(TaskSerializer(row).data, status=201)


def _response(body: dict[str, Any], status: int) -> Response:
    return Response(body, status=status, headers={"ETag": f'"{body["version"]}"'})


def find_task(request: MemberApiRequest, pk: int, needs: Action = Action.VIEW) -> Task:
    """The task: found or 404. With `needs` the right is asked before the body is looked at; its action asks again."""
    return permissions.find(Task.objects.select_related("project"), by=request.user, needs=needs, pk=pk)


class TaskView(APIView):
    @extend_schema(responses=TaskSerializer)
    def get(self, request: MemberApiRequest, pk: int) -> Response:
        """One task."""
        return task_response(find_task(request, pk))

    @extend_schema(
        request=EditedTaskSerializer,
        responses=TaskSerializer,
        parameters=[OpenApiParameter("If-Match", str, "header", description="The ETag you saw; or `version`.")],
    )
    def patch(self, request: MemberApiRequest, pk: int) -> Response:
        """Change some fields. From a stale version: 412, with the task as it stands now in `current`."""
        task = find_task(request, pk, needs=Action.WRITE)
        changes = validated(EditedTaskSerializer, request, task.project, partial=True)
        seen = [changes.pop("version", None), version_in(request.headers.get("If-Match"))]
        with locked_for_change(task.project_id, task):  # the version stays what it is until both changes commit
            check_version(task, seen)
            if "assignee" in changes:
                assign(task, to=changes.pop("assignee"), by=request.user)
            return task_response(edit(task, by=request.user, **changes))


def version_in(etag: str | None) -> int | None:
    """The version that an If-Match header names; one that cannot be ours is 0, which no task has."""
    if etag is None or etag.strip() == "*":
        return None
    match = re.fullmatch(r'(?:W/)?"(\d{1,9})"', etag.strip())
    return int(match[1]) if match else 0


def check_version(task: Task, seen: list[int | None]) -> None:
    """Raise Conflict if the task, read under its lock, has another version than one seen."""
    if {version for version in seen if version is not None} - {task.version}:
        raise Conflict(_("Someone else changed this task first."), current=represented(task))


class CommentsView(APIView):
    @extend_schema(parameters=PARAMETERS, responses=page_of(CommentSerializer))
    def get(self, request: MemberApiRequest, pk: int) -> Response:
        """What was said under a task, oldest first."""
        comments = Comment.objects.filter(task=find_task(request, pk))
        columns = comments.values("id", "task_id", "author_id", "text", "is_truncated", "empty_reason", "created_at")
        return page(request, columns, CommentSerializer)

    @extend_schema(request=CommentSerializer, responses={201: CommentSerializer})
    def post(self, request: MemberApiRequest, pk: int) -> Response:
        """Comment on a task, in Markdown. With a `client_comment_id` that came before: what was posted then."""
        task = find_task(request, pk, needs=Action.COMMENT)
        created = comment(task, **validated(CommentSerializer, request, task.project), by=request.user)
        return Response(CommentSerializer(created).data, 201)

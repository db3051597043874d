"""The programs' door to columns, labels, tasks and comments."""

import re
from typing import Any

from django import forms
from django.contrib.postgres.expressions import ArraySubquery
from django.db import transaction
from django.db.models import OuterRef, QuerySet
from django.shortcuts import get_object_or_404
from django.utils.translation import gettext as _
from django_filters import rest_framework as filters
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework.exceptions import ValidationError
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from apps.errors import Conflict
from apps.projects import permissions
from apps.projects.models import Project
from apps.projects.permissions import Action
from apps.rest.pagination import PARAMETERS, page, page_of
from apps.tasks.actions.assign import assign
from apps.tasks.actions.comment import comment
from apps.tasks.actions.create import create
from apps.tasks.actions.edit import edit
from apps.tasks.actions.move import move
from apps.tasks.actions.start import start
from apps.tasks.code import branch_names, links, pull_request_rules
from apps.tasks.models import Category, CodeLink, Comment, Task
from apps.tasks.serializers import (
    BranchNamesSerializer,
    ColumnSerializer,
    CommentSerializer,
    EditedTaskSerializer,
    LabelSerializer,
    LinkSerializer,
    MoveSerializer,
    NewLinkSerializer,
    NewTaskSerializer,
    PullRequestRulesSerializer,
    StartedSerializer,
    TaskLineSerializer,
    TaskSerializer,
)

LINE = [
    *("id", "project__key", "number", "title", "priority", "column_id", "column__category", "assignee_id"),
    *("parent_id", "label_ids", "status_note", "version", "created_by_id", "created_at", "updated_at"),
]


def rows(tasks: QuerySet, *more: str) -> QuerySet:
    """Tasks as plain rows with the ids of their labels, by one query."""
    labels = Task.labels.through.objects.filter(task_id=OuterRef("pk")).order_by("label_id")
    return tasks.annotate(label_ids=ArraySubquery(labels.values("label_id"))).values(*LINE, *more)


def shown(task: Task) -> dict:
    return TaskSerializer(rows(Task.objects.filter(pk=task.pk), "description").get()).data


def answer(task: Task, status: int = 200) -> Response:
    """The task as it stands now; its version is the ETag that If-Match takes."""
    told = shown(task)
    return Response(told, status=status, headers={"ETag": f'"{told["version"]}"'})


class WholeNumberFilter(filters.Filter):
    """By a whole number; the library's NumberFilter would take 1e999999999 and compute it."""

    field_class = forms.IntegerField


class TaskFilter(filters.FilterSet):
    column = WholeNumberFilter(field_name="column_id", label="The column's id.")
    category = filters.ChoiceFilter(field_name="column__category", choices=Category.choices)
    assignee = WholeNumberFilter(field_name="assignee_id", label="The id of the person or agent.")
    label = WholeNumberFilter(field_name="labels", label="The label's id.")
    parent = WholeNumberFilter(field_name="parent_id", label="The id of the task it is a part of.")
    q = filters.CharFilter(field_name="title", lookup_expr="icontains", max_length=200, label="In the title.")


def filtered(request: Request, filter_class: type[filters.FilterSet], found: QuerySet) -> QuerySet:
    """`found` by the filters of the query string. Raises ValidationError for one that is unknown or wrong."""
    known = filter_class.base_filters
    if unknown := request.query_params.keys() - known.keys() - {"cursor", "limit"}:
        sentence = _("There is no such filter. There are: {names}.").format(names=", ".join(known))
        raise ValidationError(dict.fromkeys(sorted(unknown), sentence))
    asked = filter_class(request.query_params, queryset=found)
    if not asked.is_valid():
        raise ValidationError(asked.errors)
    return asked.qs


def filter_parameters(filter_class: type[filters.FilterSet]) -> list[OpenApiParameter]:
    known = filter_class.base_filters.items()
    return [OpenApiParameter(name, str, description=str(one.label or "")) for name, one in known]


def project_for(request: Request, key: str, action: Action = Action.VIEW) -> Project:
    """The project if it is the asker's (else 404) and their role allows `action` (else 403)."""
    return permissions.project_for(request.user, key, action)


def task_for(request: Request, pk: int, action: Action) -> Task:
    """The task if its project is the asker's (else 404) and their role allows `action` (else 403)."""
    visible = Task.objects.visible_to(request.user).select_related("project")
    task = get_object_or_404(visible, pk=pk)
    permissions.require(request.user, action, task.project)
    return task


def valid(shape: type, request: Request, project: Project, **kwargs) -> dict[str, Any]:
    """The body's fields. Raises ValidationError; `project` bounds what its ids may name."""
    given = shape(data=request.data, context={"project": project}, **kwargs)
    given.is_valid(raise_exception=True)
    return given.validated_data


class ColumnsView(APIView):
    @extend_schema(responses=ColumnSerializer(many=True))
    def get(self, request: Request, key: str) -> Response:
        """A project's columns from left to right."""
        return Response(ColumnSerializer(project_for(request, key).columns.all(), many=True).data)


class LabelsView(APIView):
    @extend_schema(parameters=PARAMETERS, responses=page_of(LabelSerializer))
    def get(self, request: Request, key: str) -> Response:
        """A project's labels."""
        return page(request, project_for(request, key).labels.all(), LabelSerializer)


class PullRequestRulesView(APIView):
    @extend_schema(responses=PullRequestRulesSerializer)
    def get(self, request: Request, key: str) -> Response:
        """Where a project's cards go by what a pull request has come to."""
        return Response(self.shown(project_for(request, key)))

    @extend_schema(request=PullRequestRulesSerializer, responses=PullRequestRulesSerializer)
    def put(self, request: Request, key: str) -> Response:
        """Choose it (maintainers); what is left out is as usual."""
        project = project_for(request, key, Action.MANAGE)
        pull_request_rules.set_rules(project, valid(PullRequestRulesSerializer, request, project), by=request.user)
        return Response(self.shown(project))

    def shown(self, project: Project) -> dict[str, int | None]:
        return PullRequestRulesSerializer(
            {rule.event: rule.column for rule in pull_request_rules.rules_of(project)}
        ).data


class BranchNamesView(APIView):
    @extend_schema(responses=BranchNamesSerializer)
    def get(self, request: Request, key: str) -> Response:
        """How a project's branches are called."""
        return Response({"template": branch_names.template_of(project_for(request, key))})

    @extend_schema(request=BranchNamesSerializer, responses=BranchNamesSerializer)
    def put(self, request: Request, key: str) -> Response:
        """Choose it (maintainers)."""
        project = project_for(request, key, Action.MANAGE)
        branch_names.call(project, valid(BranchNamesSerializer, request, project)["template"], by=request.user)
        return Response({"template": branch_names.template_of(project)})


class TasksView(APIView):
    @extend_schema(parameters=[*filter_parameters(TaskFilter), *PARAMETERS], responses=page_of(TaskLineSerializer))
    def get(self, request: Request, key: str) -> Response:
        """A project's tasks, oldest first, without their descriptions."""
        found = filtered(request, TaskFilter, Task.objects.filter(project=project_for(request, key)))
        return page(request, rows(found), TaskLineSerializer)

    @extend_schema(request=NewTaskSerializer, responses={201: TaskSerializer})
    def post(self, request: Request, key: str) -> Response:
        """Create a task, at the end of its column (the first one unless told)."""
        project = project_for(request, key, Action.WRITE)
        task = create(project, by=request.user, **valid(NewTaskSerializer, request, project))
        return answer(task, status=201)


class TaskView(APIView):
    @extend_schema(responses=TaskSerializer)
    def get(self, request: Request, pk: int) -> Response:
        """One task."""
        return answer(task_for(request, pk, Action.VIEW))

    @extend_schema(
        request=EditedTaskSerializer,
        responses=TaskSerializer,
        parameters=[OpenApiParameter("If-Match", str, "header", description="The ETag you saw; or `version`.")],
    )
    @transaction.atomic
    def patch(self, request: Request, pk: int) -> Response:
        """Change some fields. From a stale version: 412, with the task as it stands now in `current`."""
        task = task_for(request, pk, Action.WRITE)
        changes = valid(EditedTaskSerializer, request, task.project, partial=True)
        check_version(task, [changes.pop("version", None), version_in(request.headers.get("If-Match"))])
        if "assignee" in changes:
            assign(task, to=changes.pop("assignee"), by=request.user)
        return answer(edit(task, by=request.user, **changes))


def version_in(etag: str | None) -> int | None:
    """The version that an If-Match header names; one that cannot be ours is 0, which no task has."""
    if etag is None or etag.strip() == "*":
        return None
    match = re.fullmatch(r'(?:W/)?"(\d{1,9})"', etag.strip())
    return int(match[1]) if match else 0


def check_version(task: Task, seen: list[int | None]) -> None:
    """Raise Conflict if the task has another version than one seen. The lock lasts until the edit commits."""
    Project.objects.locked(task.project_id)
    task.refresh_from_db()
    if {version for version in seen if version is not None} - {task.version}:
        raise Conflict(_("Somebody changed this task first."), current=shown(task))


class MoveView(APIView):
    @extend_schema(request=MoveSerializer, responses=TaskSerializer)
    def post(self, request: Request, pk: int) -> Response:
        """Move a task to a column, between two neighbours; without one, to the column's end."""
        task = task_for(request, pk, Action.WRITE)
        return answer(move(task, by=request.user, **valid(MoveSerializer, request, task.project)))


class StartView(APIView):
    @extend_schema(request=None, responses=StartedSerializer)
    def post(self, request: Request, pk: int) -> Response:
        """Begin a task: nobody's becomes yours, and one that waits goes in progress. Names the branch to work on."""
        task = start(task_for(request, pk, Action.WRITE), by=request.user)
        return Response({"task": shown(task), "branch": branch_names.name_for(task, user=request.user)})


class LinksView(APIView):
    @extend_schema(parameters=PARAMETERS, responses=page_of(LinkSerializer))
    def get(self, request: Request, pk: int) -> Response:
        """What of the repositories belongs to a task; what was taken off is left out."""
        return page(request, task_for(request, pk, Action.VIEW).code_links.active(), LinkSerializer)

    @extend_schema(request=NewLinkSerializer, responses={201: LinkSerializer})
    def post(self, request: Request, pk: int) -> Response:
        """Link a pull request that the board has heard of. Linked already, it stays as it is."""
        task = task_for(request, pk, Action.WRITE)
        made = links.link(task, **valid(NewLinkSerializer, request, task.project), by=request.user)
        return Response(LinkSerializer(made).data, status=201)


class LinkView(APIView):
    @extend_schema(responses={204: None})
    def delete(self, request: Request, pk: int) -> Response:
        """Take a link off for good: only a person or a program links these two again."""
        visible = CodeLink.objects.visible_to(request.user).select_related("task__project")
        found = get_object_or_404(visible, pk=pk)
        permissions.require(request.user, Action.WRITE, found.task.project)
        links.unlink(found, by=request.user)
        return Response(status=204)


class CommentsView(APIView):
    @extend_schema(parameters=PARAMETERS, responses=page_of(CommentSerializer))
    def get(self, request: Request, pk: int) -> Response:
        """What was said under a task, oldest first."""
        said = Comment.objects.filter(task=task_for(request, pk, Action.VIEW))
        columns = said.values("id", "task_id", "author_id", "text", "created_at")
        return page(request, columns, CommentSerializer)

    @extend_schema(request=CommentSerializer, responses={201: CommentSerializer})
    def post(self, request: Request, pk: int) -> Response:
        """Say something under a task, in Markdown."""
        task = task_for(request, pk, Action.COMMENT)
        words = valid(CommentSerializer, request, task.project)["text"]
        return Response(CommentSerializer(comment(task, words=words, by=request.user)).data, 201)

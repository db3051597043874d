"""The API of the board: columns, labels, the list of tasks, creating and moving them."""

from typing import cast

from django.db.models import QuerySet
from django_filters import rest_framework as filters
from drf_spectacular.utils import extend_schema
from rest_framework.response import Response
from rest_framework.views import APIView

from apps.accounts.request_types import MemberApiRequest
from apps.projects import permissions
from apps.projects.permissions import Action
from apps.rest.filters import WholeNumberFilter, filter_parameters, filtered
from apps.rest.pagination import PARAMETERS, page, page_of
from apps.rest.validation import validated
from apps.tasks.actions.create import create
from apps.tasks.actions.move import move
from apps.tasks.detail.api import created_response, find_task, task_response, task_rows
from apps.tasks.models import Category, Task
from apps.tasks.models.task import TaskQuerySet
from apps.tasks.serializers import (
    ColumnSerializer,
    LabelSerializer,
    MoveSerializer,
    NewTaskSerializer,
    TaskLineSerializer,
    TaskSerializer,
)


class TaskFilter(filters.FilterSet):
    column = WholeNumberFilter(field_name="column_id", label="The column's id.")
    category = filters.ChoiceFilter(field_name="column__category", choices=Category.choices)
    assignee = WholeNumberFilter(field_name="assignee_id", label="The id of the person or agent.")
    label = WholeNumberFilter(field_name="labels", label="The label's id.")
    parent = WholeNumberFilter(field_name="parent_id", label="The id of the task it is a part of.")
    q = filters.CharFilter(method="filter_q", max_length=200, label="In the title.")

    def filter_q(self, tasks: QuerySet[Task], name: str, value: str) -> QuerySet[Task]:
        return cast(TaskQuerySet, tasks).titled(value)


class ColumnsView(APIView):
    @extend_schema(responses=ColumnSerializer(many=True))
    def get(self, request: MemberApiRequest, key: str) -> Response:
        """A project's columns from left to right."""
        return Response(ColumnSerializer(permissions.project_for(request.user, key).columns.all(), many=True).data)


class LabelsView(APIView):
    @extend_schema(parameters=PARAMETERS, responses=page_of(LabelSerializer))
    def get(self, request: MemberApiRequest, key: str) -> Response:
        """A project's labels."""
        return page(request, permissions.project_for(request.user, key).labels.all(), LabelSerializer)


class TasksView(APIView):
    @extend_schema(parameters=[*filter_parameters(TaskFilter), *PARAMETERS], responses=page_of(TaskLineSerializer))
    def get(self, request: MemberApiRequest, key: str) -> Response:
        """A project's tasks, oldest first, without their descriptions."""
        found = filtered(request, TaskFilter, Task.objects.filter(project=permissions.project_for(request.user, key)))
        return page(request, task_rows(found), TaskLineSerializer)

    @extend_schema(request=NewTaskSerializer, responses={201: TaskSerializer})
    def post(self, request: MemberApiRequest, key: str) -> Response:
        """Create a task, at the end of its column (the first one unless told)."""
        project = permissions.project_for(request.user, key)
        wanted = validated(NewTaskSerializer, request, project)
        return created_response(create(project, by=request.user, **wanted), wanted.get("labels", ()))


class MoveView(APIView):
    @extend_schema(request=MoveSerializer, responses=TaskSerializer)
    def post(self, request: MemberApiRequest, pk: int) -> Response:
        """Move a task to a column, between two neighbours; without one, to the column's end."""
        task = find_task(request, pk, needs=Action.WRITE)
        return task_response(move(task, by=request.user, **validated(MoveSerializer, request, task.project)))

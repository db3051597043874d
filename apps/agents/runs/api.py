"""The programs' door to runs: starting, stopping and deciding on them."""

from typing import Any
from uuid import UUID

from django.shortcuts import get_object_or_404
from django_filters import rest_framework as filters
from drf_spectacular.utils import extend_schema
from rest_framework.response import Response
from rest_framework.views import APIView

from apps.accounts.request_types import MemberApiRequest
from apps.agents.models import Run
from apps.agents.roster.administrators import agents_for
from apps.agents.runs import queue
from apps.agents.runs.actions.cancel import cancel
from apps.agents.runs.actions.pause import pause, resume
from apps.agents.runs.actions.retry import retry
from apps.agents.runs.actions.retry_alike import retry_alike
from apps.agents.runs.actions.review import accept, request_changes
from apps.agents.runs.serializers import (
    AcceptSerializer,
    AssignSerializer,
    NoteSerializer,
    PauseSerializer,
    RetrySerializer,
    RunLineSerializer,
    RunSerializer,
    StopRunningSerializer,
)
from apps.projects import permissions
from apps.projects.permissions import Action
from apps.rest.filters import WholeNumberFilter, filter_parameters, filtered
from apps.rest.pagination import PARAMETERS, page, page_of
from apps.rest.validation import validated
from apps.tasks.models import Task

LINE = [
    *("id", "task_id", "task__status_note", "message_id", "referenced_task_id", "status_note"),
    *("agent_id", "attempt", "status", "branch", "review", "cause", "error"),
    *("model", "tokens_in", "tokens_out", "cost"),
    *("requested_by_id", "created_at", "started_at", "ended_at", "stop_request__state", "stop_request__reason"),
]


def shown(run: Run) -> dict[str, Any]:
    return RunSerializer(Run.objects.values(*LINE, "prompt", "result", "is_result_truncated").get(pk=run.pk)).data


def find_run(request: MemberApiRequest, pk: UUID, needs: Action = Action.VIEW) -> Run:
    return permissions.find(Run.objects.with_related(), by=request.user, needs=needs, pk=pk)


class AssignView(APIView):
    @extend_schema(request=AssignSerializer, responses={201: RunSerializer})
    def post(self, request: MemberApiRequest, pk: UUID) -> Response:
        """Hand a task over to an agent. Disabled or busy is 400, unless `queue` lets it wait in line."""
        agent = get_object_or_404(agents_for(request.user), pk=pk)
        asked = validated(AssignSerializer, request)
        task = permissions.find(Task.objects.select_related("project"), by=request.user, pk=asked.pop("task_id"))
        return Response(shown(queue.assign_now(agent, task, by=request.user, **asked)), status=201)


class RunFilter(filters.FilterSet):
    task = WholeNumberFilter(field_name="task_id", label="The task's id.")
    message = WholeNumberFilter(field_name="message_id", label="The id of the message that asked.")
    agent = filters.UUIDFilter(field_name="agent_id", label="The agent's id.")
    status = filters.ChoiceFilter(choices=Run.Status.choices)


class RunsView(APIView):
    @extend_schema(parameters=[*filter_parameters(RunFilter), *PARAMETERS], responses=page_of(RunLineSerializer))
    def get(self, request: MemberApiRequest) -> Response:
        """The runs in your projects, latest first, without prompts and results."""
        found = filtered(request, RunFilter, Run.objects.visible_to(request.user, projects_first=True))
        return page(request, found.values(*LINE), RunLineSerializer, by="-created_at")


class RunView(APIView):
    @extend_schema(responses=RunSerializer)
    def get(self, request: MemberApiRequest, pk: UUID) -> Response:
        """One run, with its prompt and result."""
        return Response(shown(find_run(request, pk)))


class CancelView(APIView):
    @extend_schema(request=None, responses=RunSerializer)
    def post(self, request: MemberApiRequest, pk: UUID) -> Response:
        """Stop a run, here at once and at its gateway (see `stop`). One that has ended stays as it is."""
        return Response(shown(cancel(find_run(request, pk), by=request.user)))


class RetryView(APIView):
    @extend_schema(request=RetrySerializer, responses={201: RunSerializer})
    def post(self, request: MemberApiRequest, pk: UUID) -> Response:
        """Try again: the next attempt, by the same agent."""
        run = find_run(request, pk)
        again = retry(run, by=request.user, **validated(RetrySerializer, request))
        return Response(shown(again), status=201)


class RetryAlikeView(APIView):
    @extend_schema(request=None, responses={201: RunSerializer(many=True)})
    def post(self, request: MemberApiRequest, pk: UUID) -> Response:
        """Try all again that failed in the project for the reason of this run, by the same agent."""
        runs = retry_alike(find_run(request, pk), by=request.user)
        return Response([shown(run) for run in runs], status=201)


class AcceptView(APIView):
    @extend_schema(request=AcceptSerializer, responses=RunSerializer)
    def post(self, request: MemberApiRequest, pk: UUID) -> Response:
        """Accept the result; the task is done with that."""
        run = find_run(request, pk)
        return Response(shown(accept(run, by=request.user, **validated(AcceptSerializer, request))))


class RequestChangesView(APIView):
    @extend_schema(request=NoteSerializer, responses={201: RunSerializer})
    def post(self, request: MemberApiRequest, pk: UUID) -> Response:
        """Send the result back with a note: the next attempt, in the same session."""
        run = find_run(request, pk, needs=Action.RUN)  # before the body: who may not is told nothing about it
        sent = request_changes(run, by=request.user, **validated(NoteSerializer, request))
        return Response(shown(sent), status=201)


class PauseView(APIView):
    @extend_schema(request=StopRunningSerializer, responses=PauseSerializer)
    def post(self, request: MemberApiRequest, key: str) -> Response:
        """Pause all agents of the project (maintainers): nothing is started until they are resumed.

        Running attempts may finish, or are stopped and wait where they stood in line.
        """
        project = permissions.project_for(request.user, key, Action.RUN)
        stop = validated(StopRunningSerializer, request)["running"] == "stop"
        return Response(PauseSerializer(pause(project, by=request.user, stop=stop)).data)


class ResumeView(APIView):
    @extend_schema(request=None, responses={204: None})
    def post(self, request: MemberApiRequest, key: str) -> Response:
        """Resume the project's agents (maintainers)."""
        resume(permissions.project_for(request.user, key), by=request.user)
        return Response(status=204)

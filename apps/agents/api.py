"""The programs' door to agents and their runs."""

from uuid import UUID

from django.db import transaction
from django.db.models import QuerySet
from django.shortcuts import get_object_or_404
from django.utils.translation import gettext as _
from django_filters import rest_framework as filters
from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.serializers import Serializer
from rest_framework.views import APIView

from apps.accounts import audit
from apps.accounts.models import User
from apps.agents.models import Agent, Run
from apps.agents.roster.create import hire, rename
from apps.agents.runs import queue
from apps.agents.runs.actions.cancel import cancel
from apps.agents.runs.actions.pause import pause, resume
from apps.agents.runs.actions.review import accept, send_back
from apps.agents.serializers import (
    AcceptSerializer,
    AgentSerializer,
    AssignSerializer,
    ChangedAgentSerializer,
    NoteSerializer,
    PauseSerializer,
    RunLineSerializer,
    RunSerializer,
)
from apps.errors import NotAllowed
from apps.projects import permissions
from apps.projects.permissions import Action
from apps.rest.pagination import PARAMETERS, page, page_of
from apps.tasks.api import WholeNumberFilter, filter_parameters, filtered, task_for

LINE = [
    *("id", "task_id", "task__status_note", "message_id", "referenced_task_id", "status_note"),
    *("agent_id", "attempt", "status", "branch", "review", "error", "model", "tokens_in", "tokens_out", "cost"),
    *("requested_by_id", "created_at", "started_at", "ended_at"),
]


def shown(run: Run) -> dict:
    return RunSerializer(Run.objects.values(*LINE, "prompt", "result").get(pk=run.pk)).data


def valid(shape: type[Serializer], request: Request) -> dict:
    given = shape(data=request.data)
    given.is_valid(raise_exception=True)
    return given.validated_data


def agents_for(user: User) -> QuerySet:
    """Who administers the installation sees every agent, others those in their projects."""
    sees_all = user.is_staff and user.only_projects is None
    found = Agent.objects.all() if sees_all else Agent.objects.visible_to(user)
    return found.select_related("gateway")


def require_staff(user: User) -> None:
    permissions.require_reach(user, Action.RUN)
    if not user.is_staff or user.only_projects is not None:
        raise NotAllowed(_("Only an administrator changes agents."))


def run_for(request: Request, pk: UUID, action: Action) -> Run:
    """The run if its project is the asker's (else 404) and their role allows `action` (else 403)."""
    visible = Run.objects.visible_to(request.user).with_related()
    run = get_object_or_404(visible, pk=pk)
    permissions.require(request.user, action, run.project)
    return run


class AgentsView(APIView):
    @extend_schema(parameters=PARAMETERS, responses=page_of(AgentSerializer))
    def get(self, request: Request) -> Response:
        """The agents in your projects."""
        return page(request, agents_for(request.user).with_load(), AgentSerializer)

    @extend_schema(request=AgentSerializer, responses={201: AgentSerializer})
    def post(self, request: Request) -> Response:
        """Bring an agent onto the board (administrators)."""
        require_staff(request.user)
        return Response(AgentSerializer(hire(by=request.user, **valid(AgentSerializer, request))).data, status=201)


class AgentView(APIView):
    @extend_schema(responses=AgentSerializer)
    def get(self, request: Request, pk: UUID) -> Response:
        """One agent."""
        return Response(AgentSerializer(get_object_or_404(agents_for(request.user), pk=pk)).data)

    @extend_schema(request=ChangedAgentSerializer, responses=AgentSerializer)
    def put(self, request: Request, pk: UUID) -> Response:
        """Change an agent (administrators); its name must be among the fields."""
        return self.change(request, pk, partial=False)

    @extend_schema(request=ChangedAgentSerializer, responses=AgentSerializer)
    def patch(self, request: Request, pk: UUID) -> Response:
        """Change some fields of an agent (administrators)."""
        return self.change(request, pk, partial=True)

    def change(self, request: Request, pk: UUID, *, partial: bool) -> Response:
        agent = get_object_or_404(agents_for(request.user), pk=pk)
        require_staff(request.user)
        given = ChangedAgentSerializer(agent, data=request.data, partial=partial)
        given.is_valid(raise_exception=True)
        with transaction.atomic():
            rename(given.save())
            audit.record("agent.changed", by=request.user, name=agent, fields=list(given.validated_data))
        return Response(AgentSerializer(agent).data)


class AssignView(APIView):
    @extend_schema(request=AssignSerializer, responses={201: RunSerializer})
    def post(self, request: Request, pk: UUID) -> Response:
        """Hand a task over to an agent. Disabled or busy is 400, unless `queue` lets it wait in line."""
        agent = get_object_or_404(agents_for(request.user), pk=pk)
        asked = valid(AssignSerializer, request)
        task = task_for(request, asked.pop("task_id"), Action.RUN)
        return Response(shown(queue.assign_now(agent, task, by=request.user, **asked)), status=201)


class RunFilter(filters.FilterSet):
    task = WholeNumberFilter(field_name="task_id", label="The task's id.")
    message = WholeNumberFilter(field_name="message_id", label="The id of the message that asked.")
    agent = filters.UUIDFilter(field_name="agent_id", label="The agent's id.")
    status = filters.ChoiceFilter(choices=Run.Status.choices)


class RunsView(APIView):
    @extend_schema(parameters=[*filter_parameters(RunFilter), *PARAMETERS], responses=page_of(RunLineSerializer))
    def get(self, request: Request) -> Response:
        """The runs in your projects, latest first, without prompts and results."""
        found = filtered(request, RunFilter, Run.objects.visible_to(request.user))
        return page(request, found.values(*LINE), RunLineSerializer, by="-created_at")


class RunView(APIView):
    @extend_schema(responses=RunSerializer)
    def get(self, request: Request, pk: UUID) -> Response:
        """One run, with its prompt and result."""
        return Response(shown(run_for(request, pk, Action.VIEW)))


class CancelView(APIView):
    @extend_schema(request=None, responses=RunSerializer)
    def post(self, request: Request, pk: UUID) -> Response:
        """Stop a run. One that has ended stays as it is."""
        return Response(shown(cancel(run_for(request, pk, Action.RUN), by=request.user)))


class RetryView(APIView):
    @extend_schema(request=None, responses={201: RunSerializer})
    def post(self, request: Request, pk: UUID) -> Response:
        """Try again: the next attempt, by the same agent."""
        run = queue.retry(run_for(request, pk, Action.RUN), by=request.user)
        return Response(shown(run), status=201)


class AcceptView(APIView):
    @extend_schema(request=AcceptSerializer, responses=RunSerializer)
    def post(self, request: Request, pk: UUID) -> Response:
        """Accept the result; the task is done with that."""
        run = run_for(request, pk, Action.RUN)
        return Response(shown(accept(run, by=request.user, **valid(AcceptSerializer, request))))


class SendBackView(APIView):
    @extend_schema(request=NoteSerializer, responses={201: RunSerializer})
    def post(self, request: Request, pk: UUID) -> Response:
        """Send the result back with a note: the next attempt, in the same session."""
        run = run_for(request, pk, Action.RUN)
        sent = send_back(run, by=request.user, **valid(NoteSerializer, request))
        return Response(shown(sent), status=201)


class PauseView(APIView):
    @extend_schema(request=None, responses=PauseSerializer)
    def post(self, request: Request, key: str) -> Response:
        """Stop all agents of the project. What they work at waits in line again; nothing is started meanwhile."""
        project = permissions.project_for(request.user, key, Action.RUN)
        return Response(PauseSerializer(pause(project, by=request.user)).data)


class ResumeView(APIView):
    @extend_schema(request=None, responses={204: None})
    def post(self, request: Request, key: str) -> Response:
        """Let the project's agents go on."""
        resume(permissions.project_for(request.user, key, Action.RUN), by=request.user)
        return Response(status=204)

"""The programs' door to agents."""

from uuid import UUID

from django.shortcuts import get_object_or_404
from drf_spectacular.utils import extend_schema
from rest_framework.response import Response
from rest_framework.views import APIView

from apps.accounts.request_types import MemberApiRequest
from apps.agents.roster.actions.create import create
from apps.agents.roster.actions.update import update
from apps.agents.roster.administrators import agents_for
from apps.agents.roster.serializers import AgentSerializer, ChangedAgentSerializer
from apps.rest.pagination import PARAMETERS, page, page_of


class AgentsView(APIView):
    @extend_schema(parameters=PARAMETERS, responses=page_of(AgentSerializer))
    def get(self, request: MemberApiRequest) -> Response:
        """The agents in your projects."""
        return page(request, agents_for(request.user).with_load(), AgentSerializer)

    @extend_schema(request=AgentSerializer, responses={201: AgentSerializer})
    def post(self, request: MemberApiRequest) -> Response:
        """Bring an agent onto the board (administrators)."""
        given = AgentSerializer(data=request.data)
        given.is_valid(raise_exception=True)
        return Response(AgentSerializer(create(by=request.user, **given.validated_data)).data, status=201)


class AgentView(APIView):
    @extend_schema(responses=AgentSerializer)
    def get(self, request: MemberApiRequest, pk: UUID) -> Response:
        """One agent."""
        return Response(AgentSerializer(get_object_or_404(agents_for(request.user), pk=pk)).data)

    @extend_schema(request=ChangedAgentSerializer, responses=AgentSerializer)
    def put(self, request: MemberApiRequest, pk: UUID) -> Response:
        """Change an agent (administrators); its name must be among the fields."""
        return self.change(request, pk, partial=False)

    @extend_schema(request=ChangedAgentSerializer, responses=AgentSerializer)
    def patch(self, request: MemberApiRequest, pk: UUID) -> Response:
        """Change some fields of an agent (administrators)."""
        return self.change(request, pk, partial=True)

    def change(self, request: MemberApiRequest, pk: UUID, *, partial: bool) -> Response:
        agent = get_object_or_404(agents_for(request.user), pk=pk)
        given = ChangedAgentSerializer(agent, data=request.data, partial=partial)
        given.is_valid(raise_exception=True)
        return Response(AgentSerializer(update(agent, by=request.user, **given.validated_data)).data)

"""The programs' door to projects."""

from django.shortcuts import get_object_or_404
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework.response import Response
from rest_framework.views import APIView

from apps.accounts.request_types import MemberApiRequest
from apps.projects import permissions
from apps.projects.actions.create import create
from apps.projects.members import invitations, member_list, memberships
from apps.projects.models import Membership, Project
from apps.projects.permissions import Action
from apps.projects.serializers import (
    InvitationSerializer,
    MemberSerializer,
    NewInvitationSerializer,
    NewlyCreatedInvitationSerializer,
    NewMemberSerializer,
    NewProjectSerializer,
    ProjectSerializer,
    ProjectWithMembersSerializer,
    RoleSerializer,
)
from apps.rest.pagination import PARAMETERS, page, page_of

QUERY = OpenApiParameter("q", str, description="What their name or username has in it.")


class ProjectsView(APIView):
    @extend_schema(parameters=PARAMETERS, responses=page_of(ProjectSerializer))
    def get(self, request: MemberApiRequest) -> Response:
        """The projects you are a member of."""
        found = Project.objects.visible_to(request.user).values("id", "key", "name", "description", "created_at")
        return page(request, found, ProjectSerializer)

    @extend_schema(request=NewProjectSerializer, responses={201: ProjectWithMembersSerializer})
    def post(self, request: MemberApiRequest) -> Response:
        """Start a project, with five columns; you own it."""
        given = NewProjectSerializer(data=request.data)
        given.is_valid(raise_exception=True)
        project = create(**given.validated_data, by=request.user)
        return Response(ProjectWithMembersSerializer(project).data, status=201)


class ProjectView(APIView):
    @extend_schema(responses=ProjectWithMembersSerializer)
    def get(self, request: MemberApiRequest, key: str) -> Response:
        """One project and its first members, people and agents."""
        project = permissions.project_for(request.user, key)
        return Response(ProjectWithMembersSerializer(project).data)


class MembersView(APIView):
    @extend_schema(parameters=[QUERY, *PARAMETERS], responses=page_of(MemberSerializer))
    def get(self, request: MemberApiRequest, key: str) -> Response:
        """A project's members, people and agents."""
        project = permissions.project_for(request.user, key)
        found = member_list.called(project, request.query_params.get("q", "").strip())
        return page(request, found, MemberSerializer)

    @extend_schema(request=NewMemberSerializer, responses={201: MemberSerializer})
    def post(self, request: MemberApiRequest, key: str) -> Response:
        """Bring somebody with an account into the project, in a role no higher than yours."""
        project = permissions.project_for(request.user, key, Action.MANAGE)
        given = NewMemberSerializer(data=request.data)
        given.is_valid(raise_exception=True)
        person = memberships.find_person(given.validated_data["who"])
        membership = memberships.invite(project, person, role=given.validated_data["role"], by=request.user)
        return Response(MemberSerializer(membership).data, status=201)


class MemberView(APIView):
    """A member by the id of their user, as tasks name them."""

    @extend_schema(request=RoleSerializer, responses=MemberSerializer)
    def patch(self, request: MemberApiRequest, key: str, pk: int) -> Response:
        """Give a member another role; neither the old nor the new may be above yours."""
        membership = member_of(permissions.project_for(request.user, key), pk)
        given = RoleSerializer(data=request.data)
        given.is_valid(raise_exception=True)
        memberships.set_role(membership, role=given.validated_data["role"], by=request.user)
        return Response(MemberSerializer(membership).data)

    @extend_schema(responses={204: None})
    def delete(self, request: MemberApiRequest, key: str, pk: int) -> Response:
        """Take a member out of the project, or leave it yourself. Their open tasks are nobody's then."""
        memberships.remove(member_of(permissions.project_for(request.user, key), pk), by=request.user)
        return Response(status=204)


class InvitationsView(APIView):
    @extend_schema(parameters=PARAMETERS, responses=page_of(InvitationSerializer))
    def get(self, request: MemberApiRequest, key: str) -> Response:
        """The open invitations of a project, for who manages it."""
        project = permissions.project_for(request.user, key, Action.MANAGE)
        return page(request, project.invitations.open(), InvitationSerializer)

    @extend_schema(request=NewInvitationSerializer, responses={201: NewlyCreatedInvitationSerializer})
    def post(self, request: MemberApiRequest, key: str) -> Response:
        """A link that brings one person in, within 72 hours, in a role no higher than yours. They need no account."""
        project = permissions.project_for(request.user, key, Action.MANAGE)
        given = NewInvitationSerializer(data=request.data)
        given.is_valid(raise_exception=True)
        invitation, link = invitations.create(project, role=given.validated_data["role"], by=request.user)
        return Response(NewlyCreatedInvitationSerializer(invitation, context={"link": link}).data, status=201)


class InvitationView(APIView):
    @extend_schema(responses={204: None})
    def delete(self, request: MemberApiRequest, key: str, pk: int) -> Response:
        """Revoke an invitation: its link brings nobody in any more."""
        project = permissions.project_for(request.user, key, Action.MANAGE)
        invitations.revoke(get_object_or_404(project.invitations.open(), pk=pk), by=request.user)
        return Response(status=204)


def member_of(project: Project, user_id: int) -> Membership:
    return get_object_or_404(project.memberships.select_related("user"), user=user_id)

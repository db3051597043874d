"""The programs' door to projects."""

from django.shortcuts import get_object_or_404
from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from apps.paging import PARAMETERS, page, page_of
from apps.projects import creating
from apps.projects.models import Project
from apps.projects.serializers import NewProjectSerializer, ProjectSerializer, ProjectWithMembersSerializer


class ProjectsView(APIView):
    @extend_schema(parameters=PARAMETERS, responses=page_of(ProjectSerializer))
    def get(self, request: Request) -> Response:
        """The projects you are a member of."""
        found = Project.objects.visible_to(request.user).values("id", "key", "name", "about", "created_at")
        return page(request, found, ProjectSerializer)

    @extend_schema(request=NewProjectSerializer, responses={201: ProjectWithMembersSerializer})
    def post(self, request: Request) -> Response:
        """Start a project, with five columns; you own it."""
        given = NewProjectSerializer(data=request.data)
        given.is_valid(raise_exception=True)
        project = creating.create(**given.validated_data, by=request.user)
        return Response(ProjectWithMembersSerializer(project).data, status=201)


class ProjectView(APIView):
    @extend_schema(responses=ProjectWithMembersSerializer)
    def get(self, request: Request, key: str) -> Response:
        """One project and its members, people and agents."""
        project = get_object_or_404(Project.objects.visible_to(request.user), key=key)
        return Response(ProjectWithMembersSerializer(project).data)

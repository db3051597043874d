"""The programs' door to repositories."""

from drf_spectacular.utils import extend_schema
from rest_framework.response import Response
from rest_framework.views import APIView

from apps.accounts.request_types import MemberApiRequest
from apps.projects import permissions
from apps.projects.git.repositories import connect
from apps.projects.models import Repository
from apps.projects.serializers import (
    BranchSerializer,
    CommitSerializer,
    NewlyConnectedSerializer,
    NewRepositorySerializer,
    RepositoryChangesSerializer,
    RepositorySerializer,
)
from apps.rest.pagination import PARAMETERS, page, page_of


class RepositoriesView(APIView):
    @extend_schema(parameters=PARAMETERS, responses=page_of(RepositorySerializer))
    def get(self, request: MemberApiRequest, key: str) -> Response:
        """The repositories of a project."""
        project = permissions.project_for(request.user, key)
        return page(request, project.repositories.all(), RepositorySerializer)

    @extend_schema(request=NewRepositorySerializer, responses={201: NewlyConnectedSerializer})
    def post(self, request: MemberApiRequest, key: str) -> Response:
        """Connect a repository. The answer holds the secret for its webhook, which is not shown again."""
        project = permissions.project_for(request.user, key)
        given = NewRepositorySerializer(data=request.data)
        given.is_valid(raise_exception=True)
        repository = connect.connect(project, **given.validated_data, by=request.user)
        return Response(NewlyConnectedSerializer(repository).data, status=201)


class RepositoryView(APIView):
    @extend_schema(responses=RepositorySerializer)
    def get(self, request: MemberApiRequest, pk: int) -> Response:
        """One repository, and how its last fetch went."""
        return Response(RepositorySerializer(repository_for(request, pk)).data)

    @extend_schema(request=RepositoryChangesSerializer, responses=RepositorySerializer)
    def patch(self, request: MemberApiRequest, pk: int) -> Response:
        """Change where it is or what opens it; a credential that is not given stays."""
        repository = repository_for(request, pk)
        given = RepositoryChangesSerializer(data=request.data)
        given.is_valid(raise_exception=True)
        changed = connect.change(repository, **given.validated_data, by=request.user)
        return Response(RepositorySerializer(changed).data)

    @extend_schema(responses={204: None})
    def delete(self, request: MemberApiRequest, pk: int) -> Response:
        """Take a repository off the board; nothing changes in the repository itself."""
        connect.remove(repository_for(request, pk), by=request.user)
        return Response(status=204)


class MirrorView(APIView):
    @extend_schema(request=None, responses={202: None})
    def post(self, request: MemberApiRequest, pk: int) -> Response:
        """Have the board's mirror of a repository made anew; 202, for a worker does it."""
        connect.mirror_again(repository_for(request, pk), by=request.user)
        return Response(status=202)


class BranchesView(APIView):
    @extend_schema(parameters=PARAMETERS, responses=page_of(BranchSerializer))
    def get(self, request: MemberApiRequest, pk: int) -> Response:
        """The branches of a repository, and how far each is from the default one."""
        return page(request, repository_for(request, pk).branches.all(), BranchSerializer)


class CommitsView(APIView):
    @extend_schema(parameters=PARAMETERS, responses=page_of(CommitSerializer))
    def get(self, request: MemberApiRequest, pk: int) -> Response:
        """The commits of a repository, of all its branches, the newest first."""
        return page(request, repository_for(request, pk).commits.all(), CommitSerializer, by="-committed_at")


def repository_for(request: MemberApiRequest, pk: int) -> Repository:
    return permissions.find(Repository.objects.select_related("project"), by=request.user, pk=pk)

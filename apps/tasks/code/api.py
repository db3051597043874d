"""The API of what belongs to code: rules, branch names, links, starting a task."""

from drf_spectacular.utils import extend_schema
from rest_framework.response import Response
from rest_framework.views import APIView

from apps.accounts.request_types import MemberApiRequest
from apps.projects import permissions
from apps.projects.models import Project
from apps.projects.permissions import Action
from apps.rest.pagination import PARAMETERS, page, page_of
from apps.rest.validation import validated
from apps.tasks.actions.start import start
from apps.tasks.code import branch_names, links, pull_request_rules
from apps.tasks.code.serializers import (
    BranchNamesSerializer,
    LinkSerializer,
    NewLinkSerializer,
    PullRequestRulesSerializer,
    StartedSerializer,
)
from apps.tasks.detail.api import find_task, represented
from apps.tasks.models import CodeLink


class PullRequestRulesView(APIView):
    @extend_schema(responses=PullRequestRulesSerializer)
    def get(self, request: MemberApiRequest, key: str) -> Response:
        """Where a project's cards go by what a pull request has come to."""
        return Response(self.represented(permissions.project_for(request.user, key)))

    @extend_schema(request=PullRequestRulesSerializer, responses=PullRequestRulesSerializer)
    def put(self, request: MemberApiRequest, key: str) -> Response:
        """Choose it (maintainers); what is left out is as usual."""
        project = permissions.project_for(request.user, key)
        pull_request_rules.set_rules(project, validated(PullRequestRulesSerializer, request, project), by=request.user)
        return Response(self.represented(project))

    def represented(self, project: Project) -> dict[str, int | None]:
        return PullRequestRulesSerializer(
            {rule.event: rule.column for rule in pull_request_rules.rules_of(project)}
        ).data


class BranchNamesView(APIView):
    @extend_schema(responses=BranchNamesSerializer)
    def get(self, request: MemberApiRequest, key: str) -> Response:
        """How a project's branches are called."""
        return Response({"template": branch_names.template_of(permissions.project_for(request.user, key))})

    @extend_schema(request=BranchNamesSerializer, responses=BranchNamesSerializer)
    def put(self, request: MemberApiRequest, key: str) -> Response:
        """Choose it (maintainers)."""
        project = permissions.project_for(request.user, key)
        changes = validated(BranchNamesSerializer, request, project)
        branch_names.set_template(project, changes["template"], by=request.user)
        return Response({"template": branch_names.template_of(project)})


class StartView(APIView):
    @extend_schema(request=None, responses=StartedSerializer)
    def post(self, request: MemberApiRequest, pk: int) -> Response:
        """Begin a task: nobody's becomes yours, and one that waits goes in progress. Names the branch to work on."""
        task = start(find_task(request, pk), by=request.user)
        return Response({"task": represented(task), "branch": branch_names.name_for(task, user=request.user)})


class LinksView(APIView):
    @extend_schema(parameters=PARAMETERS, responses=page_of(LinkSerializer))
    def get(self, request: MemberApiRequest, pk: int) -> Response:
        """What of the repositories belongs to a task; what was taken off is left out."""
        return page(request, find_task(request, pk).code_links.active(), LinkSerializer)

    @extend_schema(request=NewLinkSerializer, responses={201: LinkSerializer})
    def post(self, request: MemberApiRequest, pk: int) -> Response:
        """Link a pull request that the board has heard of. Linked already, it stays as it is."""
        task = find_task(request, pk, needs=Action.WRITE)
        made = links.link(task, **validated(NewLinkSerializer, request, task.project), by=request.user)
        return Response(LinkSerializer(made).data, status=201)


class LinkView(APIView):
    @extend_schema(responses={204: None})
    def delete(self, request: MemberApiRequest, pk: int) -> Response:
        """Take a link off for good: only a person or a program links these two again."""
        found = permissions.find(CodeLink.objects.select_related("task__project"), by=request.user, pk=pk)
        links.unlink(found, by=request.user)
        return Response(status=204)

"""The programs' door to pull requests: what the forge last said of them."""

from typing import Any

from django.db.models import Q
from drf_spectacular.utils import OpenApiParameter, extend_schema, extend_schema_field
from rest_framework import serializers
from rest_framework.exceptions import ValidationError
from rest_framework.response import Response
from rest_framework.views import APIView

from apps.accounts.request_types import MemberApiRequest
from apps.projects import permissions
from apps.projects.models import CheckRun, PullRequest, Repository
from apps.rest.pagination import PARAMETERS, page, page_of
from apps.rest.rows import shown

LARGEST = 2**31 - 1


class CheckSerializer(serializers.ModelSerializer[CheckRun]):
    class Meta:
        model = CheckRun
        fields = ["name", "state", "url", "reported_at"]


class PullRequestSerializer(serializers.ModelSerializer[PullRequest]):
    class Meta:
        model = PullRequest
        fields = [
            *("id", "number", "title", "state", "review", "author", "url", "head_branch", "base_branch", "head_sha"),
            *("additions", "deletions", "opened_at", "updated_at", "merged_at"),
        ]


class WholePullRequestSerializer(PullRequestSerializer):
    checks = serializers.SerializerMethodField()

    class Meta(PullRequestSerializer.Meta):
        fields = [*PullRequestSerializer.Meta.fields, "body", "checks"]

    @extend_schema_field(CheckSerializer(many=True))
    def get_checks(self, request: PullRequest) -> list[dict[str, Any]]:
        """Of its newest commit."""
        checks = request.repository.checks.filter(sha=request.head_sha).order_by("name")
        return shown(CheckSerializer, checks)


STATE = OpenApiParameter("state", str, enum=PullRequest.State.values, description="Only those in this state.")


class PullRequestsView(APIView):
    @extend_schema(parameters=[STATE, *PARAMETERS], responses=page_of(PullRequestSerializer))
    def get(self, request: MemberApiRequest, pk: int) -> Response:
        """A repository's pull or merge requests, the one that was opened last first."""
        repository = permissions.find(Repository.objects.all(), by=request.user, pk=pk)
        found = repository.pull_requests.filter(asked_state(request)).defer("body", "reviews")
        return page(request, found, PullRequestSerializer, by="-number")


def asked_state(request: MemberApiRequest) -> Q:
    state = request.query_params.get("state")
    if state is not None and state not in PullRequest.State.values:
        raise ValidationError({"state": [f"One of {', '.join(PullRequest.State.values)}."]})
    return Q(state=state) if state else Q()


class PullRequestView(APIView):
    @extend_schema(responses=WholePullRequestSerializer)
    def get(self, request: MemberApiRequest, pk: int, number: int) -> Response:
        """One, with its text and its checks."""
        found = permissions.find(
            PullRequest.objects.select_related("repository"),
            by=request.user,
            repository=pk,
            number=min(number, LARGEST),
        )
        return Response(WholePullRequestSerializer(found).data)

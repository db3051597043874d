"""The API of the search in messages."""

from drf_spectacular.utils import extend_schema
from rest_framework.response import Response
from rest_framework.views import APIView

from apps.accounts.request_types import MemberApiRequest
from apps.chat.messages.api import messages_as_json
from apps.chat.search import search
from apps.chat.serializers import SearchQuerySerializer, SearchResultSerializer
from apps.projects import permissions


class SearchView(APIView):
    @extend_schema(parameters=[SearchQuerySerializer], responses=SearchResultSerializer)
    def get(self, request: MemberApiRequest, key: str) -> Response:
        """Messages of a project by their words, and by author, room and date; the latest first."""
        project = permissions.project_for(request.user, key)
        query = SearchQuerySerializer(data=request.query_params)
        query.is_valid(raise_exception=True)
        found, older = search.search(project, query.validated_data["q"], before=query.validated_data.get("before"))
        return Response({"messages": messages_as_json(*found)[::-1], "before": older})

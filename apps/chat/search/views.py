"""The page that finds messages."""

from typing import Any

from django.http import HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_GET

from apps.accounts.request_types import MemberRequest
from apps.chat.messages import render as message_render
from apps.chat.models import Message
from apps.chat.search import search as message_search
from apps.projects import permissions
from apps.rest.numbers import whole


@require_GET
def search(request: MemberRequest, key: str) -> HttpResponse:
    """The messages that `?q=` means; each leads to its place in its room."""
    project = permissions.project_for(request.user, key)
    query, before = request.GET.get("q", "").strip(), request.GET.get("before", "")
    page = {"project": project, "query": query, "rows": [], "refusal": "", "older": None}
    page["max_query_length"] = message_search.MAX_QUERY_LENGTH
    if query:
        try:
            keys, page["older"] = message_search.search(project, query, before=whole(before))
        except message_search.NotUnderstood as refusal:
            page["refusal"] = refusal.message
        else:
            found = Message.objects.not_deleted().filter(pk__in=keys).select_related("room__project", "author")
            page["rows"] = [row_of(message) for message in found.order_by("-pk")]
    return render(request, "chat/search/search.html", page, status=422 if page["refusal"] else 200)


def row_of(message: Message) -> dict[str, Any]:
    return {"message": message, "who": message_render.author_of(message)}

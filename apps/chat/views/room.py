"""The room as a page."""

from django.http import HttpResponse
from django.shortcuts import get_object_or_404, render
from django.views.decorators.http import require_GET

from apps.accounts.requests import MemberRequest
from apps.chat import history
from apps.chat.models import Room
from apps.projects import policy
from apps.projects.models import Project


@require_GET
def home(request: MemberRequest, key: str) -> HttpResponse:
    """The room that every project has."""
    project = policy.project_for(request.user, key)
    return shown(request, project, project.rooms.get(is_default=True))


@require_GET
def room(request: MemberRequest, key: str, pk: int) -> HttpResponse:
    project = policy.project_for(request.user, key)
    return shown(request, project, get_object_or_404(project.rooms, pk=pk))


def shown(request: MemberRequest, project: Project, room: Room) -> HttpResponse:
    return render(request, "chat/room.html", {"project": project, "room": room, "page": history.page(room)})

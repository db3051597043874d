"""Pages to create, rename, archive, reopen and export a room."""

from functools import partial

from django.http import HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from apps.accounts.request_types import MemberRequest
from apps.chat.forms import RoomForm
from apps.chat.messages.dialogs import show_dialog
from apps.chat.rooms import export as room_export
from apps.chat.rooms import rooms
from apps.chat.rooms.views import room_of
from apps.names import isolate
from apps.projects import permissions
from apps.projects.permissions import Action


@require_http_methods(["GET", "POST"])
def create(request: MemberRequest, key: str) -> HttpResponse:
    project = permissions.project_for(request.user, key)
    dialog = {
        "title": _("New room"),
        "lead": _("Everybody in the project can read it."),
        "submit": _("Make the room"),
    }
    return show_dialog(
        request,
        project,
        dialog,
        partial(rooms.create, project, by=request.user),
        require=partial(permissions.require_role, project.role, Action.MANAGE),
        back=reverse("chat:home", args=[project.key]),
        form=RoomForm(request.POST or None),
        to_outcome=True,
    )


@require_GET
def export(request: MemberRequest, key: str, pk: int, kind: str) -> HttpResponseBase:
    """Everything that stands in the room, as a file."""
    return room_export.export(room_of(permissions.project_for(request.user, key), pk), kind, by=request.user)


@require_http_methods(["GET", "POST"])
def rename(request: MemberRequest, key: str, pk: int) -> HttpResponse:
    project = permissions.project_for(request.user, key)
    room = room_of(project, pk)
    return show_dialog(
        request,
        project,
        {"title": _("Rename {name}").format(name=isolate(room.name)), "submit": _("Save")},
        partial(rooms.rename, room, by=request.user),
        require=partial(permissions.require_role, project.role, Action.MANAGE),
        back=room.get_absolute_url(),
        form=RoomForm(request.POST or None, initial={"name": room.name}),
    )


@require_http_methods(["GET", "POST"])
def archive(request: MemberRequest, key: str, pk: int) -> HttpResponse:
    project = permissions.project_for(request.user, key)
    room = room_of(project, pk)
    dialog = {
        "title": _("Archive {name}?").format(name=isolate(room.name)),
        "lead": _("It can still be read, and nothing is added. It can be opened again."),
        "submit": _("Archive"),
    }
    return show_dialog(
        request,
        project,
        dialog,
        partial(rooms.archive, room, by=request.user),
        require=partial(permissions.require_role, project.role, Action.MANAGE),
        back=room.get_absolute_url(),
    )


@require_POST
def reopen(request: MemberRequest, key: str, pk: int) -> HttpResponse:
    room = room_of(permissions.project_for(request.user, key), pk)
    rooms.reopen(room, by=request.user)
    return redirect(room.get_absolute_url())

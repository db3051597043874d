"""The room: a page of its own, a panel beside the board, and what its script asks for while it is open."""

import uuid
from typing import Any

from django.conf import settings
from django.http import HttpResponse, JsonResponse
from django.shortcuts import get_object_or_404, render
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from apps.accounts.models import User
from apps.accounts.request_types import MemberRequest
from apps.accounts.sessions import engine
from apps.chat.attachments import attachments
from apps.chat.forms import MessageForm, ReadForm, SubscriptionForm
from apps.chat.js_messages import PALETTE, room_messages
from apps.chat.messages import (
    handles,
    history,
    pins,
    rate_limit,
)
from apps.chat.models import MESSAGE_LENGTH, Room, RoomSubscription
from apps.chat.rooms import (
    retention,
    room_list,
    slash_commands,
    subscriptions,
    unread_counts,
)
from apps.errors import Refused
from apps.projects import permissions
from apps.projects.models import Project
from apps.projects.permissions import Action
from apps.rest.numbers import LARGEST_ID, whole
from apps.rest.problems import refusal_response
from apps.tasks.board.js_messages import board_words
from apps.tasks.board.views import (
    frame_or_redirect,
    invalid_form,
    wants_json,
)
from apps.tasks.detail.views import with_csrf_token

MAX_SUGGESTIONS = 8
# An archived room waits for nobody.
ALL_READ = unread_counts.Unread(unread=0, mentions=0, last_read_id=LARGEST_ID, newest_id=LARGEST_ID, level="none")


@require_GET
def home(request: MemberRequest, key: str) -> HttpResponse:
    """The room that every project has."""
    project = permissions.project_for(request.user, key)
    return room_response(request, project, get_object_or_404(project.rooms, is_default=True))


@require_GET
def room(request: MemberRequest, key: str, pk: int) -> HttpResponse:
    project = permissions.project_for(request.user, key)
    return room_response(request, project, room_of(project, pk))


def room_of(project: Project, pk: int) -> Room:
    return get_object_or_404(project.rooms, pk=pk)


def room_response(request: MemberRequest, project: Project, room: Room) -> HttpResponse:
    """The whole page; for the board's script the room alone."""
    is_panel = "X-Fragment" in request.headers
    context = room_context(request, project, room)
    return render(request, "chat/rooms/_room.html" if is_panel else "chat/rooms/room.html", context)


def room_context(request: MemberRequest, project: Project, room: Room) -> dict[str, Any]:
    """`project` must be read before: its `last_seq` stands on the page, and what is read after can only be newer."""
    unread = unread_counts.unread_of(request.user, project).get(room.pk, ALL_READ)
    can = [action for action in Action if permissions.role_may(project.role, action)]
    members = list(project.members.filter(is_active=True).order_by("kind", "name"))
    known = handles.Handles(members)
    return {
        "project": project,
        "room": room,
        "rooms": room_list.render_all(project),
        "page": page_of(request, room, last_read_id=unread["last_read_id"], unread=unread["unread"]),
        "pins": [pins.render_pin(pin) for pin in pins.pins_of(room)],
        "around": request.GET.get("around", ""),
        "last_read_id": unread["last_read_id"],
        "level": unread["level"],
        "levels": RoomSubscription.Level.choices,
        "can": " ".join(can),
        "can_comment": Action.COMMENT in can,
        "can_manage": Action.MANAGE in can,
        "members_sentence": members_sentence(members),
        "people": [{"text": f"@{known.of(member)}", "label": str(member)} for member in members],
        "commands": slash_commands.known_commands(),
        "palette": PALETTE,
        "max_file_size": settings.LARGEST_FILE,
        "max_files": attachments.MOST_FILES,
        "words": room_messages(),
        "board_words": board_words(),
        "client_message_id": uuid.uuid4(),
        "max_length": MESSAGE_LENGTH,
        "retention_sentence": retention_sentence(project),
    }


def retention_sentence(project: Project) -> str:
    """What happens to old messages here, if anything does."""
    days = retention.days_of(project)
    return retention.retention_sentence(days) if days else ""


def page_of(request: MemberRequest, room: Room, **read: int) -> history.Page:
    """The page of messages that is requested, with the reader's token in the forms under messages."""
    page = read_page(request, room, **read)
    messages = [shown._replace(html=with_csrf_token(request, shown.html)) for shown in page.messages]
    return page._replace(messages=messages)


def read_page(request: MemberRequest, room: Room, *, last_read_id: int = 0, unread: int = 0) -> history.Page:
    """The messages `before`, `after` or `around` the requested one.

    By default the newest ones; when more is unread than a page holds, those around the mark.
    """
    for where in ("before", "after", "around"):
        if (pk := whole(request.GET.get(where, ""))) is not None:
            return history.page(room, **{where: pk})
    return history.page(room, around=last_read_id) if unread > history.PAGE else history.page(room)


def members_sentence(members: list[User]) -> str:
    agents = sum(member.is_agent for member in members)
    people = len(members) - agents
    parts = [ngettext("{n} person", "{n} people", people).format(n=people)]
    if agents:
        parts.append(ngettext("{n} agent", "{n} agents", agents).format(n=agents))
    return ", ".join(parts)


@require_http_methods(["GET", "POST"])
def messages(request: MemberRequest, key: str, pk: int) -> HttpResponse:
    """GET: a page of the history, for the script. POST: a message is posted."""
    if request.method == "GET":
        project = permissions.project_for(request.user, key)
        room = room_of(project, pk)
        return render(request, "chat/messages/_messages.html", {"room": room, "page": page_of(request, room)})
    project = permissions.project_for(request.user, key)
    room = room_of(project, pk)
    form = MessageForm(request.POST, room=room)
    if not form.is_valid():
        return invalid_form(request, form, "chat/rooms/room.html", rejected_room_context(request, project, room))
    try:
        rate_limit.require(room, client_message_id=form.cleaned_data["client_message_id"], by=request.user)
        posted = slash_commands.post(room, **form.cleaned_data, by=request.user)
    except Refused as refusal:
        if wants_json(request):
            raise
        page = rejected_room_context(request, project, room) | {"refusal": refusal.message}
        return render(request, "chat/rooms/room.html", page, status=refusal.page_status)
    return frame_or_redirect(request, project, (posted or room).get_absolute_url())


def rejected_room_context(request: MemberRequest, project: Project, room: Room) -> dict[str, Any]:
    """The room with what was typed and not taken, for who has no script."""
    return room_context(request, project, room) | {"rejected_text": request.POST.get("text", "")}


@engine.asked_by_page
@require_GET
def unread(request: MemberRequest, key: str) -> JsonResponse:
    return JsonResponse(unread_counts.unread_of(request.user, permissions.project_for(request.user, key)))


@engine.asked_by_page
@require_POST
def read(request: MemberRequest, key: str, pk: int) -> JsonResponse:
    """What has passed the bottom of the window is read; the answer is what is left."""
    project = permissions.project_for(request.user, key)
    form = ReadForm(request.POST)
    if not form.is_valid():
        return refusal_response(422, _("Say up to which message."), "invalid")
    unread_counts.mark_read(room_of(project, pk), last_read_id=form.cleaned_data["last_read_id"], by=request.user)
    return JsonResponse(unread_counts.unread_of(request.user, project))


@require_POST
def subscription(request: MemberRequest, key: str, pk: int) -> HttpResponse:
    """How much of the room its reader wants to be parts."""
    project = permissions.project_for(request.user, key)
    room = room_of(project, pk)
    form = SubscriptionForm(request.POST)
    if not form.is_valid():
        return invalid_form(request, form, "chat/rooms/room.html", room_context(request, project, room))
    subscriptions.subscribe(room, level=form.cleaned_data["level"], by=request.user)
    return frame_or_redirect(request, project, room.get_absolute_url())


@require_GET
def tasks(request: MemberRequest, key: str) -> JsonResponse:
    """The tasks that `?q=` may mean, the latest first: by the beginning of their number or key, or words of a title."""
    project = permissions.project_for(request.user, key)
    query = request.GET.get("q", "")
    number = query.upper().removeprefix(f"{project.key}-")
    found = project.tasks.filter(number__startswith=number) if number.isdecimal() else project.tasks.titled(query)
    suggested = found.order_by("-number").values_list("number", "title")[:MAX_SUGGESTIONS]
    return JsonResponse({"tasks": [{"text": f"{project.key}-{number}", "label": title} for number, title in suggested]})

"""What is done with one message: edited, deleted, reacted to, made a task."""

import uuid
from functools import partial

from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from apps.accounts.request_types import MemberRequest
from apps.chat.forms import DiscussForm, EditForm, EmojiForm, TitleForm
from apps.chat.messages import pins, reactions, to_task
from apps.chat.messages.dialogs import asked
from apps.chat.messages.edit import (
    delete as delete_message,
)
from apps.chat.messages.edit import (
    edit as edit_message,
)
from apps.chat.messages.edit import (
    remove_previews as remove_previews_message,
)
from apps.chat.messages.edit import (
    require_author,
    require_may_delete,
)
from apps.chat.models import Message
from apps.projects.models import Project
from apps.projects.permissions import Action
from apps.tasks.board.views import frame_or, not_understood, project_of


def found(request: MemberRequest, key: str, pk: int, action: Action) -> tuple[Project, Message]:
    """The project and its message, for somebody whose role lets them do `action`."""
    project = project_of(request, key, action)
    messages = Message.objects.visible_to(request.user).select_related("room__project", "author")
    return project, get_object_or_404(messages, pk=pk, room__project=project)


@require_http_methods(["GET", "POST"])
def edit(request: MemberRequest, key: str, pk: int) -> HttpResponse:
    project, message = found(request, key, pk, Action.COMMENT)
    require_author(message, request.user)
    question = {"title": _("Edit your message"), "yes": _("Save"), "look": "message__edit"}
    form = EditForm(request.POST or None, initial={"text": message.text})
    verb = partial(edit_message, message, by=request.user)
    return asked(request, project, question, verb, back=message.get_absolute_url(), form=form)


@require_http_methods(["GET", "POST"])
def delete(request: MemberRequest, key: str, pk: int) -> HttpResponse:
    project, message = found(request, key, pk, Action.COMMENT)
    require_may_delete(message, request.user)
    question = {
        "title": _("Delete this message?"),
        "lead": _("It goes for everybody, and can't be brought back."),
        "yes": _("Delete"),
    }
    verb = partial(delete_message, message, by=request.user)
    return asked(request, project, question, verb, back=message.room.get_absolute_url())


@require_GET
def revisions(request: MemberRequest, key: str, pk: int) -> HttpResponse:
    """What a message said before it was edited, for those who moderate."""
    project, message = found(request, key, pk, Action.MANAGE)
    page = {"project": project, "message": message, "revisions": message.revisions.all()}
    return render(request, "chat/messages/revisions.html", page)


@require_POST
def react(request: MemberRequest, key: str, pk: int) -> HttpResponse:
    """A reaction is given, or taken back when it was given before."""
    project, message = found(request, key, pk, Action.COMMENT)
    form = EmojiForm(request.POST)
    if not form.is_valid():
        return not_understood(request, form, "chat/messages/question.html", {"project": project})
    emoji = form.cleaned_data["emoji"]
    is_given = message.reactions.filter(user=request.user, emoji=emoji).exists()
    (reactions.unreact if is_given else reactions.react)(message, emoji=emoji, by=request.user)
    return frame_or(request, project, message.get_absolute_url())


@require_POST
def pin(request: MemberRequest, key: str, pk: int) -> HttpResponse:
    """It is pinned, or taken down when it was pinned before."""
    project, message = found(request, key, pk, Action.WRITE)
    (pins.unpin if hasattr(message, "pin") else pins.pin)(message, by=request.user)
    return frame_or(request, project, message.get_absolute_url())


@require_POST
def remove_previews(request: MemberRequest, key: str, pk: int) -> HttpResponse:
    project, message = found(request, key, pk, Action.COMMENT)
    remove_previews_message(message, by=request.user)
    return frame_or(request, project, message.get_absolute_url())


@require_http_methods(["GET", "POST"])
def discuss(request: MemberRequest, key: str, pk: int) -> HttpResponse:
    project, message = said_by_somebody(request, key, pk, Action.COMMENT)
    question = {
        "title": _("Discuss it in a task"),
        "lead": _("Your words stand under the task with the message quoted above them; here stands a link there."),
        "yes": _("Go on there"),
    }
    named = message.task_references.select_related("task__project").first()
    initial = {"task": named.task.key if named else "", "client_message_id": uuid.uuid4()}
    form = DiscussForm(request.POST or None, project=project, initial=initial)
    verb = partial(to_task.discuss, message, by=request.user)
    return asked(request, project, question, verb, back=message.get_absolute_url(), form=form)


def said_by_somebody(request: MemberRequest, key: str, pk: int, action: Action) -> tuple[Project, Message]:
    """The same, but for what the board itself tells: that is about nothing further."""
    project, message = found(request, key, pk, action)
    if message.system_message:
        raise Http404
    return project, message


@require_http_methods(["GET", "POST"])
def make_task(request: MemberRequest, key: str, pk: int) -> HttpResponse:
    project, message = said_by_somebody(request, key, pk, Action.WRITE)
    question = {
        "title": _("Create a task"),
        "lead": _("The message, who wrote it and the way back to it will stand in the description."),
        "yes": _("Create the task"),
    }
    initial = {"title": to_task.title_of(message), "client_message_id": uuid.uuid4()}
    form = TitleForm(request.POST or None, initial=initial)
    verb = partial(to_task.make_task, message, by=request.user)
    return asked(request, project, question, verb, back=message.get_absolute_url(), form=form)

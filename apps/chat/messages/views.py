"""What is done with one message: edited, deleted, reacted to, made a task."""

import uuid
from functools import partial

from django.http import Http404, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from apps.accounts.request_types import MemberRequest
from apps.chat.forms import DiscussForm, EditForm, EmojiForm, TitleForm
from apps.chat.messages import pins, reactions, to_task
from apps.chat.messages.actions.delete import delete as delete_message
from apps.chat.messages.actions.edit import edit as edit_message
from apps.chat.messages.actions.edit import remove_previews as remove_previews_message
from apps.chat.messages.dialogs import show_dialog
from apps.chat.messages.emoji import canonical
from apps.chat.messages.lock import require_author, require_author_or_manager
from apps.chat.models import Message
from apps.projects import permissions
from apps.projects.models import Project
from apps.projects.permissions import Action
from apps.tasks.board.views import frame_or_redirect, invalid_form


def message_of(request: MemberRequest, project: Project, pk: int) -> Message:
    return permissions.find(Message.objects.for_change(), by=request.user, room__project=project, pk=pk)


@require_http_methods(["GET", "POST"])
def edit(request: MemberRequest, key: str, pk: int) -> HttpResponse:
    project = permissions.project_for(request.user, key)
    message = message_of(request, project, pk)

    def require() -> None:
        permissions.require_role(project.role, Action.COMMENT)
        require_author(message, request.user)

    return show_dialog(
        request,
        project,
        {"title": _("Edit your message"), "submit": _("Save"), "css_class": "message__edit"},
        partial(edit_message, message, by=request.user),
        require=require,
        back=message.get_absolute_url(),
        form=EditForm(request.POST or None, initial={"text": message.text}),
    )


@require_http_methods(["GET", "POST"])
def delete(request: MemberRequest, key: str, pk: int) -> HttpResponse:
    project = permissions.project_for(request.user, key)
    message = message_of(request, project, pk)

    def require() -> None:
        permissions.require_role(project.role, Action.COMMENT)
        require_author_or_manager(message, request.user)

    dialog = {
        "title": _("Delete this message?"),
        "lead": _("It goes for everybody, and can't be brought back."),
        "submit": _("Delete"),
    }
    action = partial(delete_message, message, by=request.user)
    return show_dialog(request, project, dialog, action, require=require, back=message.room.get_absolute_url())


@require_GET
def revisions(request: MemberRequest, key: str, pk: int) -> HttpResponse:
    """What a message said before it was edited, for those who moderate."""
    project = permissions.project_for(request.user, key, Action.MANAGE)
    message = message_of(request, project, pk)
    page = {"project": project, "message": message, "revisions": message.revisions.all()}
    return render(request, "chat/messages/revisions.html", page)


@require_POST
def react(request: MemberRequest, key: str, pk: int) -> HttpResponse:
    """A reaction is given, or taken back when it was given before."""
    project = permissions.project_for(request.user, key)
    message = message_of(request, project, pk)
    form = EmojiForm(request.POST)
    if not form.is_valid():
        return invalid_form(request, form, "chat/messages/dialog.html", {"project": project})
    emoji = canonical(form.cleaned_data["emoji"])
    is_given = message.reactions.filter(user=request.user, emoji=emoji).exists()
    (reactions.unreact if is_given else reactions.react)(message, emoji=emoji, by=request.user)
    return frame_or_redirect(request, project, message.get_absolute_url())


@require_POST
def pin(request: MemberRequest, key: str, pk: int) -> HttpResponse:
    """It is pinned, or taken down when it was pinned before."""
    project = permissions.project_for(request.user, key)
    message = message_of(request, project, pk)
    (pins.unpin if hasattr(message, "pin") else pins.pin)(message, by=request.user)
    return frame_or_redirect(request, project, message.get_absolute_url())


@require_POST
def remove_previews(request: MemberRequest, key: str, pk: int) -> HttpResponse:
    project = permissions.project_for(request.user, key)
    message = message_of(request, project, pk)
    remove_previews_message(message, by=request.user)
    return frame_or_redirect(request, project, message.get_absolute_url())


@require_http_methods(["GET", "POST"])
def discuss(request: MemberRequest, key: str, pk: int) -> HttpResponse:
    project = permissions.project_for(request.user, key)
    message = written_message_of(request, project, pk)
    dialog = {
        "title": _("Discuss it in a task"),
        "lead": _("Your words stand under the task with the message quoted above them; here stands a link there."),
        "submit": _("Go on there"),
    }
    reference = message.task_references.select_related("task__project").first()
    initial = {"task": reference.task.key if reference else "", "client_message_id": uuid.uuid4()}
    return show_dialog(
        request,
        project,
        dialog,
        partial(to_task.discuss, message, by=request.user),
        require=partial(permissions.require_role, project.role, Action.COMMENT),
        back=message.get_absolute_url(),
        form=DiscussForm(request.POST or None, project=project, initial=initial),
    )


def written_message_of(request: MemberRequest, project: Project, pk: int) -> Message:
    """The message if a member wrote it: nothing further is done with system messages."""
    message = message_of(request, project, pk)
    if message.system_message:
        raise Http404
    return message


@require_http_methods(["GET", "POST"])
def make_task(request: MemberRequest, key: str, pk: int) -> HttpResponse:
    project = permissions.project_for(request.user, key)
    message = written_message_of(request, project, pk)
    dialog = {
        "title": _("Create a task"),
        "lead": _("The message, who wrote it and the way back to it will stand in the description."),
        "submit": _("Create the task"),
    }
    initial = {"title": to_task.title_of(message), "client_message_id": uuid.uuid4()}
    return show_dialog(
        request,
        project,
        dialog,
        partial(to_task.make_task, message, by=request.user),
        require=partial(permissions.require_role, project.role, Action.WRITE),
        back=message.get_absolute_url(),
        form=TitleForm(request.POST or None, initial=initial),
    )

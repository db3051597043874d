"""Dialogs of the room: a page each, whose form the room's script shows in place."""

from collections.abc import Callable
from typing import Any, Protocol, cast

from django import forms
from django.http import HttpResponse
from django.shortcuts import render

from apps.accounts.request_types import MemberRequest
from apps.errors import NotAllowed, Refused
from apps.projects.models import Project
from apps.tasks.board.views import frame_or_redirect, invalid_form, wants_json


class HasPage(Protocol):
    def get_absolute_url(self) -> str: ...


def show_dialog(
    request: MemberRequest,
    project: Project,
    dialog: dict[str, Any],
    action: Callable[..., object],
    *,
    back: str,
    form: forms.Form | None = None,
    require: Callable[[], object],
    to_outcome: bool = False,
) -> HttpResponse:
    """The dialog; its button calls `action` with what the form says, and leads `back`, or to what the action returns.

    Who may not do it gets no dialog: `require` raises NotAllowed then. A refusal of the action stands on the
    dialog's page, to the script as JSON.
    """
    is_for_script = "X-Fragment" in request.headers
    page = {"project": project, "dialog": dialog, "form": form, "back": back}
    if request.method == "GET":
        require()
        return render(request, "chat/messages/_dialog.html" if is_for_script else "chat/messages/dialog.html", page)
    if form and not form.is_valid():
        return invalid_form(request, form, "chat/messages/dialog.html", page)
    try:
        outcome = action(**(form.cleaned_data if form else {}))
    except NotAllowed:
        raise
    except Refused as refusal:
        if wants_json(request):
            raise
        return render(request, "chat/messages/dialog.html", page | {"refusal": refusal}, status=refusal.page_status)
    return frame_or_redirect(request, project, cast(HasPage, outcome).get_absolute_url() if to_outcome else back)

"""Questions of the room: a page each, whose form the room's script shows in place."""

from collections.abc import Callable

from django import forms
from django.http import HttpResponse
from django.shortcuts import render

from apps.accounts.request_types import MemberRequest
from apps.errors import Refused
from apps.projects.models import Project
from apps.tasks.board.views import frame_or, not_understood, wants_json


def asked(
    request: MemberRequest,
    project: Project,
    question: dict,
    verb: Callable[..., object],
    *,
    back: str,
    form: forms.Form | None = None,
    to_outcome: bool = False,
) -> HttpResponse:
    """The question; its yes calls `verb` with what the form says, and leads `back`, or to what the verb returns.

    What the verb refuses is said on that page, to the script as JSON.
    """
    is_for_script = "X-Fragment" in request.headers
    page = {"project": project, "question": question, "form": form, "back": back}
    if request.method == "GET":
        return render(request, "chat/messages/_question.html" if is_for_script else "chat/messages/question.html", page)
    if form and not form.is_valid():
        return not_understood(request, form, "chat/messages/question.html", page)
    try:
        outcome = verb(**(form.cleaned_data if form else {}))
    except Refused as refusal:
        if wants_json(request):
            raise
        return render(request, "chat/messages/question.html", page | {"refusal": refusal}, status=refusal.page_status)
    return frame_or(request, project, outcome.get_absolute_url() if to_outcome else back)

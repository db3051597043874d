"""How long messages are kept: a page that asks, and one more that says how many go."""

from typing import Any

from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_http_methods

from apps.accounts.request_types import MemberRequest
from apps.chat.forms import ConfirmForm, RetentionForm
from apps.chat.rooms import retention as room_retention
from apps.projects import permissions
from apps.projects.models import Project
from apps.projects.permissions import Action


@require_http_methods(["GET", "POST"])
def retention(request: MemberRequest, key: str) -> HttpResponse:
    project = permissions.project_for(
        request.user, key, Action.MANAGE
    )  # the answer to a POST may be a page, with a count
    now = room_retention.days_of(project)
    form = RetentionForm(request.POST or None, initial={"days": now})
    if not form.is_valid():
        return show_form(request, project, form, {"title": _("How long messages are kept"), "submit": _("Go on")})
    days = form.cleaned_data["days"]
    is_longer = days is None or (now is not None and days >= now)
    if not is_longer and not form.cleaned_data["is_confirmed"]:
        form = ConfirmForm(initial={"days": days, "is_confirmed": True})
        return show_form(request, project, form, warning(project, days))
    room_retention.set_days(project, days=days, by=request.user)
    return redirect("chat:home", project.key)


def show_form(request: MemberRequest, project: Project, form: RetentionForm, dialog: dict[str, Any]) -> HttpResponse:
    page = {"project": project, "dialog": dialog, "form": form, "back": reverse("chat:home", args=[project.key])}
    return render(request, "chat/messages/dialog.html", page, status=422 if form.errors else 200)


def warning(project: Project, days: int) -> dict[str, Any]:
    """What deleting after `days` means, and how many messages go at once."""
    count = room_retention.expired(project, days).count()
    going = ngettext("{n} message goes now.", "{n} messages go now.", count).format(n=count)
    reach = _("That is so in all rooms of this project, and nothing brings them back.")
    return {
        "title": _("Delete old messages?"),
        "lead": f"{room_retention.retention_sentence(days)} {going} {reach}",
        "submit": _("Delete them"),
    }

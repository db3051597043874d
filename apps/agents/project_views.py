"""The agents of one project, as its people see them: what each does, and the switch that stops them all."""

from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_POST, require_safe

from apps.accounts.requests import MemberRequest
from apps.agents import pausing
from apps.agents.models import Agent
from apps.projects import policy
from apps.projects.policy import Action

STATES = {
    "disabled": _("Switched off"),
    "offline": _("The gateway does not answer"),
    "working": _("Working"),
    "queued up": _("About to start"),
    "idle": _("Idle"),
}


@require_safe
def agents(request: MemberRequest, key: str) -> HttpResponse:
    project = policy.project_for(request.user, key)
    found = Agent.objects.visible_to(request.user).in_project(project).select_related("user", "gateway").with_load()
    context = {
        "project": project,
        "rows": [(agent, STATES[agent.status]) for agent in found],
        "pause": getattr(project, "pause", None),
        "can_run": policy.role_may(project.role, Action.RUN),
    }
    return render(request, "agents/agents.html", context)


@require_POST
def pause(request: MemberRequest, key: str) -> HttpResponse:
    project = policy.project_for(request.user, key, Action.RUN)
    pausing.pause(project, by=request.user)
    return redirect("agents:agents", project.key)


@require_POST
def resume(request: MemberRequest, key: str) -> HttpResponse:
    project = policy.project_for(request.user, key, Action.RUN)
    pausing.resume(project, by=request.user)
    return redirect("agents:agents", project.key)

"""The agents of one project, as its people see them: what each does, who may start whom, and the switch for all."""

from typing import Any

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from apps.accounts.request_types import MemberRequest
from apps.agents.mentions import handoffs
from apps.agents.mentions.forms import HandoffForm
from apps.agents.models import STATUS_LABELS, Agent, AgentQuerySet, HandoffPermission
from apps.agents.roster import failure_streaks
from apps.agents.runs import run_notes
from apps.agents.runs.actions.pause import pause as pause_agents
from apps.agents.runs.actions.pause import resume as resume_agents
from apps.agents.runs.actions.pause import runs_at_work
from apps.projects import permissions
from apps.projects.models import Project
from apps.projects.permissions import Action


@require_safe
def agents(request: MemberRequest, key: str) -> HttpResponse:
    return agents_page(request, permissions.project_for(request.user, key))


def agents_page(request: MemberRequest, project: Project, form: HandoffForm | None = None) -> HttpResponse:
    """The page; with a `form` that has errors to say."""
    found = agents_of(request, project)
    pause = getattr(project, "pause", None)
    loaded = found.select_related("user", "gateway").with_load()
    rows = [
        (agent, STATUS_LABELS[agent.status_in(is_paused=pause is not None)], failing_context(agent, project))
        for agent in loaded
    ]
    may_manage = permissions.role_may(project.role, Action.MANAGE)
    context = {
        "project": project,
        "rows": rows,
        "has_practice": any(agent.user.is_practice for agent, *_rest in rows),
        "has_retired": any(agent.user.is_practice and not agent.gateway.is_enabled for agent, *_rest in rows),
        "pause": pause,
        "handoffs": project.handoff_permissions.select_related("from_agent", "to_agent").order_by("pk"),
        "handoff_form": form or HandoffForm(agents=found),
        "can_pause": may_manage,
        "can_allow_handoffs": may_manage and len(rows) > 1,
    }
    return render(request, "agents/roster/agents.html", context, status=422 if form else 200)


def failing_context(agent: Agent, project: Project) -> dict[str, Any] | None:
    """Why an agent is paused, and what a person can try again in the project once the reason is gone."""
    streak = failure_streaks.pause_of(agent)
    if streak is None:
        return None
    failed = failure_streaks.failed_for(agent, streak.fingerprint).filter(project=project)
    return {
        "sentence": run_notes.why_failing(agent, streak),
        "details": streak.error,
        "run": failed.first(),
        "count": failed.count(),
    }


def agents_of(request: MemberRequest, project: Project) -> AgentQuerySet:
    return Agent.objects.visible_to(request.user).in_project(project)


@require_http_methods(["GET", "POST"])
def pause(request: MemberRequest, key: str) -> HttpResponse:
    """The question what becomes of running attempts; `running=stop` stops them, else they may finish."""
    project = permissions.project_for(request.user, key)
    if request.method == "GET":
        permissions.require(request.user, Action.MANAGE, project)
        context = {"project": project, "running": runs_at_work(project).count()}
        return render(request, "agents/roster/pause.html", context)
    pause_agents(project, by=request.user, stop=request.POST.get("running") == "stop")
    return redirect("agents:agents", project.key)


@require_POST
def resume(request: MemberRequest, key: str) -> HttpResponse:
    project = permissions.project_for(request.user, key)
    resume_agents(project, by=request.user)
    return redirect("agents:agents", project.key)


@require_POST
def allow_handoff(request: MemberRequest, key: str) -> HttpResponse:
    project = permissions.project_for(request.user, key)
    form = HandoffForm(request.POST, agents=agents_of(request, project))
    if not form.is_valid():
        return agents_page(request, project, form)
    try:
        permission = handoffs.allow(project, **form.cleaned_data, by=request.user)
    except handoffs.SameAgent as refusal:
        form.add_error("to_agent", refusal.message)
        return agents_page(request, project, form)
    messages.success(request, str(permission))
    return redirect("agents:agents", project.key)


@require_POST
def revoke_handoff(request: MemberRequest, key: str, pk: int) -> HttpResponse:
    found = permissions.find(HandoffPermission.objects, by=request.user, project__key=key, pk=pk)
    handoffs.revoke(found, by=request.user)
    return redirect("agents:agents", key)

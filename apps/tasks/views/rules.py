"""What a project has decided about code: where cards go by their pull requests, and how branches are called."""

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from apps.accounts.requests import MemberRequest
from apps.projects.models import Project
from apps.projects.policy import Action
from apps.tasks import branching, coderules
from apps.tasks.forms import BranchesForm, RulesForm
from apps.tasks.views.board import project_of


@require_http_methods(["GET", "POST"])
def rules(request: MemberRequest, key: str) -> HttpResponse:
    project = project_of(request, key, Action.MANAGE)
    form = RulesForm(request.POST if request.method == "POST" else None, project=project)
    if not form.is_valid():
        return shown(request, project, rules=form)
    coderules.choose(project, form.chosen(), by=request.user)
    messages.success(request, _("Saved. Cards go there from now on."))
    return redirect("tasks:rules", project.key)


@require_POST
def branches(request: MemberRequest, key: str) -> HttpResponse:
    project = project_of(request, key, Action.MANAGE)
    form = BranchesForm(request.POST)
    if not form.is_valid():
        return shown(request, project, branches=form)
    try:
        branching.call(project, form.cleaned_data["template"], by=request.user)
    except branching.BadTemplate as refusal:
        form.add_error("template", str(refusal.message))
        return shown(request, project, branches=form)
    messages.success(request, _("Saved. Branches are proposed like that from now on."))
    return redirect("tasks:rules", project.key)


def shown(
    request: MemberRequest, project: Project, *, rules: RulesForm | None = None, branches: BranchesForm | None = None
) -> HttpResponse:
    """The page, with the form that is not right as it was sent."""
    rules = rules or RulesForm(project=project)
    branches = branches or BranchesForm(initial={"template": branching.template_of(project)})
    page = {"project": project, "rules": rules, "branches": branches}
    return render(request, "tasks/rules.html", page, status=422 if rules.errors or branches.errors else 200)

"""What a project has decided about code: where cards go by their pull requests, and how branches are called."""

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from apps.accounts.request_types import MemberRequest
from apps.projects.models import Project
from apps.projects.permissions import Action
from apps.tasks.board.views import project_of
from apps.tasks.code import branch_names, pull_request_rules
from apps.tasks.forms import BranchesForm, RulesForm


@require_http_methods(["GET", "POST"])
def rules(request: MemberRequest, key: str) -> HttpResponse:
    project = project_of(request, key, Action.MANAGE)
    form = RulesForm(request.POST if request.method == "POST" else None, project=project)
    if not form.is_valid():
        return shown(request, project, rules=form)
    pull_request_rules.set_rules(project, form.column_by_event(), by=request.user)
    messages.success(request, _("Saved. Cards go there from now on."))
    return redirect("tasks:rules", project.key)


@require_POST
def branches(request: MemberRequest, key: str) -> HttpResponse:
    project = project_of(request, key, Action.MANAGE)
    form = BranchesForm(request.POST)
    if not form.is_valid():
        return shown(request, project, branches=form)
    try:
        branch_names.call(project, form.cleaned_data["template"], by=request.user)
    except branch_names.BadTemplate as refusal:
        form.add_error("template", str(refusal.message))
        return shown(request, project, branches=form)
    messages.success(request, _("Saved. Branches are proposed like that from now on."))
    return redirect("tasks:rules", project.key)


def shown(
    request: MemberRequest, project: Project, *, rules: RulesForm | None = None, branches: BranchesForm | None = None
) -> HttpResponse:
    """The page, with the form that is not right as it was sent."""
    rules = rules or RulesForm(project=project)
    branches = branches or BranchesForm(initial={"template": branch_names.template_of(project)})
    page = {"project": project, "rules": rules, "branches": branches}
    return render(request, "tasks/code/rules.html", page, status=422 if rules.errors or branches.errors else 200)

"""A project's settings for code: its pull request rules and the names of its branches."""

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from apps.accounts.request_types import MemberRequest
from apps.projects import permissions
from apps.projects.models import Project
from apps.projects.permissions import Action
from apps.tasks.code import branch_names, pull_request_rules
from apps.tasks.code.forms import BranchesForm, RulesForm


@require_http_methods(["GET", "POST"])
def rules(request: MemberRequest, key: str) -> HttpResponse:
    project = permissions.project_for(request.user, key)
    form = RulesForm(request.POST if request.method == "POST" else None, project=project)
    if not form.is_valid():
        return settings_page(request, project, rules=form)
    pull_request_rules.set_rules(project, form.column_by_event(), by=request.user)
    messages.success(request, _("Saved. Cards go there from now on."))
    return redirect("tasks:rules", project.key)


@require_POST
def branches(request: MemberRequest, key: str) -> HttpResponse:
    project = permissions.project_for(request.user, key)
    form = BranchesForm(request.POST)
    if not form.is_valid():
        return settings_page(request, project, branches=form)
    try:
        branch_names.set_template(project, form.cleaned_data["template"], by=request.user)
    except branch_names.BadTemplate as refusal:
        form.add_error("template", str(refusal.message))
        return settings_page(request, project, branches=form)
    messages.success(request, _("Saved. Branches are proposed like that from now on."))
    return redirect("tasks:rules", project.key)


def settings_page(
    request: MemberRequest, project: Project, *, rules: RulesForm | None = None, branches: BranchesForm | None = None
) -> HttpResponse:
    """The page, which is for maintainers, with an invalid form as it was sent."""
    permissions.require_role(project.role, Action.MANAGE)
    rules = rules or RulesForm(project=project)
    branches = branches or BranchesForm(initial={"template": branch_names.template_of(project)})
    page = {"project": project, "rules": rules, "branches": branches}
    return render(request, "tasks/code/rules.html", page, status=422 if rules.errors or branches.errors else 200)

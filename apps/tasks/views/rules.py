"""What moves cards by itself: where they go by what a pull request has come to."""

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from apps.accounts.requests import MemberRequest
from apps.projects.policy import Action
from apps.tasks import coderules
from apps.tasks.forms import RulesForm
from apps.tasks.views.board import project_of


@require_http_methods(["GET", "POST"])
def rules(request: MemberRequest, key: str) -> HttpResponse:
    project = project_of(request, key, Action.MANAGE)
    form = RulesForm(request.POST if request.method == "POST" else None, project=project)
    if form.is_valid():
        coderules.choose(project, form.chosen(), by=request.user)
        messages.success(request, _("Saved. Cards go there from now on."))
        return redirect("tasks:rules", project.key)
    return render(request, "tasks/rules.html", {"project": project, "form": form}, status=422 if form.errors else 200)

"""The people of a project: who is in it, and as what."""

from collections.abc import Callable
from functools import partial
from typing import Any

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from apps.accounts.request_types import MemberRequest
from apps.errors import Refused
from apps.names import isolate
from apps.projects import permissions
from apps.projects.forms import InvitationForm, InviteForm, RoleForm
from apps.projects.members import member_list, memberships
from apps.projects.models import Membership, Project, Role
from apps.projects.permissions import Action
from apps.rest.numbers import whole


@require_http_methods(["GET", "POST"])
def members(request: MemberRequest, key: str) -> HttpResponse:
    """Who is in the project; bringing somebody in is at the same address."""
    if request.method == "GET":
        return members_page(request, permissions.project_for(request.user, key))
    project = permissions.project_for(request.user, key, Action.MANAGE)
    form = InviteForm(request.POST, own_role=project.role)
    if not form.is_valid():
        return members_page(request, project, status=422, invite_form=form)
    who, role = form.cleaned_data["who"], form.cleaned_data["role"]
    try:
        memberships.invite(project, who, role=role, by=request.user)
    except Refused as refusal:
        form.add_error("who", str(refusal.message))
        return members_page(request, project, status=refusal.page_status, invite_form=form)
    messages.success(request, _("{name} is in this project now.").format(name=isolate(who)))
    return redirect("projects:members", project.key)


def members_page(request: MemberRequest, project: Project, status: int = 200, **more: object) -> HttpResponse:
    """A page of the list, the highest roles first; `more` is a form with errors, or a refusal to say."""
    can_manage = permissions.role_may(project.role, Action.MANAGE)
    query = request.GET.get("q", "").strip()
    number = min(whole(request.GET.get("page", "")) or 1, member_list.LAST_PAGE)
    found = member_list.page_of_members(project, query, number)
    context = {
        "project": project,
        "rows": [row_of(project, member) for member in found.rows],
        "found": found,
        "query": query,
        "can_manage": can_manage,
        "can_hand_over": permissions.role_may(project.role, Action.OWN),
        "invite_form": InviteForm(own_role=project.role),
        "invitation_form": InvitationForm(own_role=project.role),
        "invitations": project.invitations.open().select_related("invited_by").order_by("pk") if can_manage else [],
        "within": permissions.roles_within(project.role),
        "roles": [
            (role.label, [action.label for action in Action if permissions.role_may(role, action)]) for role in Role
        ],
    }
    return render(request, "projects/members/members.html", context | more, status=status)


def row_of(project: Project, membership: Membership) -> dict[str, Any]:
    """A member, with the form for their role if that is within the reach of who looks."""
    within = permissions.roles_within(project.role)
    offered = [role for role in within if memberships.may_be(membership.user, role)]
    return {
        "member": membership,
        "user": membership.user,
        "roles": [role for role in offered if memberships.groups_allow(membership, role)]
        if membership.role in within
        else [],
        "may_go": memberships.groups_allow(membership, None),
    }


@require_POST
def set_role(request: MemberRequest, key: str, pk: int) -> HttpResponse:
    project = permissions.project_for(request.user, key, Action.MANAGE)
    membership = member_of(project, pk)
    form = RoleForm(request.POST, own_role=project.role)
    if not form.is_valid():
        return members_page(request, project, status=422, refusal=_("Choose one of the roles that are offered."))
    try:
        memberships.set_role(membership, role=form.cleaned_data["role"], by=request.user)
    except Refused as refusal:
        return members_page(request, project, status=refusal.page_status, refusal=refusal.message)
    sentence = _("{name} has another role now: {role}.")
    messages.success(request, sentence.format(name=isolate(membership.user), role=membership.get_role_display()))
    return redirect("projects:members", project.key)


@require_http_methods(["GET", "POST"])
def remove(request: MemberRequest, key: str, pk: int) -> HttpResponse:
    project = permissions.project_for(request.user, key, Action.MANAGE)
    membership = member_of(project, pk)
    question = {
        "title": _("Remove {name} from {project}?").format(name=isolate(membership.user), project=isolate(project)),
        "lead": _("Their open tasks will be unassigned, and what an agent is doing here is stopped. The rest stays."),
        "yes": _("Remove"),
    }
    return confirm(request, project, question, partial(memberships.remove, membership, by=request.user))


@require_http_methods(["GET", "POST"])
def hand_over(request: MemberRequest, key: str, pk: int) -> HttpResponse:
    project = permissions.project_for(request.user, key, Action.OWN)
    membership = member_of(project, pk)
    question = {
        "title": _("Hand {project} over to {name}?").format(name=isolate(membership.user), project=isolate(project)),
        "lead": _("They become an owner and you a maintainer. You can't take this back yourself."),
        "yes": _("Hand it over"),
    }
    return confirm(request, project, question, partial(memberships.hand_over, membership, by=request.user))


@require_http_methods(["GET", "POST"])
def leave(request: MemberRequest, key: str) -> HttpResponse:
    project = permissions.project_for(request.user, key)
    membership = member_of(project, request.user.pk)
    question = {
        "title": _("Leave {project}?").format(project=isolate(project)),
        "lead": _("Your open tasks will be unassigned. To come back you have to be added again."),
        "yes": _("Leave"),
    }
    return confirm(
        request, project, question, partial(memberships.remove, membership, by=request.user), to="projects:list"
    )


def confirm(
    request: MemberRequest, project: Project, question: dict[str, Any], action: Callable[[], object], *, to: str = ""
) -> HttpResponse:
    """A question on a page of its own, whose yes calls `action` and goes `to`, else back to the members.

    What the action refuses is said on that page.
    """
    page = {"project": project, "question": question}
    if request.method == "GET":
        return render(request, "projects/question.html", page)
    try:
        action()
    except Refused as refusal:
        return render(request, "projects/question.html", page | {"refusal": refusal}, status=refusal.page_status)
    return redirect(to) if to else redirect("projects:members", project.key)


def member_of(project: Project, user_id: int) -> Membership:
    return get_object_or_404(project.memberships.select_related("user"), user=user_id)

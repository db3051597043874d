"""Merging a pull request at its forge: a person's click, of exactly what that person was shown."""

from typing import Any

from django.utils.translation import gettext as _

from apps.accounts import audit
from apps.accounts.models import User
from apps.errors import Conflict, NotAllowed, Refused
from apps.projects import permissions
from apps.projects.git import forges
from apps.projects.git.forges import Client, ForgeError
from apps.projects.git.webhooks import apply
from apps.projects.models import PullRequest, Repository
from apps.projects.permissions import Action

ACTIONS: dict[str, Action] = {Repository.Merging.MAINTAINERS: Action.MANAGE, Repository.Merging.MEMBERS: Action.RUN}
# After these nobody knows whether the forge did it.
OUTCOME_UNKNOWN = {"timed_out", "broken", "unreachable", "forge_failed", "odd"}


class NotMerged(Refused):
    """The forge did not merge, or did not say whether it did."""

    code = "not_merged"
    page_status = 409


def require(user: User, repository: Repository) -> None:
    """Raise NotAllowed unless `user` is a person who may merge in `repository` from the board."""
    action = ACTIONS.get(repository.merging)
    if user.kind != User.Kind.PERSON or action is None or not permissions.may(user, action, repository.project):
        raise NotAllowed(_("You may not merge in this repository from the board."))


def merge(request: PullRequest, *, sha: str, by: User) -> None:
    """Have the forge merge `request` while its head is `sha`, and bring our row up to date.

    Call it outside a transaction: the forge is asked. It is asked to merge once; when its answer is lost, only
    how the request stands. Raises NotAllowed, Conflict when it is not as it was shown, and NotMerged.
    """
    repository = request.repository
    require(by, repository)
    request.refresh_from_db()
    if request.state != PullRequest.State.OPEN or request.head_sha != sha:
        raise Conflict(_("This pull request has changed since it was shown to you. Look at it again."))
    trouble = _merge_at_forge(request, sha)
    if trouble and (request.state, request.head_sha) != (PullRequest.State.MERGED, sha):
        raise NotMerged(_sentence(trouble))
    facts: dict[str, Any] = {"repository": repository.name, "number": request.number, "sha": sha}
    audit.record("request.merged", by=by, project_id=repository.project_id, **facts)


def _merge_at_forge(request: PullRequest, sha: str) -> ForgeError | None:
    """What kept it from being merged, if anything did; our row stands as the forge says afterwards."""
    try:
        client = forges.client_of(request.repository)
    except ForgeError as trouble:
        return trouble
    try:
        client.merge(request.number, sha=sha)
    except ForgeError as trouble:
        _refresh_from_forge(request, client)
        return trouble
    _refresh_from_forge(request, client)
    return None


def _refresh_from_forge(request: PullRequest, client: Client) -> None:
    """Ask how it stands. Without an answer the row stays as it is, and a delivery or the comparison mends it."""
    try:
        apply.apply(request.repository, client.request(request.number), is_current=True)
    except (ForgeError, forges.UnreadablePayload):
        return
    request.refresh_from_db()


def _sentence(trouble: ForgeError) -> str:
    if trouble.code in OUTCOME_UNKNOWN:
        return _("The forge did not say whether it merged. {why} Look there before you try again.").format(why=trouble)
    return _("It was not merged. {why}").format(why=trouble)

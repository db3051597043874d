"""What the provider says of somebody's groups, and whether that is enough to come in."""

from typing import Any

from django.conf import settings

from apps.accounts.oidc.errors import SignInRefused


def groups_of(claims: dict[str, Any]) -> frozenset[str] | None:
    """The groups in the claim AUTHENTIK_GROUPS_CLAIM; None when it is not there or no list, so nobody knows."""
    told = claims.get(settings.AUTHENTIK_GROUPS_CLAIM)
    if not isinstance(told, list):
        return None
    return frozenset(name for name in told if isinstance(name, str) and name.isprintable())


def require(groups: frozenset[str] | None) -> None:
    """Raise SignInRefused unless `groups` has AUTHENTIK_USERS_GROUP; "" leaves the choice to the provider."""
    wanted, claim = settings.AUTHENTIK_USERS_GROUP, settings.AUTHENTIK_GROUPS_CLAIM
    if not wanted:
        return
    if groups is None:
        raise SignInRefused("groups_missing_claim", f"There is no claim “{claim}”: its scope is not selected.")
    if wanted not in groups:
        raise SignInRefused("group_required", f"The claim “{claim}” does not name the group “{wanted}”.")

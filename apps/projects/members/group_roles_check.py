"""What is wrong with the settings of projects, said before anything starts."""

from typing import Any

from django.conf import settings
from django.core.checks import Error

from apps.projects.members import group_grants


def group_roles(app_configs: object, **_more: Any) -> list[Error]:
    """GROUP_ROLES says something, piece by piece."""
    found = []
    for piece in settings.GROUP_ROLES:
        try:
            group_grants.parsed(piece)
        except group_grants.Malformed as error:
            hint = "For example: GROUP_ROLES=board-devs=TIDE:member,leads=TIDE:owner"
            found.append(Error(f"GROUP_ROLES: {error}", hint=hint, id="projects.E001"))
    return found

"""Projects, their members, the log that every change is written to, and the code they work on."""

from apps.projects.models.event import Event
from apps.projects.models.group import GroupGrant, KnownGroups
from apps.projects.models.project import Membership, Project, ProjectQuerySet, Role

__all__ = [
    "Event",
    "GroupGrant",
    "KnownGroups",
    "Membership",
    "Project",
    "ProjectQuerySet",
    "Role",
]

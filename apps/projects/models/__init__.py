"""Projects, their members, the log that every change is written to, and the code they work on."""

from apps.projects.models.event import Event, EventRelay
from apps.projects.models.git_objects import (
    Branch,
    CheckRun,
    Commit,
    PullRequest,
)
from apps.projects.models.group import GroupGrant, KnownGroups
from apps.projects.models.invitation import Invitation
from apps.projects.models.project import Membership, Project, ProjectQuerySet, Role
from apps.projects.models.repository import LONGEST_CREDENTIAL, Repository, WebhookDelivery

__all__ = [
    "LONGEST_CREDENTIAL",
    "Branch",
    "CheckRun",
    "Commit",
    "Event",
    "EventRelay",
    "GroupGrant",
    "Invitation",
    "KnownGroups",
    "Membership",
    "Project",
    "ProjectQuerySet",
    "PullRequest",
    "Repository",
    "Role",
    "WebhookDelivery",
]

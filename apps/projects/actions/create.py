"""Creating a project, with its creator as its first owner."""

from django.db import IntegrityError, transaction
from django.utils.translation import gettext as _

from apps.accounts.models import User
from apps.constraints import violates
from apps.errors import NotAllowed, Refused
from apps.projects import events
from apps.projects.members import memberships
from apps.projects.models import Membership, Project, Role


class KeyTaken(Refused):
    code = "key_taken"


@transaction.atomic
def create(*, name: str, key: str, by: User, description: str = "") -> Project:
    """Make the project and log `project.created`; what a project starts with hangs on that event.

    Raises KeyTaken: keys are the whole board's, also those of projects that `by` may not see.
    Raises NotAllowed for a program, which owns nothing, and for a token that is for some projects: a
    new one would not be among them.
    """
    if not memberships.may_be(by, Role.OWNER):
        raise NotAllowed(_("A service account can't own a project: people answer for it."))
    if by.only_projects is not None:
        raise NotAllowed(_("This token is for some projects only, so it cannot start another."))
    try:
        with transaction.atomic():
            project = Project.objects.create(name=name, key=key, description=description)
    except IntegrityError as error:
        if not violates(error, "projects_project_key_key"):
            raise
        raise KeyTaken(_("The key {key} is taken. Please choose another.").format(key=key)) from error
    Membership.objects.create(project=project, user=by, role=Role.OWNER)
    events.record(project, "project.created", by=by)
    return project

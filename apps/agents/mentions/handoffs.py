"""Which agents' messages may start which other agents in a project. Nobody's do until a maintainer says so."""

from django.db import transaction
from django.utils.translation import gettext as _

from apps.accounts.models import User
from apps.agents.models import Agent, HandoffPermission
from apps.errors import Refused
from apps.projects import events
from apps.projects.models import Project


class NoPair(Refused):
    code = "no_pair"
    api_status = 400


@transaction.atomic
def allow(project: Project, *, asks: Agent, asked: Agent, by: User) -> HandoffPermission:
    """Let the messages of `asks` start `asked`, and log `pair.allowed`. Raises NoPair for one and the same."""
    if asks == asked:
        raise NoPair(_("Choose two different agents."))
    project = Project.objects.locked(project.pk)
    pair, is_new = HandoffPermission.objects.get_or_create(
        project=project, from_agent=asks, to_agent=asked, defaults={"granted_by": by}
    )
    if is_new:
        events.record(project, "pair.allowed", by=by, asks=str(asks.pk), asked=str(asked.pk), pair=str(pair))
    return pair


@transaction.atomic
def forbid(pair: HandoffPermission, *, by: User) -> None:
    """Take it back and log `pair.forbidden`; what was started stays started."""
    project = Project.objects.locked(pair.project_id)
    if HandoffPermission.objects.filter(pk=pair.pk).delete()[0]:
        events.record(project, "pair.forbidden", by=by, pair=str(pair))

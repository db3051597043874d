"""Somebody looks different: the open pages of their projects show it."""

from django.db import transaction

from apps.accounts.models import User
from apps.projects import events
from apps.projects.models import Project


@transaction.atomic
def on_person_changed(user: User, **_signal: object) -> None:
    """Log `member.changed` in each project they are in."""
    for pk in Project.objects.visible_to(user).order_by("pk").values_list("pk", flat=True):
        events.record(Project.objects.locked(pk), "member.changed", by=user, user=user.pk, name=str(user))

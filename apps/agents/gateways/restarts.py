"""A gateway that was away: what it had is to be looked at, and it is cold."""

from django.db.models.functions import Now

from apps.agents.models import Gateway


def came_back(gateway: Gateway) -> None:
    """It started anew: its agents have to prepare themselves, and what it had taken may be gone."""
    Gateway.objects.filter(pk=gateway.pk).update(admitted_at=None)
    look_at_its_runs(gateway)


def look_at_its_runs(gateway: Gateway) -> None:
    """Look into the session of each run that it has, at once."""
    gateway.runs.filter(look_at__gt=Now()).update(look_at=Now())

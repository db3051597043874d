"""Makes a database that was brought back from a backup a board of its own, whose agents wait for a person."""

import uuid

from apps.agents.models import Pause
from apps.agents.runs.actions.pause import announce, say_why_all_wait
from apps.projects.changes import locked_for_change
from apps.projects.models import Project


def restore() -> int:
    """Pause the agents of every project, and give each log a new epoch; how many projects there are.

    The board that the backup was taken of may still be at work on the same gateways, and may have done since what
    waits here. Its pages and caches know positions in a log that goes on differently here. Nothing starts between
    the first statement and the last.
    """
    everywhere = list(Project.objects.order_by("pk").values_list("pk", flat=True))
    pauses = [Pause(project_id=project_id, after_restore=True) for project_id in everywhere]
    Pause.objects.bulk_create(pauses, ignore_conflicts=True)  # who paused one already keeps it
    for project_id in everywhere:
        with locked_for_change(project_id) as project:
            project.epoch = uuid.uuid4()
            project.save(update_fields=["epoch"])
            announce(project, "agents.restored", actor=None)
            say_why_all_wait(project)
    return len(everywhere)


def release() -> int:
    """Let all agents go on that only a restore has paused; in how many projects."""
    released = 0
    for project_id in Pause.objects.filter(after_restore=True).order_by("project").values_list("project", flat=True):
        with locked_for_change(project_id) as project:
            was_paused = bool(Pause.objects.filter(project=project, after_restore=True).delete()[0])
            if was_paused:
                announce(project, "agents.released", actor=None)
                say_why_all_wait(project)
            released += was_paused
    return released

"""The line above a board whose agents are paused."""

from django.db.models import QuerySet
from django.template.loader import render_to_string
from django.utils.safestring import SafeString

from apps.agents.models import Pause
from apps.projects.models import Project
from apps.sql.compiled import compiled


@compiled
def _pause(project: int) -> QuerySet[Pause]:
    return Pause.objects.select_related("paused_by").filter(project=project)


def render_pause(project: Project) -> SafeString:
    """Who has paused the agents; nothing while they are not paused."""
    found = _pause.first(project=project.pk)
    if found is None:
        return SafeString()
    return render_to_string("agents/roster/_pause_banner.html", {"pause": found, "project": project})

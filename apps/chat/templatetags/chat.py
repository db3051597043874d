"""What is unread, for the tab that every page of a project has."""

from typing import NamedTuple

from django import template
from django.template import Context

from apps.chat import reading
from apps.projects.models import Project

register = template.Library()


class Unread(NamedTuple):
    """In all the rooms of a project, and by room as the page's script goes on counting."""

    unread: int
    mentions: int
    rooms: dict[int, dict]


@register.simple_tag(takes_context=True)
def unread_in(context: Context, project: Project) -> Unread:
    """What the reader of the page has not read in `project`."""
    rooms = reading.unread_of(context["user"], project)
    counts = rooms.values()
    return Unread(sum(room["unread"] for room in counts), sum(room["mentions"] for room in counts), rooms)

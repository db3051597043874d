"""What is unread, for the tab that every page of a project has."""

from typing import NamedTuple

from django import template
from django.template import Context

from apps.chat.models import RoomSubscription
from apps.chat.rooms import unread_counts
from apps.projects.models import Project

register = template.Library()


class Unread(NamedTuple):
    """In the rooms of a project that count for somebody, and by room as the page's script goes on counting."""

    unread: int
    mentions: int
    rooms: dict[int, unread_counts.Unread]


@register.simple_tag(takes_context=True)
def unread_in(context: Context, project: Project) -> Unread:
    """What the reader of the page has not read in `project`."""
    rooms = unread_counts.unread_of(context["user"], project)
    counts = [room for room in rooms.values() if room["level"] != RoomSubscription.Level.NONE]
    return Unread(sum(room["unread"] for room in counts), sum(room["mentions"] for room in counts), rooms)


@register.simple_tag(takes_context=True)
def unread_by_project(context: Context) -> dict[int, tuple[int, int]]:
    """For each project of the reader: what is unread, and how much of it mentions them."""
    return unread_counts.unread_by_project(context["user"])


@register.filter
def of_project(counts: dict[int, tuple[int, int]], project: Project) -> tuple[int, int]:
    return counts.get(project.pk, (0, 0))

"""The rooms of a project: the one it starts with, and those that are made besides."""

from django.db import IntegrityError, transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from apps.accounts.models import User
from apps.chat.models import Room
from apps.errors import Refused
from apps.projects import events
from apps.projects.models import Event, Project

MOST = 100  # open ones of a project


class NameTaken(Refused):
    code = "name_taken"


class TooManyRooms(Refused):
    code = "too_many_rooms"


class DefaultStays(Refused):
    code = "default_room"


def on_project_created(event: Event) -> None:
    """The project's own room, named like it."""
    Room.objects.create(project=event.project, name=event.project.name[:80], is_default=True)


@transaction.atomic
def create(project: Project, *, name: str, by: User) -> Room:
    """A new room, which everybody in the project can read. Raises NameTaken, TooManyRooms."""
    project = Project.objects.locked(project.pk)
    _keep_few(project)
    room = _named(Room(project=project, created_by=by), name)
    events.record(project, "room.created", by=by, room=room.pk, name=room.name)
    return room


@transaction.atomic
def rename(room: Room, *, name: str, by: User) -> Room:
    """Give it another name. Raises NameTaken."""
    project = Project.objects.locked(room.project_id)
    before = room.name
    room = _named(room, name)
    events.record(project, "room.renamed", by=by, room=room.pk, name=room.name, before=before)
    return room


@transaction.atomic
def archive(room: Room, *, by: User) -> Room:
    """Close it for new messages; what was said stays to be read. Raises DefaultStays."""
    if room.is_default:
        raise DefaultStays(_("The project's own room stays open."))
    project = Project.objects.locked(room.project_id)
    if Room.objects.filter(pk=room.pk, archived_at=None).update(archived_at=timezone.now()):
        events.record(project, "room.archived", by=by, room=room.pk, name=room.name)
    room.refresh_from_db()
    return room


@transaction.atomic
def reopen(room: Room, *, by: User) -> Room:
    """Let people write there again. Raises NameTaken when another room goes by its name now, TooManyRooms."""
    project = Project.objects.locked(room.project_id)
    room.refresh_from_db()
    if room.archived_at is None:
        return room
    _keep_few(project)
    room.archived_at = None
    room = _named(room, room.name)
    events.record(project, "room.reopened", by=by, room=room.pk, name=room.name)
    return room


def _keep_few(project: Project) -> None:
    if project.rooms.filter(archived_at=None).count() >= MOST:
        raise TooManyRooms(_("This project has very many rooms. Archive one first."))


def _named(room: Room, name: str) -> Room:
    room.name = name.strip()
    try:
        with transaction.atomic():
            room.save()
    except IntegrityError as error:
        raise NameTaken(_("There is a room called {name} already.").format(name=room.name)) from error
    return room

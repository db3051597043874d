"""The rooms of a project: the one it starts with, and those that are made besides."""

from django.db import IntegrityError, transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from apps import names
from apps.accounts.models import User
from apps.chat.models import ROOM_NAME_LENGTH, Room
from apps.constraints import violates
from apps.errors import Refused
from apps.projects import events
from apps.projects.changes import locked_for_change
from apps.projects.models import Event, Project
from apps.projects.permissions import Action

MOST = 100  # open ones of a project


class NameTaken(Refused):
    code = "name_taken"


class InvalidName(Refused):
    code = "invalid"
    api_status = 400


class TooManyRooms(Refused):
    code = "too_many_rooms"


class DefaultStays(Refused):
    code = "default_room"


def on_project_created(event: Event) -> None:
    """The project's own room, named like it."""
    Room.objects.create(project=event.project, name=event.project.name[:ROOM_NAME_LENGTH], is_default=True)


def create(project: Project, *, name: str, by: User) -> Room:
    """A new room, which everybody in the project can read. Raises InvalidName, NameTaken, TooManyRooms."""
    with locked_for_change(project, by=by, needs=Action.MANAGE) as project:
        _refuse_too_many(project)
        room = Room(project=project, created_by=by, name=_valid(name))
        _save(room)
        events.record(project, "room.created", by=by, room=room.pk, name=room.name)
    return room


def rename(room: Room, *, name: str, by: User) -> Room:
    """Give it another name. Raises InvalidName, NameTaken."""
    with locked_for_change(room.project_id, room, by=by, needs=Action.MANAGE) as project:
        before = room.name
        room.name = _valid(name)
        _save(room, update_fields=["name"])
        events.record(project, "room.renamed", by=by, room=room.pk, name=room.name, before=before)
    return room


def archive(room: Room, *, by: User) -> Room:
    """Close it for new messages; its messages stay readable. Raises DefaultStays."""
    with locked_for_change(room.project_id, room, by=by, needs=Action.MANAGE) as project:
        if room.is_default:
            raise DefaultStays(_("The project's own room stays open."))
        if room.archived_at is None:
            room.archived_at = timezone.now()
            room.save(update_fields=["archived_at"])
            events.record(project, "room.archived", by=by, room=room.pk, name=room.name)
    return room


def reopen(room: Room, *, by: User) -> Room:
    """Let people write there again. Raises NameTaken when another room goes by its name now, TooManyRooms."""
    with locked_for_change(room.project_id, room, by=by, needs=Action.MANAGE) as project:
        if room.archived_at is None:
            return room
        _refuse_too_many(project)
        room.archived_at = None
        _save(room, update_fields=["archived_at"])  # by its name as it is, also one from before today's rule
        events.record(project, "room.reopened", by=by, room=room.pk, name=room.name)
    return room


def _refuse_too_many(project: Project) -> None:
    if project.rooms.filter(archived_at=None).count() >= MOST:
        raise TooManyRooms(_("This project has very many rooms. Archive one first."))


def _valid(name: str) -> str:
    name = name.strip()
    if fault := names.fault_of(name):
        raise InvalidName(fault)
    return name


def _save(room: Room, *, update_fields: list[str] | None = None) -> None:
    try:
        with transaction.atomic():
            room.save(update_fields=update_fields)
    except IntegrityError as error:
        if not violates(error, "open_room_name_once"):
            raise
        raise NameTaken(_("There is a room called {name} already.").format(name=names.isolate(room.name))) from error

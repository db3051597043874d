"""The programs' door to rooms and messages."""

from uuid import UUID

from django.db import transaction
from django.http import StreamingHttpResponse
from django.utils.translation import gettext as _
from drf_spectacular.utils import extend_schema
from rest_framework.exceptions import ValidationError
from rest_framework.parsers import MultiPartParser
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from apps.chat.attachments import attachments
from apps.chat.attachments.download import file_response
from apps.chat.messages import (
    history,
    rate_limit,
    reactions,
)
from apps.chat.messages import (
    pins as message_pins,
)
from apps.chat.messages.edit import (
    delete,
    edit,
    remove_previews,
)
from apps.chat.messages.errors import Gone
from apps.chat.messages.post import post
from apps.chat.models import Attachment, Message, Room
from apps.chat.rooms import (
    retention,
    rooms,
    subscriptions,
    unread_counts,
)
from apps.chat.search import search
from apps.chat.serializers import (
    AskedSerializer,
    ChangedRoomSerializer,
    EditedMessageSerializer,
    FileSerializer,
    FoundSerializer,
    MessagePageSerializer,
    MessageSerializer,
    NewFileSerializer,
    NewMessageSerializer,
    PinSerializer,
    ReactionSerializer,
    ReadSerializer,
    RetentionSerializer,
    RoomSerializer,
    SubscriptionSerializer,
    UnreadSerializer,
    WhereSerializer,
)
from apps.projects import permissions
from apps.projects.models import Project
from apps.tasks.api import project_for, valid


def room_of(request: Request, pk: int) -> Room:
    return permissions.find(Room.objects.select_related("project"), by=request.user, pk=pk)


def message_of(request: Request, pk: int) -> Message:
    return permissions.find(Message.objects.for_change(), by=request.user, pk=pk)


def shown(*keys: int) -> list[dict]:
    """Messages by their keys, in that order, by a fixed number of statements."""
    found = Message.objects.not_deleted().filter(pk__in=keys).select_related("pin").order_by("pk")
    related = ("mentions", "task_references", "reactions", "previews", attachments.OF_MESSAGES)
    return MessageSerializer(found.prefetch_related(*related), many=True).data


def alone(key: int) -> dict:
    """The same for one. Raises Gone when somebody has deleted it."""
    if found := shown(key):
        return found[0]
    raise Gone


def unread(request: Request, project: Project) -> list[dict]:
    counts = unread_counts.unread_of(request.user, project)
    return UnreadSerializer([{"room": pk, **count} for pk, count in counts.items()], many=True).data


class RoomsView(APIView):
    @extend_schema(responses=RoomSerializer(many=True))
    def get(self, request: Request, key: str) -> Response:
        """A project's rooms, archived ones too; its own comes first."""
        return Response(RoomSerializer(project_for(request, key).rooms.all(), many=True).data)

    @extend_schema(request=RoomSerializer, responses={201: RoomSerializer})
    def post(self, request: Request, key: str) -> Response:
        """Make a room, which everybody in the project can read (maintainers)."""
        project = project_for(request, key)
        room = rooms.create(project, by=request.user, **valid(RoomSerializer, request, project))
        return Response(RoomSerializer(room).data, status=201)


class RoomView(APIView):
    @extend_schema(responses=RoomSerializer)
    def get(self, request: Request, pk: int) -> Response:
        """One room."""
        return Response(RoomSerializer(room_of(request, pk)).data)

    @extend_schema(request=ChangedRoomSerializer, responses=RoomSerializer)
    @transaction.atomic
    def patch(self, request: Request, pk: int) -> Response:
        """Rename a room, archive it or open it again (maintainers)."""
        room = room_of(request, pk)
        changes = valid(ChangedRoomSerializer, request, room.project)
        if "name" in changes:
            room = rooms.rename(room, name=changes["name"], by=request.user)
        if "is_archived" in changes:
            room = (rooms.archive if changes["is_archived"] else rooms.reopen)(room, by=request.user)
        return Response(RoomSerializer(room).data)


class MessagesView(APIView):
    @extend_schema(parameters=[WhereSerializer], responses=MessagePageSerializer)
    def get(self, request: Request, pk: int) -> Response:
        """A room's messages, oldest first: the newest ones, or those before, after or around one."""
        room = room_of(request, pk)
        where = WhereSerializer(data=request.query_params)
        where.is_valid(raise_exception=True)
        if len(where.validated_data) > 2:
            raise ValidationError({"before": [_("Ask before, after or around, not for several of them.")]})
        keys, older, newer = history.keys(room, **where.validated_data)
        return Response({"messages": shown(*keys), "before": older, "after": newer})

    @extend_schema(request=NewMessageSerializer, responses={201: MessageSerializer})
    def post(self, request: Request, pk: int) -> Response:
        """Say something. With a `client_message_id` that came before: what was posted then."""
        room = room_of(request, pk)
        given = valid(NewMessageSerializer, request, room.project)
        rate_limit.require(room, client_message_id=given["client_message_id"], by=request.user)
        return Response(alone(post(room, by=request.user, **given).pk), status=201)


class MessageView(APIView):
    @extend_schema(responses=MessageSerializer)
    def get(self, request: Request, pk: int) -> Response:
        """One message."""
        return Response(alone(message_of(request, pk).pk))

    @extend_schema(request=EditedMessageSerializer, responses=MessageSerializer)
    def patch(self, request: Request, pk: int) -> Response:
        """Change what your message says."""
        message = message_of(request, pk)
        given = valid(EditedMessageSerializer, request, message.room.project)
        return Response(alone(edit(message, by=request.user, **given).pk))

    @extend_schema(responses={204: None})
    def delete(self, request: Request, pk: int) -> Response:
        """Take away your message, or as a maintainer anybody's."""
        delete(message_of(request, pk), by=request.user)
        return Response(status=204)


class ReactionsView(APIView):
    @extend_schema(request=ReactionSerializer, responses=MessageSerializer)
    def post(self, request: Request, pk: int) -> Response:
        """Put an emoji under a message, or take yours back."""
        message = message_of(request, pk)
        given = valid(ReactionSerializer, request, message.room.project)
        verb = reactions.react if given["on"] else reactions.unreact
        verb(message, emoji=given["emoji"], by=request.user)
        return Response(alone(pk))


class PinView(APIView):
    @extend_schema(request=PinSerializer, responses=MessageSerializer)
    def put(self, request: Request, pk: int) -> Response:
        """Put a message above its room, or take it down again."""
        message = message_of(request, pk)
        given = valid(PinSerializer, request, message.room.project)
        (message_pins.pin if given["is_pinned"] else message_pins.unpin)(message, by=request.user)
        return Response(alone(pk))


class FilesView(APIView):
    parser_classes = [MultiPartParser]

    @extend_schema(request={"multipart/form-data": NewFileSerializer}, responses={201: FileSerializer})
    def post(self, request: Request, pk: int) -> Response:
        """Upload a file for a message that you are about to post in the room."""
        room = room_of(request, pk)
        file = valid(NewFileSerializer, request, room.project)["file"]
        kept = attachments.upload(room, file, name=file.name, by=request.user)
        return Response(FileSerializer(kept).data, status=201)


class FileView(APIView):
    @extend_schema(responses={(200, "application/octet-stream"): bytes})
    def get(self, request: Request, pk: UUID) -> StreamingHttpResponse:
        """The content of a file that a message carries."""
        return file_response(permissions.find(Attachment.objects.all(), by=request.user, pk=pk))


class PreviewsView(APIView):
    @extend_schema(responses={204: None})
    def delete(self, request: Request, pk: int) -> Response:
        """Show no previews of the links in your message, or as a maintainer in anybody's."""
        remove_previews(message_of(request, pk), by=request.user)
        return Response(status=204)


class PinsView(APIView):
    @extend_schema(responses=MessageSerializer(many=True))
    def get(self, request: Request, pk: int) -> Response:
        """What is pinned in a room."""
        pins = message_pins.pins_of(room_of(request, pk))
        return Response(shown(*pins.values_list("message", flat=True)))


class SearchView(APIView):
    @extend_schema(parameters=[AskedSerializer], responses=FoundSerializer)
    def get(self, request: Request, key: str) -> Response:
        """Messages of a project by their words, and by who said them, where and when; the latest first."""
        project = project_for(request, key)
        asked = AskedSerializer(data=request.query_params)
        asked.is_valid(raise_exception=True)
        found, older = search.search(project, asked.validated_data["q"], before=asked.validated_data.get("before"))
        return Response({"messages": shown(*found)[::-1], "before": older})


class ReadView(APIView):
    @extend_schema(request=ReadSerializer, responses=UnreadSerializer(many=True))
    def post(self, request: Request, pk: int) -> Response:
        """Say how far you have read a room; what is left of the project's rooms comes back."""
        room = room_of(request, pk)
        unread_counts.mark_read(room, by=request.user, **valid(ReadSerializer, request, room.project))
        return Response(unread(request, room.project))


class SubscriptionView(APIView):
    @extend_schema(request=SubscriptionSerializer, responses=UnreadSerializer(many=True))
    def put(self, request: Request, pk: int) -> Response:
        """Say how much of a room you want to be told; what is unread in the project's rooms comes back."""
        room = room_of(request, pk)
        subscriptions.subscribe(room, by=request.user, **valid(SubscriptionSerializer, request, room.project))
        return Response(unread(request, room.project))


class UnreadView(APIView):
    @extend_schema(responses=UnreadSerializer(many=True))
    def get(self, request: Request, key: str) -> Response:
        """What you have not read yet, for each open room of a project."""
        return Response(unread(request, project_for(request, key)))


class RetentionView(APIView):
    @extend_schema(responses=RetentionSerializer)
    def get(self, request: Request, key: str) -> Response:
        """How long a project keeps its messages."""
        return Response({"days": retention.days_of(project_for(request, key))})

    @extend_schema(request=RetentionSerializer, responses=RetentionSerializer)
    def put(self, request: Request, key: str) -> Response:
        """Decide how long messages are kept (maintainers). What is older is deleted within minutes, for good."""
        project = project_for(request, key)
        given = valid(RetentionSerializer, request, project)
        retention.set_days(project, by=request.user, **given)
        return Response(given)

"""The API of messages, their reactions, pins and link previews."""

from typing import Any

from django.utils.translation import gettext as _
from drf_spectacular.utils import extend_schema
from rest_framework.exceptions import ValidationError
from rest_framework.response import Response
from rest_framework.views import APIView

from apps.accounts.request_types import MemberApiRequest
from apps.chat.attachments import attachments
from apps.chat.messages import history, pins, rate_limit, reactions
from apps.chat.messages.actions.delete import delete
from apps.chat.messages.actions.edit import edit, remove_previews
from apps.chat.messages.actions.post import post
from apps.chat.messages.errors import Gone
from apps.chat.models import Message
from apps.chat.rooms.api import room_of
from apps.chat.serializers import (
    EditedMessageSerializer,
    MessagePageSerializer,
    MessageSerializer,
    NewMessageSerializer,
    PageQuerySerializer,
    PinSerializer,
    ReactionSerializer,
)
from apps.projects import permissions
from apps.rest.rows import shown
from apps.rest.validation import validated


def message_of(request: MemberApiRequest, pk: int) -> Message:
    return permissions.find(Message.objects.for_change(), by=request.user, pk=pk)


def messages_as_json(*keys: int) -> list[dict[str, Any]]:
    """Messages by their keys, in that order, by a fixed number of statements."""
    found = Message.objects.not_deleted().filter(pk__in=keys).select_related("pin").order_by("pk")
    related = ("mentions", "task_references", "reactions", "previews", attachments.OF_MESSAGES)
    return shown(MessageSerializer, found.prefetch_related(*related))


def message_as_json(key: int) -> dict[str, Any]:
    """The same for one. Raises Gone when somebody has deleted it."""
    if found := messages_as_json(key):
        return found[0]
    raise Gone


class MessagesView(APIView):
    @extend_schema(parameters=[PageQuerySerializer], responses=MessagePageSerializer)
    def get(self, request: MemberApiRequest, pk: int) -> Response:
        """A room's messages, oldest first: the newest ones, or those before, after or around one."""
        room = room_of(request, pk)
        where = PageQuerySerializer(data=request.query_params)
        where.is_valid(raise_exception=True)
        if len(where.validated_data) > 2:
            raise ValidationError({"before": [_("Ask before, after or around, not for several of them.")]})
        keys, older, newer = history.keys(room, **where.validated_data)
        return Response({"messages": messages_as_json(*keys), "before": older, "after": newer})

    @extend_schema(request=NewMessageSerializer, responses={201: MessageSerializer})
    def post(self, request: MemberApiRequest, pk: int) -> Response:
        """Post a message. With a `client_message_id` that came before: what was posted then."""
        room = room_of(request, pk)
        fields = validated(NewMessageSerializer, request, room.project)
        rate_limit.require(room, client_message_id=fields["client_message_id"], by=request.user)
        return Response(message_as_json(post(room, by=request.user, **fields).pk), status=201)


class MessageView(APIView):
    @extend_schema(responses=MessageSerializer)
    def get(self, request: MemberApiRequest, pk: int) -> Response:
        """One message."""
        return Response(message_as_json(message_of(request, pk).pk))

    @extend_schema(request=EditedMessageSerializer, responses=MessageSerializer)
    def patch(self, request: MemberApiRequest, pk: int) -> Response:
        """Edit your message."""
        message = message_of(request, pk)
        fields = validated(EditedMessageSerializer, request, message.room.project)
        return Response(message_as_json(edit(message, by=request.user, **fields).pk))

    @extend_schema(responses={204: None})
    def delete(self, request: MemberApiRequest, pk: int) -> Response:
        """Take away your message, or as a maintainer anybody's."""
        delete(message_of(request, pk), by=request.user)
        return Response(status=204)


class ReactionsView(APIView):
    @extend_schema(request=ReactionSerializer, responses=MessageSerializer)
    def post(self, request: MemberApiRequest, pk: int) -> Response:
        """Put an emoji under a message, or take yours back."""
        message = message_of(request, pk)
        fields = validated(ReactionSerializer, request, message.room.project)
        action = reactions.react if fields["on"] else reactions.unreact
        action(message, emoji=fields["emoji"], by=request.user)
        return Response(message_as_json(pk))


class PinView(APIView):
    @extend_schema(request=PinSerializer, responses=MessageSerializer)
    def put(self, request: MemberApiRequest, pk: int) -> Response:
        """Put a message above its room, or take it down again."""
        message = message_of(request, pk)
        fields = validated(PinSerializer, request, message.room.project)
        (pins.pin if fields["is_pinned"] else pins.unpin)(message, by=request.user)
        return Response(message_as_json(pk))


class PinsView(APIView):
    @extend_schema(responses=MessageSerializer(many=True))
    def get(self, request: MemberApiRequest, pk: int) -> Response:
        """What is pinned in a room."""
        found = pins.pins_of(room_of(request, pk))
        return Response(messages_as_json(*found.values_list("message", flat=True)))


class PreviewsView(APIView):
    @extend_schema(responses={204: None})
    def delete(self, request: MemberApiRequest, pk: int) -> Response:
        """Show no previews of the links in your message, or as a maintainer in anybody's."""
        remove_previews(message_of(request, pk), by=request.user)
        return Response(status=204)

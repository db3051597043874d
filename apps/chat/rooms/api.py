"""The API of rooms: what they are called, how far one has read, what notifies one, how long messages are kept."""

from typing import Any

from django.db import transaction
from drf_spectacular.utils import extend_schema
from rest_framework.response import Response
from rest_framework.views import APIView

from apps.accounts.request_types import MemberApiRequest
from apps.chat.models import Room
from apps.chat.rooms import retention, rooms, subscriptions, unread_counts
from apps.chat.serializers import (
    ChangedRoomSerializer,
    ReadSerializer,
    RetentionSerializer,
    RoomSerializer,
    SubscriptionSerializer,
    UnreadSerializer,
)
from apps.projects import permissions
from apps.projects.models import Project
from apps.projects.permissions import Action
from apps.rest.rows import shown
from apps.rest.validation import validated


def room_of(request: MemberApiRequest, pk: int, needs: Action = Action.VIEW) -> Room:
    return permissions.find(Room.objects.select_related("project"), by=request.user, needs=needs, pk=pk)


def unread(request: MemberApiRequest, project: Project) -> list[dict[str, Any]]:
    counts = unread_counts.unread_of(request.user, project)
    return shown(UnreadSerializer, [{"room": pk, **count} for pk, count in counts.items()])


class RoomsView(APIView):
    @extend_schema(responses=RoomSerializer(many=True))
    def get(self, request: MemberApiRequest, key: str) -> Response:
        """A project's rooms, archived ones too; its own comes first."""
        return Response(RoomSerializer(permissions.project_for(request.user, key).rooms.all(), many=True).data)

    @extend_schema(request=RoomSerializer, responses={201: RoomSerializer})
    def post(self, request: MemberApiRequest, key: str) -> Response:
        """Make a room, which everybody in the project can read (maintainers)."""
        project = permissions.project_for(request.user, key)
        room = rooms.create(project, by=request.user, **validated(RoomSerializer, request, project))
        return Response(RoomSerializer(room).data, status=201)


class RoomView(APIView):
    @extend_schema(responses=RoomSerializer)
    def get(self, request: MemberApiRequest, pk: int) -> Response:
        """One room."""
        return Response(RoomSerializer(room_of(request, pk)).data)

    @extend_schema(request=ChangedRoomSerializer, responses=RoomSerializer)
    @transaction.atomic
    def patch(self, request: MemberApiRequest, pk: int) -> Response:
        """Rename a room, archive it or open it again (maintainers)."""
        room = room_of(request, pk)
        changes = validated(ChangedRoomSerializer, request, room.project)
        if "name" in changes:
            room = rooms.rename(room, name=changes["name"], by=request.user)
        if "is_archived" in changes:
            room = (rooms.archive if changes["is_archived"] else rooms.reopen)(room, by=request.user)
        return Response(RoomSerializer(room).data)


class ReadView(APIView):
    @extend_schema(request=ReadSerializer, responses=UnreadSerializer(many=True))
    def post(self, request: MemberApiRequest, pk: int) -> Response:
        """Say how far you have read a room; what is left of the project's rooms comes back."""
        room = room_of(request, pk)
        unread_counts.mark_read(room, by=request.user, **validated(ReadSerializer, request, room.project))
        return Response(unread(request, room.project))


class SubscriptionView(APIView):
    @extend_schema(request=SubscriptionSerializer, responses=UnreadSerializer(many=True))
    def put(self, request: MemberApiRequest, pk: int) -> Response:
        """Set which messages of a room notify you; what is unread in the project's rooms comes back."""
        room = room_of(request, pk)
        subscriptions.subscribe(room, by=request.user, **validated(SubscriptionSerializer, request, room.project))
        return Response(unread(request, room.project))


class UnreadView(APIView):
    @extend_schema(responses=UnreadSerializer(many=True))
    def get(self, request: MemberApiRequest, key: str) -> Response:
        """What you have not read yet, for each open room of a project."""
        return Response(unread(request, permissions.project_for(request.user, key)))


class RetentionView(APIView):
    @extend_schema(responses=RetentionSerializer)
    def get(self, request: MemberApiRequest, key: str) -> Response:
        """How long a project keeps its messages."""
        return Response({"days": retention.days_of(permissions.project_for(request.user, key))})

    @extend_schema(request=RetentionSerializer, responses=RetentionSerializer)
    def put(self, request: MemberApiRequest, key: str) -> Response:
        """Decide how long messages are kept (maintainers). What is older is deleted within minutes, for good."""
        project = permissions.project_for(request.user, key)
        fields = validated(RetentionSerializer, request, project)
        retention.set_days(project, by=request.user, **fields)
        return Response(fields)

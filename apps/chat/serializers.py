"""Rooms and messages as programs read and write them."""

from typing import Any

from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from apps.chat.messages import history
from apps.chat.models import (
    EMOJI_LENGTH,
    MAX_RETENTION_DAYS,
    MESSAGE_LENGTH,
    ROOM_NAME_LENGTH,
    Message,
    Room,
    RoomSubscription,
)
from apps.chat.search import search
from apps.names import validate_name
from apps.projects.serializers import WithinProject
from apps.rest.numbers import LARGEST_ID
from apps.rest.rows import shown
from apps.tasks.models import EmptyReason
from apps.tasks.serializers import NoticeField


class RoomSerializer(serializers.Serializer[Any]):
    id = serializers.IntegerField(read_only=True)
    name = serializers.CharField(max_length=ROOM_NAME_LENGTH, validators=[validate_name])
    is_default = serializers.BooleanField(read_only=True, help_text="The one that every project has.")
    is_archived = serializers.SerializerMethodField()
    created_at = serializers.DateTimeField(read_only=True)

    def get_is_archived(self, room: Room) -> bool:
        return room.archived_at is not None


class ChangedRoomSerializer(serializers.Serializer[Any]):
    name = serializers.CharField(max_length=ROOM_NAME_LENGTH, required=False, validators=[validate_name])
    is_archived = serializers.BooleanField(required=False)


class NewMessageSerializer(serializers.Serializer[Any]):
    client_message_id = serializers.UUIDField(help_text="Yours: sent again with it, nothing is posted twice.")
    text = serializers.CharField(
        max_length=MESSAGE_LENGTH,
        trim_whitespace=False,
        allow_blank=True,
        default="",
        help_text="Markdown; only a message with files may say nothing.",
    )
    files = serializers.ListField(
        child=serializers.UUIDField(), default=list, help_text="What you have uploaded to this room for it."
    )
    reply_to = WithinProject(
        queryset=Message.objects.not_deleted(),
        by="room__project",
        required=False,
        help_text="The message of this room that it answers.",
    )


class EditedMessageSerializer(serializers.Serializer[Any]):
    text = serializers.CharField(max_length=MESSAGE_LENGTH, trim_whitespace=False, help_text="Markdown.")


class FileSerializer(serializers.Serializer[Any]):
    id = serializers.UUIDField(read_only=True)
    name = serializers.CharField(read_only=True)
    size = serializers.IntegerField(read_only=True, help_text="Bytes.")
    sha256 = serializers.CharField(read_only=True)


class NewFileSerializer(serializers.Serializer[Any]):
    file = serializers.FileField(allow_empty_file=True)


class PreviewSerializer(serializers.Serializer[Any]):
    """The metadata of a page: plain text."""

    url = serializers.CharField()
    title = serializers.CharField()
    description = serializers.CharField()
    site = serializers.CharField()


class MessageSerializer(serializers.Serializer[Any]):
    id = serializers.IntegerField(read_only=True)
    room = serializers.IntegerField(source="room_id", read_only=True)
    author = serializers.IntegerField(source="author_id", read_only=True, allow_null=True)
    client_message_id = serializers.UUIDField(read_only=True)
    text = serializers.CharField(read_only=True)
    is_truncated = serializers.BooleanField(
        read_only=True, help_text="Whether it is only the beginning of what its author said."
    )
    empty_reason = serializers.ChoiceField(
        EmptyReason.choices,
        read_only=True,
        allow_blank=True,
        help_text="Why an agent's answer has no text; empty where it has one.",
    )
    notice = NoticeField(help_text="The same as a sentence, in your language.")
    mentions = serializers.SerializerMethodField(help_text="The ids of the people and agents it mentions.")
    tasks = serializers.SerializerMethodField(help_text="The ids of the tasks it names.")
    reply_to = serializers.IntegerField(source="reply_to_id", read_only=True, allow_null=True)
    reactions = serializers.SerializerMethodField(help_text="By emoji, the ids of those who gave it.")
    files = FileSerializer(many=True, read_only=True)
    previews = serializers.SerializerMethodField(help_text="Of the pages it links to.")
    is_pinned = serializers.SerializerMethodField(help_text="Whether it stands above the room.")
    created_at = serializers.DateTimeField(read_only=True)
    edited_at = serializers.DateTimeField(read_only=True, allow_null=True)

    def get_mentions(self, message: Message) -> list[int]:
        return sorted(mention.user_id for mention in message.mentions.all())

    def get_tasks(self, message: Message) -> list[int]:
        return sorted(named.task_id for named in message.task_references.all())

    @extend_schema_field(PreviewSerializer(many=True))
    def get_previews(self, message: Message) -> list[dict[str, Any]]:
        visible = [preview for preview in message.previews.all() if preview.title and not preview.is_hidden]
        return shown(PreviewSerializer, visible)

    def get_is_pinned(self, message: Message) -> bool:
        return hasattr(message, "pin")

    def get_reactions(self, message: Message) -> dict[str, list[int]]:
        found: dict[str, list[int]] = {}
        for reaction in message.reactions.all():
            found.setdefault(reaction.emoji, []).append(reaction.user_id)
        return found


class MessagePageSerializer(serializers.Serializer[Any]):
    messages = MessageSerializer(many=True)
    before = serializers.IntegerField(allow_null=True, help_text="Ask `before` this for older ones; null: none.")
    after = serializers.IntegerField(allow_null=True, help_text="Ask `after` this for newer ones; null: none.")


class PageQuerySerializer(serializers.Serializer[Any]):
    """Which page of a room: the newest messages, or those before, after or around the one with this id."""

    before = serializers.IntegerField(min_value=0, max_value=LARGEST_ID, required=False)
    after = serializers.IntegerField(min_value=0, max_value=LARGEST_ID, required=False)
    around = serializers.IntegerField(min_value=0, max_value=LARGEST_ID, required=False)
    limit = serializers.IntegerField(min_value=1, max_value=100, default=history.PAGE)


class SearchQuerySerializer(serializers.Serializer[Any]):
    """What to look for: words, and `from:name`, `in:room`, `after:2026-11-01`, `before:2026-12-01`."""

    q = serializers.CharField(max_length=search.MAX_QUERY_LENGTH)
    before = serializers.IntegerField(min_value=1, max_value=LARGEST_ID, required=False)


class SearchResultSerializer(serializers.Serializer[Any]):
    messages = MessageSerializer(many=True)
    before = serializers.IntegerField(allow_null=True, help_text="Ask `before` this for older ones; null: none.")


class ReactionSerializer(serializers.Serializer[Any]):
    emoji = serializers.CharField(max_length=EMOJI_LENGTH)
    on = serializers.BooleanField(default=True, help_text="False takes it back.")


class PinSerializer(serializers.Serializer[Any]):
    is_pinned = serializers.BooleanField()


class ReadSerializer(serializers.Serializer[Any]):
    last_read_id = serializers.IntegerField(
        min_value=0, max_value=LARGEST_ID, help_text="The id of the last message seen."
    )


class SubscriptionSerializer(serializers.Serializer[Any]):
    level = serializers.ChoiceField(RoomSubscription.Level.choices)


class UnreadSerializer(serializers.Serializer[Any]):
    room = serializers.IntegerField()
    unread = serializers.IntegerField(help_text="Messages of others after the last one seen.")
    mentions = serializers.IntegerField(help_text="How many of them mention you.")
    last_read_id = serializers.IntegerField(help_text="The id of the last one seen; 0: none.")
    newest_id = serializers.IntegerField(help_text="The id of the last one there is; 0: none.")
    level = serializers.ChoiceField(RoomSubscription.Level.choices, help_text="Which messages of it notify you.")


class RetentionSerializer(serializers.Serializer[Any]):
    days = serializers.IntegerField(
        min_value=1,
        max_value=MAX_RETENTION_DAYS,
        allow_null=True,
        help_text="Messages older than this many days are deleted; null: they are kept for ever.",
    )

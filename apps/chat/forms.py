from typing import Any
from uuid import UUID

from django import forms
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from apps.chat.models import (
    EMOJI_LENGTH,
    MAX_RETENTION_DAYS,
    MESSAGE_LENGTH,
    ROOM_NAME_LENGTH,
    Message,
    Room,
    RoomSubscription,
)
from apps.form_fields import LinesField, offer_rows
from apps.max_length import max_length
from apps.names import NameFormField
from apps.projects.models import Project
from apps.rest.numbers import LARGEST_ID
from apps.tasks.detail.forms import COMMENT_FORM_LENGTH
from apps.tasks.models import Task


class MessageForm(forms.Form):
    """What is posted. How long it may be, and that it is not empty, the action refuses."""

    text = LinesField(label=_("Message"), required=False)
    client_message_id = forms.UUIDField()
    reply_to = forms.ModelChoiceField(Message.objects.none(), required=False)
    # The ids of what was uploaded for it, with spaces between.
    files = forms.CharField(required=False)  # type: ignore[assignment]  # a declared field is no attribute of the form

    def __init__(self, *args: Any, room: Room, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        offer_rows(self, "reply_to", room.messages.all())

    def clean_files(self) -> list[UUID]:
        try:
            return [UUID(text) for text in self.cleaned_data["files"].split()]
        except ValueError:
            raise forms.ValidationError(_("One of the files is not here any more. Add it again.")) from None


class EditForm(forms.Form):
    text = LinesField(
        label=_("Message"),
        widget=forms.Textarea(attrs={"rows": 3, "class": "field__input", "data-limit": MESSAGE_LENGTH}),
    )


class EmojiForm(forms.Form):
    emoji = forms.CharField(max_length=EMOJI_LENGTH)


class ReadForm(forms.Form):
    """`last_read_id` is the primary key of the newest message that has been seen."""

    last_read_id = forms.IntegerField(min_value=0, max_value=LARGEST_ID)


class SubscriptionForm(forms.Form):
    level = forms.ChoiceField(choices=RoomSubscription.Level.choices)


class RoomForm(forms.Form):
    name = NameFormField(label=pgettext_lazy("of a thing", "name"), max_length=ROOM_NAME_LENGTH)


class RetentionForm(forms.Form):
    days = forms.IntegerField(
        label=_("Delete messages that are older than this many days"),
        help_text=_("Leave it empty to keep them for ever."),
        required=False,
        min_value=1,
        max_value=MAX_RETENTION_DAYS,
    )
    is_confirmed = forms.BooleanField(widget=forms.HiddenInput, required=False)


class ConfirmForm(RetentionForm):
    """The same again, once the warning has been shown."""

    days = forms.IntegerField(widget=forms.HiddenInput)


class DiscussForm(forms.Form):
    """Under which task of its project a message is discussed, and the first comment there."""

    task = forms.CharField(label=_("Task"), max_length=20, help_text=_("Its key, such as TB-12."))
    text = LinesField(
        label=_("What you say there"), max_length=COMMENT_FORM_LENGTH, widget=forms.Textarea(attrs={"rows": 3})
    )
    client_message_id = forms.UUIDField(widget=forms.HiddenInput)

    def __init__(self, *args: Any, project: Project, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.project = project

    def clean_task(self) -> Task:
        key, _dash, number = self.cleaned_data["task"].strip().upper().rpartition("-")
        is_ours = key in ("", self.project.key) and number.isdecimal() and len(number) < 10
        task = self.project.tasks.filter(number=int(number)).first() if is_ours else None
        if task is None:
            raise forms.ValidationError(_("There is no such task here."))
        return task


class TitleForm(forms.Form):
    title = NameFormField(label=_("Title"), max_length=max_length(Task, "title"))
    client_message_id = forms.UUIDField(widget=forms.HiddenInput)

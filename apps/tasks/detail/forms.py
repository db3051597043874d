from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from apps import names
from apps.accounts.models import User
from apps.form_fields import LinesField, lines_as_typed, offer_rows
from apps.max_length import max_length
from apps.names import NameFormField
from apps.projects.models import Project
from apps.tasks.actions.edit import FIELDS
from apps.tasks.models import Label, Task

COMMENT_FORM_LENGTH = 50_000  # for what a person types; programs and agents may send as much as the model takes
# How a page shows a text that may have come another way: what is sent back like this has not been edited.
SHOWN_AS = {"title": names.one_line, "description": lines_as_typed}


class EditForm(forms.Form):
    """Those of a task's own fields that were sent; `changes()` are the values of those that were edited."""

    version = forms.IntegerField(required=False, widget=forms.HiddenInput)
    title = NameFormField(
        label=_("Title"), max_length=max_length(Task, "title"), error_messages={"required": _("A task needs a title.")}
    )
    description = LinesField(label=_("Description"), max_length=max_length(Task, "description"), required=False)
    priority = forms.TypedChoiceField(label=_("Priority"), choices=Task.Priority.choices, coerce=int)
    labels = forms.ModelMultipleChoiceField(Label.objects.none(), label=_("Labels"), required=False)
    has_labels = forms.BooleanField(required=False, widget=forms.HiddenInput)

    def __init__(self, *args: Any, task: Task, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.task = task
        offer_rows(self, "labels", task.project.labels.all())
        sent = {*self.data, "labels" if "has_labels" in self.data else ""}
        for name in set(FIELDS) - sent:
            del self.fields[name]

    def changes(self) -> dict[str, Any]:
        return {
            name: value
            for name, value in self.cleaned_data.items()
            if name in FIELDS and not (name in SHOWN_AS and value == SHOWN_AS[name](getattr(self.task, name)))
        }


class AssignForm(forms.Form):
    to = forms.ModelChoiceField(User.objects.none(), label=_("Who does it?"), required=False)
    prompt = LinesField(label=_("Anything to add for an agent?"), required=False, strip=True)

    def __init__(self, *args: Any, project: Project, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        offer_rows(self, "to", project.members.filter(is_active=True))


class CommentForm(forms.Form):
    client_comment_id = forms.UUIDField(required=False, widget=forms.HiddenInput)
    text = LinesField(
        label=_("Write to the team"),
        max_length=COMMENT_FORM_LENGTH,
        error_messages={"required": _("Write a few words first.")},
    )

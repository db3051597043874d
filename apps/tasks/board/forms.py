from typing import Any, cast

from django import forms
from django.utils.translation import gettext_lazy as _

from apps.form_fields import offer_choices, offer_rows
from apps.max_length import max_length
from apps.names import NameFormField
from apps.projects.models import Project
from apps.rest.numbers import LARGEST_ID
from apps.tasks.models import Column, Task


class MoveForm(forms.Form):
    """Where a task shall go: by the page a column and an end of it, by a drag its neighbours."""

    to = forms.TypedChoiceField(label=_("Column"))
    place = forms.ChoiceField(
        label=_("Place"), choices=[("end", _("At the end")), ("start", _("At the top"))], required=False
    )
    seen_in = forms.TypedChoiceField(required=False, empty_value=None, widget=forms.HiddenInput)
    # Known by their keys only: the verb looks under its lock where they stand, or whether they are gone.
    after = forms.IntegerField(required=False, max_value=LARGEST_ID, widget=forms.HiddenInput)
    before = forms.IntegerField(required=False, max_value=LARGEST_ID, widget=forms.HiddenInput)
    anyway = forms.BooleanField(required=False, widget=forms.HiddenInput)
    client = forms.CharField(required=False, max_length=40, widget=forms.HiddenInput)

    def __init__(self, *args: Any, task: Task, project: Project, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs | {"initial": {"to": task.column_id, "seen_in": task.column_id}})
        self.task, self.project = task, project
        columns = {str(column.pk): column for column in Column.objects.of(project)}
        for name in ("to", "seen_in"):
            offer_choices(self, name, list(columns.items()))
            cast(forms.TypedChoiceField, self.fields[name]).coerce = columns.get

    def clean(self) -> dict[str, Any]:
        super().clean()
        cleaned = self.cleaned_data
        for name in ("after", "before"):
            cleaned[name] = Task(pk=cleaned[name]) if cleaned.get(name) else None
        if cleaned.pop("place", "") == "start" and "to" in cleaned:
            cleaned["before"] = cleaned["to"].tasks.exclude(pk=self.task.pk).first()
        return cleaned


class TaskForm(forms.Form):
    title = NameFormField(label=_("Title"), max_length=max_length(Task, "title"))
    column = forms.ModelChoiceField(Column.objects.none(), label=_("Column"), required=False)
    parent = forms.ModelChoiceField(Task.objects.none(), required=False, to_field_name="number")
    anyway = forms.BooleanField(required=False, widget=forms.HiddenInput)

    def __init__(self, *args: Any, project: Project, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        offer_rows(self, "column", project.columns.all())
        offer_rows(self, "parent", project.tasks.all())

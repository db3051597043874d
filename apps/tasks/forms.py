from django import forms
from django.utils.translation import gettext_lazy as _

from apps.projects.models import Project
from apps.tasks.models import TITLE_LENGTH, Column, Task


class Anchor(forms.IntegerField):
    """A neighbour's primary key. One that is gone is nobody: the verb then finds the nearest true place."""

    def __init__(self, project: Project) -> None:
        super().__init__(required=False, widget=forms.HiddenInput)
        self.project = project

    def clean(self, value: str | None) -> Task | None:
        pk = super().clean(value)
        return self.project.tasks.filter(pk=pk).first() if pk else None


class MoveForm(forms.Form):
    """Where a task shall go: by the page a column and an end of it, by a drag its neighbours."""

    to = forms.ModelChoiceField(Column.objects.none(), label=_("Column"), empty_label=None)
    place = forms.ChoiceField(
        label=_("Place"), choices=[("end", _("At the end")), ("start", _("At the top"))], required=False
    )
    seen_in = forms.ModelChoiceField(Column.objects.none(), required=False, widget=forms.HiddenInput)
    anyway = forms.BooleanField(label=_("Close it anyway"), required=False, widget=forms.HiddenInput)
    client = forms.CharField(required=False, max_length=40, widget=forms.HiddenInput)

    def __init__(self, *args, task: Task, **kwargs) -> None:
        super().__init__(*args, initial={"to": task.column_id, "seen_in": task.column_id}, **kwargs)
        self.task = task
        for name in ("to", "seen_in"):
            self.fields[name].queryset = task.project.columns.all()
        for name in ("after", "before"):
            self.fields[name] = Anchor(task.project)

    def clean(self) -> dict:
        wishes = super().clean()
        if wishes.pop("place", "") == "start" and "to" in wishes:
            wishes["before"] = wishes["to"].tasks.exclude(pk=self.task.pk).first()
        return wishes


class TaskForm(forms.Form):
    title = forms.CharField(label=_("Title"), max_length=TITLE_LENGTH)
    column = forms.ModelChoiceField(Column.objects.none(), label=_("Column"), required=False)
    parent = forms.ModelChoiceField(Task.objects.none(), required=False, to_field_name="number")

    def __init__(self, *args, project: Project, **kwargs) -> None:
        super().__init__(*args, **kwargs)
        self.fields["column"].queryset = project.columns.all()
        self.fields["parent"].queryset = project.tasks.all()

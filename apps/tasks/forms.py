from django import forms
from django.utils.translation import gettext_lazy as _

from apps.accounts.models import User
from apps.projects.models import Project, Repository
from apps.rest.numbers import LARGEST_ID
from apps.tasks.actions.edit import FIELDS
from apps.tasks.code import pull_request_rules
from apps.tasks.models import TEXT_LENGTH, TITLE_LENGTH, Column, Label, PullRequestEvent, Task


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
    anyway = forms.BooleanField(label=_("Close it anyway"), required=False, widget=forms.HiddenInput)
    client = forms.CharField(required=False, max_length=40, widget=forms.HiddenInput)

    def __init__(self, *args, task: Task, project: Project, **kwargs) -> None:
        super().__init__(*args, initial={"to": task.column_id, "seen_in": task.column_id}, **kwargs)
        self.task, self.project = task, project
        columns = {str(column.pk): column for column in project.columns.all()}
        for name in ("to", "seen_in"):
            self.fields[name].choices = list(columns.items())
            self.fields[name].coerce = columns.get

    def clean(self) -> dict:
        wishes = super().clean()
        for name in ("after", "before"):
            wishes[name] = Task(pk=wishes[name]) if wishes.get(name) else None
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


class EditForm(forms.Form):
    """Those of a task's own fields that were sent; `changes()` are their values."""

    version = forms.IntegerField(required=False, widget=forms.HiddenInput)
    title = forms.CharField(
        label=_("Title"), max_length=TITLE_LENGTH, error_messages={"required": _("A task needs a title.")}
    )
    description = forms.CharField(
        label=_("Description"), max_length=TEXT_LENGTH, required=False, widget=forms.Textarea, strip=False
    )
    priority = forms.TypedChoiceField(label=_("Priority"), choices=Task.Priority.choices, coerce=int)
    labels = forms.ModelMultipleChoiceField(Label.objects.none(), label=_("Labels"), required=False)
    has_labels = forms.BooleanField(required=False, widget=forms.HiddenInput)

    def __init__(self, *args, project: Project, **kwargs) -> None:
        super().__init__(*args, **kwargs)
        self.fields["labels"].queryset = project.labels.all()
        sent = {*self.data, "labels" if "has_labels" in self.data else ""}
        for name in set(FIELDS) - sent:
            del self.fields[name]

    def changes(self) -> dict:
        return {name: value for name, value in self.cleaned_data.items() if name in FIELDS}


class AssignForm(forms.Form):
    to = forms.ModelChoiceField(User.objects.none(), label=_("Who does it?"), required=False)
    prompt = forms.CharField(label=_("Anything to add for an agent?"), required=False, widget=forms.Textarea)

    def __init__(self, *args, project: Project, **kwargs) -> None:
        super().__init__(*args, **kwargs)
        self.fields["to"].queryset = project.members.filter(is_active=True)


class CommentForm(forms.Form):
    words = forms.CharField(
        label=_("Write to the team"),
        max_length=TEXT_LENGTH,
        widget=forms.Textarea,
        strip=False,
        error_messages={"required": _("Write a few words first.")},
    )


class LinkForm(forms.Form):
    repository = forms.ModelChoiceField(Repository.objects.none(), label=_("Repository"))
    number = forms.IntegerField(label=_("Its number"), min_value=1, max_value=2**31 - 1)

    def __init__(self, *args, project: Project, **kwargs) -> None:
        super().__init__(*args, **kwargs)
        self.fields["repository"].queryset = project.repositories.all()


class UnlinkForm(forms.Form):
    link = forms.IntegerField(min_value=1, max_value=LARGEST_ID)


class UndoForm(forms.Form):
    seq = forms.IntegerField(min_value=1, max_value=LARGEST_ID)


class RulesForm(forms.Form):
    """For each event a column of the project, or that cards stay, or nothing for the default column."""

    LABELS = {
        PullRequestEvent.DRAFT: _("A pull request is a draft"),
        PullRequestEvent.OPEN: _("It is open for review"),
        PullRequestEvent.CHANGES: _("A review asks for changes"),
        PullRequestEvent.MERGED: _("It was merged to the default branch"),
        PullRequestEvent.CLOSED: _("It was closed without merging"),
    }
    STAYS = "stays"

    def __init__(self, *args, project: Project, **kwargs) -> None:
        rules = pull_request_rules.rules_of(project)
        self.columns = {str(column.pk): column for column in project.columns.all()}
        custom = {rule.event: str(rule.column.pk) if rule.column else self.STAYS for rule in rules if rule.is_custom}
        super().__init__(*args, initial=custom, **kwargs)
        for rule in rules:
            self.fields[rule.event] = forms.ChoiceField(
                label=self.LABELS[rule.event], required=False, choices=self._choices(rule)
            )

    def _choices(self, rule: pull_request_rules.Rule) -> list[tuple[str, str]]:
        where = rule.default.name if rule.default else _("the card stays")
        columns = [(key, column.name) for key, column in self.columns.items()]
        return [
            ("", _("As usual: {where}").format(where=where)),
            *columns,
            (self.STAYS, _("The card stays where it is")),
        ]

    def column_by_event(self) -> dict[str, Column | None]:
        """Without the events that have their default column."""
        return {event: self.columns.get(key) for event, key in self.cleaned_data.items() if key}


class BranchesForm(forms.Form):
    template = forms.CharField(
        label=_("Branches are called"),
        required=False,
        max_length=80,
        help_text=_("Such as {user}/{key}-{title}. Left empty: {key}-{title}."),
        widget=forms.TextInput(attrs={"autocomplete": "off", "spellcheck": "false"}),
    )

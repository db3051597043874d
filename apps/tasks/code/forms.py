from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from apps.form_fields import offer_rows
from apps.lazy_text import LazyText
from apps.max_length import max_length
from apps.projects.models import Project, Repository
from apps.rest.numbers import LARGEST_ID
from apps.tasks.code import pull_request_rules
from apps.tasks.models import BranchNameTemplate, Column, PullRequestEvent


class LinkForm(forms.Form):
    repository = forms.ModelChoiceField(Repository.objects.none(), label=_("Repository"))
    number = forms.IntegerField(label=_("Its number"), min_value=1, max_value=2**31 - 1)

    def __init__(self, *args: Any, project: Project, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        offer_rows(self, "repository", project.repositories.all())


class UnlinkForm(forms.Form):
    link = forms.IntegerField(min_value=1, max_value=LARGEST_ID)


class UndoForm(forms.Form):
    seq = forms.IntegerField(min_value=1, max_value=LARGEST_ID)
    anyway = forms.BooleanField(required=False)


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

    def __init__(self, *args: Any, project: Project, **kwargs: Any) -> None:
        rules = pull_request_rules.rules_of(project)
        self.columns = {str(column.pk): column for column in project.columns.all()}
        custom = {rule.event: str(rule.column.pk) if rule.column else self.STAYS for rule in rules if rule.is_custom}
        super().__init__(*args, **kwargs | {"initial": custom})
        for rule in rules:
            self.fields[rule.event] = forms.ChoiceField(
                label=self.LABELS[rule.event], required=False, choices=self._choices(rule)
            )

    def _choices(self, rule: pull_request_rules.Rule) -> list[tuple[str, LazyText]]:
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
        max_length=max_length(BranchNameTemplate, "template"),
        help_text=_("Such as {user}/{key}-{title}. Left empty: {key}-{title}."),
        widget=forms.TextInput(attrs={"autocomplete": "off", "spellcheck": "false"}),
    )

"""What importing a gateway's agents asks: which, into which projects, and whether they start at once."""

from collections.abc import Iterable
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from apps.agents.gateways.openclaw_client import RemoteAgent
from apps.agents.models import Gateway
from apps.agents.roster.actions.import_agents import Offer
from apps.names import isolate
from apps.projects.models import Project


class ImportForm(forms.Form):
    agents = forms.MultipleChoiceField(label=_("Agents"), widget=forms.CheckboxSelectMultiple)
    projects = forms.ModelMultipleChoiceField(
        Project.objects.all(),
        required=False,
        label=_("Work in"),
        widget=forms.CheckboxSelectMultiple,
        help_text=_("Without a project no tasks can be assigned to them; each agent's own page changes it later."),
    )
    is_enabled = forms.BooleanField(
        required=False, initial=True, label=_("Enabled"), help_text=_("Otherwise they are there, and switched off.")
    )
    retire_practice = forms.BooleanField(
        required=False,
        initial=True,
        label=_("Switch the practice agents off"),
        help_text=_("They come with Team Board and only show how work comes back."),
    )

    def __init__(self, *args: Any, offers: Iterable[Offer], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.free = {offer.remote.id: offer.remote for offer in offers if not offer.obstacle}
        agents = self.fields["agents"]
        agents.choices = [(each.id, f"{isolate(each.name)} ({each.id})") for each in self.free.values()]  # type: ignore[attr-defined]  # of a choice field
        agents.initial = list(self.free)
        self.fields["projects"].label_from_instance = isolate  # type: ignore[attr-defined]  # of a field of models
        projects = list(Project.objects.values_list("pk", flat=True)[:2])
        self.fields["projects"].initial = projects if len(projects) == 1 else []
        if not Gateway.objects.filter(is_practice=True, is_enabled=True).exists():
            del self.fields["retire_practice"]

    def clean(self) -> dict[str, Any]:
        return {"retire_practice": False} | (super().clean() or self.cleaned_data)

    def chosen_agents(self) -> list[RemoteAgent]:
        return [self.free[each] for each in self.cleaned_data["agents"]]

from django import forms
from django.db.models import QuerySet
from django.utils.translation import gettext_lazy as _

from apps.agents.models import Agent
from apps.agents.runs.actions.review import NOTE_LENGTH


class PairForm(forms.Form):
    """Two of the project's `agents`; others are as unknown as none."""

    asks = forms.ModelChoiceField(Agent.objects.none(), label=_("Messages of"), empty_label=None)
    asked = forms.ModelChoiceField(Agent.objects.none(), label=_("may start"), empty_label=None)

    def __init__(self, *args, agents: QuerySet[Agent], **kwargs) -> None:
        super().__init__(*args, **kwargs)
        for field in self.fields.values():
            field.queryset = agents


class SendBackForm(forms.Form):
    words = forms.CharField(
        label=_("What is missing?"),
        max_length=NOTE_LENGTH,
        widget=forms.Textarea,
        strip=False,
        error_messages={"required": _("Say first what is missing.")},
    )

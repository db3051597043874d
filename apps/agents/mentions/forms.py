from typing import Any

from django import forms
from django.db.models import QuerySet
from django.utils.translation import gettext_lazy as _

from apps.agents.models import Agent
from apps.form_fields import offer_rows


class HandoffForm(forms.Form):
    """Two of the project's `agents`; others are as unknown as none."""

    from_agent = forms.ModelChoiceField(Agent.objects.none(), label=_("Messages of"), empty_label=None)
    to_agent = forms.ModelChoiceField(Agent.objects.none(), label=_("may start"), empty_label=None)

    def __init__(self, *args: Any, agents: QuerySet[Agent], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for name in self.fields:
            offer_rows(self, name, agents)

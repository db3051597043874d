from django import forms
from django.utils.translation import gettext_lazy as _

from apps.agents.runs.actions.review import NOTE_LENGTH


class RequestChangesForm(forms.Form):
    text = forms.CharField(
        label=_("What is missing?"),
        max_length=NOTE_LENGTH,
        widget=forms.Textarea,
        strip=False,
        error_messages={"required": _("Say first what is missing.")},
    )

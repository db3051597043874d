from django import forms
from django.utils.translation import gettext_lazy as _

from apps.agents.runs.actions.review import NOTE_LENGTH
from apps.form_fields import LinesField


class RequestChangesForm(forms.Form):
    text = LinesField(
        label=_("What is missing?"),
        max_length=NOTE_LENGTH,
        error_messages={"required": _("Say first what is missing.")},
    )

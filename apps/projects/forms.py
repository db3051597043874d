from typing import Any

from django import forms
from django.utils.text import capfirst
from django.utils.translation import gettext_lazy as _

from apps.accounts.models import User
from apps.django_generics import ModelForm
from apps.errors import Refused
from apps.form_fields import offer_choices
from apps.max_length import max_length
from apps.projects import permissions
from apps.projects.members import memberships
from apps.projects.models import Project, Role


class UpperCase(forms.CharField):
    def to_python(self, value: str | None) -> str:
        return str(super().to_python(value)).upper()


class ProjectForm(ModelForm[Project]):
    class Meta:
        model = Project
        fields = ["name", "key", "description"]
        field_classes = {"key": UpperCase}
        labels = {"description": _("What it is about")}
        help_texts = {"key": _("Short and in capitals, such as TB: its tasks are called TB-1, TB-2 and so on.")}


class RoleForm(forms.Form):
    """Offers the roles that somebody with `own_role` may give."""

    role = forms.ChoiceField(label=_("Role"), initial=Role.MEMBER)

    def __init__(self, *args: Any, own_role: str, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        within = permissions.roles_within(own_role)
        offer_choices(self, "role", [(role.value, capfirst(role.label)) for role in within])


class InvitationForm(RoleForm):
    """For a link; its fields are named apart, as it shares a page with others."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs | {"auto_id": "invitation-%s"})
        self.fields["role"].label = _("Invite as")


class InviteForm(RoleForm):
    who = forms.CharField(
        label=_("Who?"),
        max_length=max_length(User, "username"),
        help_text=_("Their username, or their full name if no one else has it. They need an account here."),
        widget=forms.TextInput(attrs={"type": "search", "autocomplete": "off"}),
        error_messages={"required": _("Write a name first.")},
    )
    field_order = ["who", "role"]

    def clean_who(self) -> User:
        try:
            return memberships.find_person(self.cleaned_data["who"])
        except Refused as refusal:
            raise forms.ValidationError(refusal.message) from refusal

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from apps.max_length import max_length
from apps.names import NameFormField
from apps.projects.models import LONGEST_CREDENTIAL, Repository


class WriteOnly(forms.Textarea):
    """A field that a page never shows what was entered in, also not after a mistake."""

    def format_value(self, value: str | None) -> None:
        return None


class RepositoryForm(forms.Form):
    """Where a repository is and what opens it. The credential's field is always empty: it only goes in."""

    url = forms.CharField(
        label=_("Address"),
        max_length=max_length(Repository, "url"),
        help_text=_("As the forge shows it for cloning: https://… with a token, git@… with a deploy key."),
        widget=forms.TextInput(attrs={"autocomplete": "off", "spellcheck": "false"}),
    )
    name = NameFormField(
        label=pgettext_lazy("of a thing", "name"),
        max_length=max_length(Repository, "name"),
        required=False,
        help_text=_("Left empty, it is called as in its address."),
    )
    forge = forms.ChoiceField(
        label=_("Forge"),
        required=False,
        choices=[("", _("Find out")), *Repository.Forge.choices],
        help_text=_("Pull requests and checks come from it."),
    )
    credential_kind = forms.ChoiceField(label=_("Opens with"), choices=Repository.Credential.choices)
    credential = forms.CharField(
        label=_("Token or private key"),
        required=False,
        strip=True,
        max_length=LONGEST_CREDENTIAL,
        help_text=_("It should be able to read this repository and nothing else. Stored encrypted, never shown again."),
        widget=WriteOnly(attrs={"rows": 3, "autocomplete": "off", "spellcheck": "false"}),
    )
    merging = forms.ChoiceField(
        label=_("Who merges from the board"),
        choices=Repository.Merging.choices,
        initial=Repository.Merging.NOBODY,
        required=False,
        help_text=_("They accept an agent's work and merge its pull request in one. The token must be able to write."),
    )

    def __init__(self, *args: Any, repository: Repository | None = None, **kwargs: Any) -> None:
        if repository:
            names = ("url", "name", "forge", "credential_kind", "merging")
            kwargs["initial"] = {name: getattr(repository, name) for name in names}
        super().__init__(*args, **kwargs)
        if repository and repository.credential:
            self.fields["credential"].help_text = _("Stored. Leave empty to keep it.")

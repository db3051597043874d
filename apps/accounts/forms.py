from datetime import timedelta
from typing import Any

from django import forms
from django.conf import settings
from django.contrib.auth import authenticate, user_login_failed
from django.contrib.auth.forms import AuthenticationForm, PasswordChangeForm, UsernameField
from django.contrib.auth.password_validation import validate_password
from django.db import transaction
from django.db.models import Model
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from apps.accounts.models import ApiToken, User
from apps.accounts.request_types import MemberRequest
from apps.accounts.signals import person_changed
from apps.accounts.tokens import tokens
from apps.accounts.users import avatars, time_zones
from apps.django_generics import ModelForm
from apps.form_fields import offer_rows
from apps.names import NameFormField

LONGEST_PASSWORD = 1000  # a longer one only costs time to hash


class SignInForm(AuthenticationForm):
    """The same sentence for a wrong password, an unknown account, a closed one and an agent's."""

    error_messages = {
        "invalid_login": _("That name and password do not match."),
        "inactive": _("That name and password do not match."),
    }


class BreakGlassForm(SignInForm):
    """For superusers alone: the right password of anybody else counts as a wrong one, and is told as one."""

    def confirm_login_allowed(self, user: User) -> None:
        super().confirm_login_allowed(user)
        if not user.is_superuser:
            tried = {"username": self.cleaned_data["username"]}
            user_login_failed.send(sender=__name__, credentials=tried, request=self.request)
            raise self.get_invalid_login_error()


class PreferencesForm(ModelForm[User]):
    language = forms.ChoiceField(
        label=_("Language"),
        required=False,
        choices=[("", _("as my browser says")), *settings.LANGUAGES],
    )

    time_zone = forms.ChoiceField(
        label=_("Time zone"),
        required=False,
        choices=lambda: [("", _("as my browser says")), *time_zones.choices()],
    )

    class Meta:
        model = User
        fields = ["name", "language", "time_zone", "theme", "density"]

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        """With ids of its own: a token on the same page has a name as well."""
        super().__init__(*args, **kwargs | {"auto_id": "preference-%s"})
        if self.instance.identities.exists():
            self.fields["name"].disabled = True
            self.fields["name"].help_text = _("Your name comes from Authentik, each time you sign in.")

    @transaction.atomic
    def save(self, commit: bool = True) -> User:
        person = super().save(commit=False)
        if commit:
            person.save(update_fields=self.changed_data)  # another page, or a sign-in, may have changed the others
        if "name" in self.changed_data:
            person_changed.send(User, user=person)
        return person


class AvatarForm(ModelForm[User]):
    """The hue, and a picture drawn anew from the file that was sent."""

    file = forms.FileField(
        label=_("Upload a picture"),
        required=False,
        widget=forms.FileInput({"accept": "image/png,image/jpeg,image/webp"}),
        help_text=_("PNG, JPEG or WebP, up to 2 MB. The middle of it is cut out as a square."),
    )

    class Meta:
        model = User
        fields = ["hue"]

    def clean_file(self) -> bytes | None:
        upload = self.cleaned_data["file"]
        if not upload:
            return None
        if upload.size > avatars.MOST_BYTES:
            raise forms.ValidationError(_("That file is larger than 2 MB. Please make it smaller first."))
        try:
            return avatars.reencoded(upload)
        except avatars.Unusable as refusal:
            raise forms.ValidationError(refusal.message) from refusal


def is_their_password(request: MemberRequest, given: str) -> bool:
    """Tried like a sign-in, so that guessing it is counted and ends as it does there."""
    return authenticate(request, username=request.user.get_username(), password=given) == request.user


class LinkForm(forms.Form):
    """Before Authentik may open an account, its password must be known once more."""

    password = forms.CharField(
        label=_("Password"), widget=forms.PasswordInput({"autocomplete": "current-password"}), strip=False
    )

    def __init__(self, request: MemberRequest, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs | {"auto_id": "link-%s"})
        self.request = request

    def clean_password(self) -> str:
        given: str = self.cleaned_data["password"]
        if not is_their_password(self.request, given):
            raise forms.ValidationError(_("That is not your password."))
        return given


class PasswordForm(PasswordChangeForm):
    """Django's, but for the focus: it stands at the end of a page, which would open there.

    And but for its advice, which the chapter gives in one line.
    """

    def __init__(self, request: MemberRequest, *args: Any, **kwargs: Any) -> None:
        super().__init__(request.user, *args, **kwargs)
        self.request = request
        del self.fields["old_password"].widget.attrs["autofocus"]
        self.fields["new_password1"].help_text = self.fields["new_password2"].help_text = ""

    def clean_old_password(self) -> str:
        given: str = self.cleaned_data["old_password"]
        if not is_their_password(self.request, given):
            raise forms.ValidationError(self.error_messages["password_incorrect"], code="password_incorrect")
        return given

    def save(self, commit: bool = True) -> User:
        """Django's saves the whole account as the request has read it, which would open one closed meanwhile."""
        person: User = super().save(commit=False)
        if commit:
            person.save(update_fields=["password"])
        return person


class TokenForm(ModelForm[ApiToken]):
    DAYS = {30: _("30 days"), 90: _("90 days"), 365: _("one year")}

    expires_in = forms.TypedChoiceField(label=_("Expires in"), coerce=int, choices=list(DAYS.items()), initial=30)
    only_projects: "forms.ModelMultipleChoiceField[Model]" = forms.ModelMultipleChoiceField(
        None,
        label=_("Only in these projects"),
        required=False,
        widget=forms.CheckboxSelectMultiple,
        help_text=_("Choose none, and the token works in all your projects, later ones too."),
    )
    field_order = ["name", "scope", "only_projects", "expires_in"]

    class Meta:
        model = ApiToken
        fields = ["name", "scope"]
        help_texts = {
            "scope": _("To direct agents is to assign them, and to cancel, retry, accept or send back their runs.")
        }

    def __init__(self, *args: Any, user: User, **kwargs: Any) -> None:
        self.user = user
        super().__init__(*args, **kwargs)
        offer_rows(self, "only_projects", user.projects.order_by("name", "pk"))

    def clean(self) -> dict[str, Any]:
        live = self.user.tokens.filter(revoked_at=None, expires_at__gt=timezone.now())
        if live.count() >= tokens.MOST_PER_PERSON:
            raise forms.ValidationError(_("You have very many tokens. Revoke one first."))
        super().clean()
        return self.cleaned_data

    def chosen(self) -> dict[str, Any]:
        """What `tokens.issue` wants to know."""
        lifetime = min(timedelta(days=self.cleaned_data["expires_in"]), tokens.LONGEST_LIFE)
        return {
            "name": self.cleaned_data["name"],
            "scope": self.cleaned_data["scope"],
            "expires_at": timezone.now() + lifetime,
            "only_projects": [project.pk for project in self.cleaned_data["only_projects"]] or None,
        }


class ServiceTokenForm(TokenForm):
    """For administrators, who give a service account its token."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["only_projects"].help_text = _(
            "Choose none, and the token works in all its projects, later ones too."
        )


class UsernameFormField(UsernameField, NameFormField):
    """What is typed in full width, or by its parts, is looked at and kept as signing in will look it up."""


class AccountForm(ModelForm[User]):
    """Who a new account is for: a person or a program."""

    class Meta:
        model = User
        fields = ["username", "name"]
        field_classes = {"username": UsernameFormField}
        help_texts = {"username": _("Letters, digits and @ . + - _: people sign in and are mentioned with it.")}

    def clean_username(self) -> str:
        username: str = self.cleaned_data["username"]
        if User.objects.is_taken(username):
            raise forms.ValidationError(_("That username is already taken."))
        return username


class NewAccountForm(AccountForm):
    """In the admin, where people and programs are added alike."""

    KINDS = {User.Kind.PERSON: _("A person, who signs in"), User.Kind.SERVICE: _("A program, such as CI")}

    account_for = forms.ChoiceField(
        label=_("For"), choices=list(KINDS.items()), initial=User.Kind.PERSON, widget=forms.RadioSelect
    )
    field_order = ["account_for", "username", "name"]


class RegistrationForm(AccountForm):
    """Somebody who was invited makes their own account."""

    password = forms.CharField(
        label=_("Password"),
        widget=forms.PasswordInput({"autocomplete": "new-password"}),
        strip=False,
        max_length=LONGEST_PASSWORD,
        help_text=_("At least 15 characters; a sentence is fine."),
    )
    field_order = ["name", "username", "password"]

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["name"].widget.attrs |= {"autocomplete": "name", "autofocus": True}
        self.fields["username"].widget.attrs |= {"autocomplete": "username", "autocapitalize": "none"}
        self.fields["username"].widget.attrs.pop("autofocus", None)

    def clean_password(self) -> str:
        given: str = self.cleaned_data["password"]
        validate_password(given)
        return given

"""Everybody who has an account, for those who run the board: who is an administrator, who may still come in."""

from collections.abc import Callable
from typing import Any, Protocol

import axes.admin  # noqa: F401
import django.contrib.auth.admin  # noqa: F401 - these two register what is taken out here
from axes.models import AccessFailureLog, AccessLog
from django.conf import settings
from django.contrib import admin, messages
from django.contrib.admin import helpers
from django.contrib.auth.models import Group
from django.core.exceptions import PermissionDenied
from django.db.models import Exists, Model, OuterRef, QuerySet
from django.http import HttpRequest, HttpResponse, StreamingHttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import URLPattern, path
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from apps.accounts.audit import labels, queries
from apps.accounts.forms import NewAccountForm, ServiceTokenForm
from apps.accounts.login import errors
from apps.accounts.models import ApiToken, AuditEntry, Identity, SignInAttempt, User
from apps.accounts.oidc import sign_in_log
from apps.accounts.request_types import user_of
from apps.accounts.sessions import revoke
from apps.accounts.tokens import tokens
from apps.accounts.users import people, service_accounts, site_roles
from apps.django_generics import ModelAdmin, ModelForm
from apps.errors import Refused
from apps.names import isolate

admin.site.unregister(Group)  # roles are projects' own, and the site's are two
admin.site.unregister((AccessLog, AccessFailureLog))  # switched off: the audit has them


class ReadOnlyAdmin[Row: Model](ModelAdmin[Row]):
    """What is written down as it happens, and changed by nobody."""

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, row: Model | None = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, row: Model | None = None) -> bool:
        return False


class UserRow(Protocol):
    """A user as `UserAdmin` reads them."""

    is_linked: bool

    def has_usable_password(self) -> bool: ...


@admin.register(User)
class UserAdmin(ModelAdmin[User]):
    """People and programs are added here; people say their own name, and a right is given by a verb."""

    list_display = ("name", "username", "email", "kind", "site_role", "is_active", "signs_in", "last_login")
    list_filter = ("kind", "is_superuser", "is_active")
    search_fields = ("name", "username", "email")
    ordering = ("kind", "name", "pk")
    fields = (*list_display, "date_joined")
    actions = ("close", "reopen", "sign_out", "make_admin", "unmake_admin")

    def get_queryset(self, request: HttpRequest) -> QuerySet[User]:
        linked = Identity.objects.filter(user=OuterRef("pk"))
        return super().get_queryset(request).annotate(is_linked=Exists(linked))

    def get_urls(self) -> list[URLPattern]:
        token = path("<int:pk>/token/", self.admin_site.admin_view(self.make_token), name="accounts_user_token")
        password = self.admin_site.admin_view(self.reset_password)
        return [
            token,
            path("<int:pk>/reset-password/", password, name="accounts_user_reset_password"),
            *super().get_urls(),
        ]

    def get_form(
        self, request: HttpRequest, obj: User | None = None, change: bool = False, **kwargs: Any
    ) -> "type[ModelForm[User]]":
        return NewAccountForm if obj is None else super().get_form(request, obj, change, **kwargs)

    def get_fields(self, request: HttpRequest, user: User | None = None) -> Any:
        return NewAccountForm.field_order if user is None else super().get_fields(request, user)

    def add_view(
        self, request: HttpRequest, form_url: str = "", extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """Saving leads to the first password of a person, to the first token of a program, and nowhere else."""
        shown = {
            "title": _("Add account"),
            "show_save_and_add_another": False,
            "show_save_and_continue": False,
        }
        return super().add_view(request, form_url, shown | (extra_context or {}))

    def save_model(self, request: HttpRequest, user: User, form: NewAccountForm, change: bool) -> None:
        chosen = dict(form.cleaned_data)
        is_person = chosen.pop("account_for") == User.Kind.PERSON
        user.pk = (people if is_person else service_accounts).create(**chosen, by=user_of(request)).pk
        user.refresh_from_db()

    def response_add(self, request: HttpRequest, user: User, post_url_continue: str | None = None) -> HttpResponse:
        return redirect(f"admin:accounts_user_{'reset_password' if user.is_person else 'token'}", user.pk)

    def reset_password(self, request: HttpRequest, pk: int) -> HttpResponse:
        """Asks first. Answers with the page itself, as with a token: the password is shown this once."""
        if not self.has_add_permission(request):
            raise PermissionDenied
        account = get_object_or_404(User, pk=pk, kind=User.Kind.PERSON)
        is_first = not account.has_usable_password()
        shown = {
            "account": account,
            "opts": self.opts,
            "is_first": is_first,
            "has_local_sign_in": settings.LOCAL_SIGN_IN or account.is_superuser,
            "title": _("Set a password") if is_first else _("Reset password"),
        }
        if request.method == "POST":
            try:
                shown |= {"password": people.reset_password(account, by=user_of(request))}
            except Refused as refusal:
                shown |= {"refusal": refusal}
        page = self.admin_site.each_context(request) | shown
        return render(request, "admin/accounts/user/reset_password.html", page)

    def make_token(self, request: HttpRequest, pk: int) -> HttpResponse:
        """Answers with the page itself, not a redirect: the token's text is nowhere kept to be shown later."""
        if not self.has_add_permission(request):
            raise PermissionDenied
        account = get_object_or_404(User.objects.service_accounts(), pk=pk, is_active=True)
        form = ServiceTokenForm(request.POST or None, user=account)
        fields = helpers.AdminForm(form, [(None, {"fields": list(form.fields)})], {})
        shown = {"adminform": fields, "account": account, "opts": self.opts, "title": _("Make a token")}
        if form.is_valid():
            token, text = service_accounts.issue_token(account, **form.chosen(), by=user_of(request))
            shown |= {"token": token, "text": text}
        return render(request, "admin/accounts/user/token.html", self.admin_site.each_context(request) | shown)

    def has_change_permission(self, request: HttpRequest, user: User | None = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, user: User | None = None) -> bool:
        """An account that was used is closed: what it did keeps its name."""
        return False

    @admin.display(description=gettext_lazy("signs in"))
    def signs_in(self, user: UserRow) -> str:
        ways = [_("by password")] if user.has_usable_password() else []
        ways += [_("with Authentik")] if user.is_linked else []
        return ", ".join(ways) or "–"

    @admin.display(description=gettext_lazy("site role"), ordering="is_superuser")
    def site_role(self, user: User) -> str:
        return _("administrator") if user.is_superuser else _("user")

    @admin.action(description=gettext_lazy("Close the account"))
    def close(self, request: HttpRequest, users: QuerySet[User]) -> None:
        self._each(request, users, site_roles.close, _("{name} can't sign in any more."))

    @admin.action(description=gettext_lazy("Open the account again"))
    def reopen(self, request: HttpRequest, users: QuerySet[User]) -> None:
        self._each(request, users, site_roles.reopen, _("{name} can sign in again."))

    @admin.action(description=gettext_lazy("Sign out everywhere"))
    def sign_out(self, request: HttpRequest, users: QuerySet[User]) -> None:
        for user in users:
            revoke.end_all_sessions(user, by=user_of(request))
            self.message_user(request, _("{name} has to sign in again.").format(name=isolate(user)), messages.SUCCESS)

    @admin.action(description=gettext_lazy("Make administrator"))
    def make_admin(self, request: HttpRequest, users: QuerySet[User]) -> None:
        self._each(request, users, site_roles.make_admin, _("{name} is an administrator now."))

    @admin.action(description=gettext_lazy("Make an ordinary user"))
    def unmake_admin(self, request: HttpRequest, users: QuerySet[User]) -> None:
        self._each(request, users, site_roles.unmake_admin, _("{name} is no administrator any more."))

    def _each(self, request: HttpRequest, users: QuerySet[User], verb: Callable[..., User], done: str) -> None:
        """Do it to each on their own: one that is refused stops none of the others."""
        for user in users:
            try:
                verb(user, by=user_of(request))
            except Refused as refusal:
                self.message_user(request, f"{user}: {refusal.message}", messages.ERROR)
            else:
                self.message_user(request, done.format(name=isolate(user)), messages.SUCCESS)


@admin.register(ApiToken)
class ServiceTokenAdmin(ReadOnlyAdmin[ApiToken]):
    """The tokens of service accounts, which nobody's profile shows. People see to their own."""

    list_display = ("__str__", "user", "name", "scope", "created_at", "expires_at", "used_at", "revoked_at")
    list_filter = (("user", admin.RelatedOnlyFieldListFilter),)
    list_select_related = ("user",)
    fields = (*list_display, "only_projects")
    actions = ("revoke",)

    def get_queryset(self, request: HttpRequest) -> QuerySet[ApiToken]:
        return super().get_queryset(request).filter(user__kind=User.Kind.SERVICE)

    @admin.action(description=gettext_lazy("Revoke"))
    def revoke(self, request: HttpRequest, found: QuerySet[ApiToken]) -> None:
        for token in found:
            tokens.revoke(token, by=user_of(request))
        self.message_user(request, _("They open nothing any more."), messages.SUCCESS)


@admin.register(SignInAttempt)
class SignInAttemptAdmin(ReadOnlyAdmin[SignInAttempt]):
    """Why somebody could not sign in with Authentik: to be read, the last ones first."""

    list_display = ("attempted_at", "who", "what", "detail", "address")
    list_filter = ("outcome",)
    list_select_related = ("user",)
    list_per_page = 50
    fields = ("attempted_at", "who", "what", "to_do", "detail", "address", "sub_digest", "claims")

    @admin.display(description=gettext_lazy("who"), ordering="user__name")
    def who(self, attempt: SignInAttempt) -> str:
        return str(attempt.user or attempt.sub_digest or "–")

    @admin.display(description=gettext_lazy("what came of it"), ordering="outcome")
    def what(self, attempt: SignInAttempt) -> str:
        well = {sign_in_log.OK: _("Signed in."), sign_in_log.LINKED: _("Linked.")}
        return str(well.get(attempt.outcome) or errors.refusal_for(attempt.outcome).title)

    @admin.display(description=gettext_lazy("what they were told"))
    def to_do(self, attempt: SignInAttempt) -> str:
        return (
            "–"
            if attempt.outcome in (sign_in_log.OK, sign_in_log.LINKED)
            else str(errors.refusal_for(attempt.outcome).text)
        )


class ActionFilter(admin.SimpleListFilter):
    title = gettext_lazy("what")
    parameter_name = "action"

    def lookups(self, request: HttpRequest, model_admin: ModelAdmin[AuditEntry]) -> list[tuple[str, str]]:
        return labels.choices()

    def queryset(self, request: HttpRequest, entries: QuerySet[AuditEntry]) -> QuerySet[AuditEntry]:
        return entries.filter(action=self.value()) if self.value() else entries


@admin.register(AuditEntry)
class AuditEntryAdmin(ReadOnlyAdmin[AuditEntry]):
    """The whole board's audit, to be read and taken along. What the database refuses is not offered."""

    list_display = ("at", "by", "what", "facts", "address")
    list_filter = (ActionFilter,)
    search_fields = ("who", "asked_by")
    ordering = ("-pk",)
    show_full_result_count = False
    fields = ("at", "by", "what", "token", "run", "asked_by", "project_id", "address", "facts")
    actions = ("export",)

    @admin.display(description=gettext_lazy("who"), ordering="who")
    def by(self, entry: AuditEntry) -> str:
        return labels.who(entry)

    @admin.display(description=gettext_lazy("what"), ordering="action")
    def what(self, entry: AuditEntry) -> str:
        return labels.label_of(entry.action)

    @admin.action(description=gettext_lazy("Export as CSV"))
    def export(self, request: HttpRequest, entries: QuerySet[AuditEntry]) -> StreamingHttpResponse | None:
        try:
            return queries.export(entries, by=user_of(request))
        except Refused as refusal:
            self.message_user(request, refusal.message, messages.ERROR)
            return None

"""Projects for those who run the board: whose they are and what groups give there, and nothing of what is in them."""

import hashlib
from collections.abc import Iterable
from typing import Any, Protocol

from django import forms
from django.contrib import admin, messages
from django.db.models import Prefetch, QuerySet
from django.http import HttpRequest, HttpResponse
from django.template.defaultfilters import filesizeformat
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from apps.accounts.audit.admin_mixin import AuditedAdmin
from apps.accounts.models import User
from apps.accounts.request_types import user_of
from apps.django_generics import ModelAdmin, ModelForm
from apps.form_fields import offer_rows
from apps.names import isolate
from apps.projects.events import relay
from apps.projects.git.repositories import connect
from apps.projects.members import group_grants, memberships
from apps.projects.members.group_grants import Change, Grant
from apps.projects.models import EventRelay, GroupGrant, Membership, Project, Repository, Role, WebhookDelivery


class OwnerForm(ModelForm[Project]):
    """For a project whose owner is gone, or about to."""

    new_owner = forms.ModelChoiceField(
        User.objects.none(),
        label=gettext_lazy("Make an owner"),
        help_text=gettext_lazy("A member of the project; where there is no other, anyone with an account."),
    )

    class Meta:
        model = Project
        fields = ()

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        offer_rows(self, "new_owner", memberships.possible_owners(self.instance))


class ProjectRow(Protocol):
    """A project as `ProjectAdmin` reads it."""

    owned: list[Membership]


@admin.register(Project)
class ProjectAdmin(ModelAdmin[Project]):
    form = OwnerForm
    list_display = ("name", "key", "owners", "created_at")
    search_fields = ("name", "key")
    readonly_fields = ("name", "key", "owners")
    fields = (*readonly_fields, "new_owner")
    actions = None

    def get_queryset(self, request: HttpRequest) -> QuerySet[Project]:
        owners = Membership.objects.filter(role=Role.OWNER).select_related("user").order_by("pk")
        return super().get_queryset(request).prefetch_related(Prefetch("memberships", owners, "owned"))

    @admin.display(description=gettext_lazy("owners"))
    def owners(self, project: ProjectRow) -> str:
        return ", ".join(str(membership.user) for membership in project.owned)

    def save_model(self, request: HttpRequest, project: Project, form: OwnerForm, change: bool) -> None:
        memberships.appoint(project, form.cleaned_data["new_owner"], by=user_of(request))

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, project: Project | None = None) -> bool:
        return False


class GrantForm(ModelForm[GroupGrant]):
    """Valid once somebody has seen what it would change: the first try shows that, and saves nothing."""

    seen = forms.CharField(required=False)
    changes: list[Change] = []
    digest = ""

    class Meta:
        model = GroupGrant
        fields = ("group", "project", "role")

    def clean(self) -> dict[str, Any]:
        super().clean()
        cleaned = self.cleaned_data
        if not self.errors:
            grant = Grant(cleaned["group"], cleaned["project"].pk, cleaned["role"])
            self.changes = visible_changes([*group_grants.grants(without=self.instance), grant])
            self.digest = digest_of(grant, self.changes)
            if cleaned["seen"] != self.digest:
                self.add_error(None, forms.ValidationError(_("Nothing is saved yet."), code="unseen"))
        return cleaned

    @property
    def is_only_unseen(self) -> bool:
        return [error.code for errors in self.errors.as_data().values() for error in errors] == ["unseen"]


def visible_changes(grants: Iterable[Grant]) -> list[Change]:
    """What `grants` would change that somebody notices: not where a role stays, given by hand as well."""
    changes = group_grants.preview(grants, group_grants.everybody())
    noticed = [change for change in changes if change.before != change.after]
    return sorted(noticed, key=lambda change: (str(change.project), str(change.user), change.user.pk))


def digest_of(grant: Grant, changes: list[Change]) -> str:
    """What somebody says they have seen: with another grant, or other people by now, it is another."""
    seen = [grant, *((each.user.pk, each.project.pk, each.before, each.after) for each in changes)]
    return hashlib.sha256(repr(seen).encode()).hexdigest()


@admin.register(GroupGrant)
class GroupGrantAdmin(AuditedAdmin[GroupGrant]):
    """What a grant, changed or taken away, makes of whom is shown before, and done to all of them after."""

    form = GrantForm
    fields = ("group", "project", "role")
    list_display = ("group", "project", "role")
    list_select_related = ("project",)
    list_filter = ("project",)
    search_fields = ("group",)
    actions = None

    def changelist_view(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        keys = set(Project.objects.values_list("key", flat=True))
        configured = [(each, each.key in keys) for each in group_grants.of_settings()]
        return super().changelist_view(request, {"configured": configured} | (extra_context or {}))

    def render_change_form(
        self, request: HttpRequest, context: dict[str, Any], *args: Any, **kwargs: Any
    ) -> HttpResponse:
        if context["adminform"].form.is_only_unseen:
            context |= {"asked": context["adminform"].form, "errors": []}
        return super().render_change_form(request, context, *args, **kwargs)

    def delete_view(
        self, request: HttpRequest, object_id: str, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        rest = group_grants.grants(without=self.get_object(request, object_id))
        return super().delete_view(request, object_id, {"changes": visible_changes(rest)} | (extra_context or {}))

    def save_model(self, request: HttpRequest, grant: GroupGrant, form: GrantForm, change: bool) -> None:
        super().save_model(request, grant, form, change)
        self._apply(request)

    def delete_model(self, request: HttpRequest, grant: GroupGrant) -> None:
        super().delete_model(request, grant)
        self._apply(request)

    def _apply(self, request: HttpRequest) -> None:
        for kept in group_grants.sync_everybody(by=user_of(request)):
            sentence = _("{name} stays owner of {project}: there is no other.")
            self.message_user(
                request, sentence.format(name=isolate(kept.user), project=isolate(kept.project)), messages.WARNING
            )


@admin.register(WebhookDelivery)
class WebhookDeliveryAdmin(ModelAdmin[WebhookDelivery]):
    """That forges told something and what came of it; what it was, only the project's maintainers read."""

    list_display = ("kind", "repository", "received_at", "processed_at", "error")
    list_filter = ("kind",)
    list_select_related = ("repository",)
    search_fields = ("delivery_id",)
    date_hierarchy = "received_at"
    show_full_result_count = False
    fields = (*list_display, "delivery_id", "body_sha256")
    actions = None

    def get_queryset(self, request: HttpRequest) -> QuerySet[WebhookDelivery]:
        return super().get_queryset(request).defer("payload")

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, delivery: WebhookDelivery | None = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, delivery: WebhookDelivery | None = None) -> bool:
        return False


class StateFilter(admin.SimpleListFilter):
    title = gettext_lazy("state")
    parameter_name = "state"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        return [("failed", gettext_lazy("given up")), ("open", gettext_lazy("tried again"))]

    def queryset(self, request: HttpRequest, relays: QuerySet[EventRelay]) -> QuerySet[EventRelay]:
        if self.value() == "failed":
            return relays.filter(next_attempt_at=None)
        return relays.exclude(next_attempt_at=None) if self.value() == "open" else relays


@admin.register(EventRelay)
class EventRelayAdmin(ModelAdmin[EventRelay]):
    """What some part of the board has still to be told of a change, and what is not tried any more."""

    list_display = ("kind", "project", "subscriber", "attempts", "error", "state", "created_at")
    list_filter = (StateFilter, "subscriber")
    list_select_related = ("event__project",)
    ordering = ("next_attempt_at", "pk")
    readonly_fields = fields = (*list_display, "next_attempt_at")
    actions = ("try_again",)

    @admin.display(description=gettext_lazy("event"))
    def kind(self, open_relay: EventRelay) -> str:
        return f"{open_relay.event.seq} {open_relay.event.kind}"

    @admin.display(description=gettext_lazy("project"))
    def project(self, open_relay: EventRelay) -> str:
        return str(open_relay.event.project)

    @admin.display(description=gettext_lazy("state"), ordering="next_attempt_at")
    def state(self, open_relay: EventRelay) -> str:
        return _("tried again") if open_relay.next_attempt_at else _("given up")

    @admin.action(description=gettext_lazy("Try again now"))
    def try_again(self, request: HttpRequest, relays: QuerySet[EventRelay]) -> None:
        count = relay.retry(relays, by=user_of(request))
        sentence = ngettext("{n} is tried again.", "{n} are tried again.", count)
        self.message_user(request, sentence.format(n=count), messages.SUCCESS)

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, open_relay: EventRelay | None = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, open_relay: EventRelay | None = None) -> bool:
        return False


@admin.register(Repository)
class RepositoryAdmin(ModelAdmin[Repository]):
    """Which repositories are connected and how their fetches go; connecting is the business of the projects."""

    list_display = ("name", "project", "forge", "fetched_at", "trouble", "size")
    list_select_related = ("project",)
    list_filter = ("forge", "fetch_error")
    search_fields = ("name", "url", "project__key")
    readonly_fields = fields = ("name", "project", "url", "forge", "credential_kind", "fetched_at", "trouble", "size")
    actions = ("check_connection",)

    @admin.display(description=gettext_lazy("last fetch"))
    def trouble(self, repository: Repository) -> str:
        return repository.trouble or "✓"

    @admin.display(description=gettext_lazy("size"), ordering="size_bytes")
    def size(self, repository: Repository) -> str:
        return filesizeformat(repository.size_bytes)

    @admin.action(description=gettext_lazy("Check connection"))
    def check_connection(self, request: HttpRequest, repositories: QuerySet[Repository]) -> None:
        for repository in repositories:
            finding = connect.test(repository)
            level = messages.SUCCESS if finding.is_well else messages.WARNING
            self.message_user(request, f"{repository}: {finding.sentence}", level)

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, repository: Repository | None = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, repository: Repository | None = None) -> bool:
        return False

"""Gateways for those who run the board. Secrets go in and never come out again."""

from typing import Any

from django import forms
from django.contrib import admin, messages
from django.contrib.admin import helpers
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import URLPattern, path
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from apps.accounts.request_types import user_of
from apps.agents.gateways import failures, gateway_identity, health_check, practice
from apps.agents.gateways.openclaw_client import GatewayError
from apps.agents.models import Gateway
from apps.agents.process_warnings import WarningAdmin
from apps.agents.roster.actions.import_agents import import_agents, offers_of
from apps.agents.roster.import_form import ImportForm
from apps.django_generics import ModelForm
from apps.names import isolate

SECRETS = ("hook_token", "gateway_token", "callback_secret")


class GatewayForm(ModelForm[Gateway]):
    """A secret's field is always empty; left empty it keeps what is stored."""

    accepts_unproved = forms.BooleanField(
        label=gettext_lazy("send tokens without a proof of who answers"),
        required=False,
        help_text=gettext_lazy(
            "Only needed for an address by plain http on another machine, where our plugin is missing or too old to "
            "prove that it is this gateway: whoever answers there is given the tokens. Holds for this address alone."
        ),
    )

    class Meta:
        model = Gateway
        fields = ("name", "url", "hooks", *SECRETS, "is_enabled")
        widgets = dict.fromkeys(SECRETS, forms.PasswordInput(attrs={"autocomplete": "new-password"}))
        help_texts = {
            "is_enabled": gettext_lazy(
                "Switched off, it is sent nothing and its reports are not taken; what it works at is stopped and waits."
            ),
        }

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.initial["accepts_unproved"] = gateway_identity.is_confirmed(self.instance)
        for name in SECRETS:
            self.initial.pop(name, None)
            if self.instance.pk:
                self.fields[name].required = False
                self.fields[name].help_text = gettext_lazy("Stored. Leave empty to keep it.")

    def clean(self) -> dict[str, Any]:
        super().clean()
        cleaned = self.cleaned_data
        for name in SECRETS:
            if not cleaned.get(name) and self.instance.pk:
                cleaned[name] = getattr(Gateway.objects.get(pk=self.instance.pk), name)
        self._refuse_shared_secrets(cleaned)
        return cleaned

    def confirmed_url(self) -> str:
        """The address to which tokens may go without a proof: what is confirmed is the one that stands in the form."""
        return self.cleaned_data["url"] if self.cleaned_data["accepts_unproved"] else ""

    def _refuse_shared_secrets(self, given: dict[str, Any]) -> None:
        """Of two gateways that sign alike, either would take the other's reports."""
        secret = given.get("callback_secret")
        others = Gateway.objects.exclude(pk=self.instance.pk).signing_with(secret) if secret else []
        if others:
            reason = _("The gateway {name} signs with this secret. Make another one: openssl rand -hex 32.")
            self.add_error("callback_secret", reason.format(name=others[0]))
        for name in SECRETS[1:]:
            if given.get(name) and given[name] in [given.get(other) for other in SECRETS[: SECRETS.index(name)]]:
                self.add_error(name, _("This is one of the other secrets. Each needs a value of its own."))


def _to_paste(text: str) -> SafeString:
    return format_html("<pre>{}</pre>", text) if text else SafeString("")


@admin.register(Gateway)
class GatewayAdmin(WarningAdmin[Gateway]):
    form = GatewayForm
    list_display = ("name", "url", "is_practice", "is_enabled", "state", "last_callback_at")
    readonly_fields = ("last_callback_at", "last_problem")
    fields = ("name", "url", "accepts_unproved", "hooks", *SECRETS, "is_enabled", *readonly_fields)
    actions = ("check_connection", "import_agents")

    def save_model(self, request: HttpRequest, gateway: Gateway, form: GatewayForm, change: bool) -> None:
        is_asked = not change or bool({"url", "accepts_unproved"} & set(form.changed_data))
        if is_asked:
            gateway.unproved_url = form.confirmed_url()
        super().save_model(request, gateway, form, change)
        if change and is_asked:
            Gateway.objects.filter(pk=gateway.pk).update(unproved_url=gateway.unproved_url)

    def has_delete_permission(self, request: HttpRequest, gateway: Gateway | None = None) -> bool:
        """Not while it may be at work: without its row, and the secret in it, nothing could be stopped there."""
        return (gateway is None or not gateway.is_at_work) and super().has_delete_permission(request, gateway)

    def get_urls(self) -> list[URLPattern]:
        of_one = {"import": self.import_view, "check": self.check_view}
        own = [
            path(f"<int:pk>/{name}/", self.admin_site.admin_view(view), name=f"agents_gateway_{name}")
            for name, view in of_one.items()
        ]
        return [*own, *super().get_urls()]

    @admin.display(description=gettext_lazy("last error"))
    def last_problem(self, gateway: Gateway) -> str:
        """By its code in the reader's language, with the original words behind it."""
        code, _space, original = gateway.last_error.partition(" ")
        if code not in failures.SENTENCES:
            return gateway.last_error or "–"
        return f"{failures.sentence_of(code)} {original}".strip()

    @admin.display(description=gettext_lazy("state"))
    def state(self, gateway: Gateway) -> str:
        if gateway.down_since:
            return _("does not answer")
        return _("on") if gateway.is_enabled else _("off")

    @admin.action(description=gettext_lazy("Check connection"))
    def check_connection(self, request: HttpRequest, gateways: QuerySet[Gateway]) -> None:
        for gateway in gateways:
            self._check(request, gateway)

    def check_view(self, request: HttpRequest, pk: int) -> HttpResponse:
        """The same for one gateway, from its own page."""
        gateway = get_object_or_404(Gateway, pk=pk)
        if request.method != "POST" or not self.has_change_permission(request, gateway):
            raise PermissionDenied
        self._check(request, gateway)
        return redirect("admin:agents_gateway_change", gateway.pk)

    def _check(self, request: HttpRequest, gateway: Gateway) -> None:
        findings = health_check.check(gateway)
        lines = format_html_join(
            "", "<br>{} {}{}", (("✓" if f.is_ok else "✗", f.sentence, _to_paste(f.paste)) for f in findings)
        )
        level = messages.SUCCESS if all(finding.is_ok for finding in findings) else messages.WARNING
        self.message_user(request, format_html("{}{}", isolate(gateway), lines), level)

    @admin.action(description=gettext_lazy("Import agents from gateway"))
    def import_agents(self, request: HttpRequest, gateways: QuerySet[Gateway]) -> HttpResponse | None:
        if len(gateways) == 1:
            return redirect("admin:agents_gateway_import", gateways[0].pk)
        self.message_user(request, _("Choose one gateway to import from."), messages.ERROR)
        return None

    def import_view(self, request: HttpRequest, pk: int) -> HttpResponse:
        """What the gateway has, which of it is to come, where it works and whether it starts at once."""
        gateway = get_object_or_404(Gateway, pk=pk)
        if not self.has_change_permission(request, gateway):
            raise PermissionDenied
        try:
            offers = offers_of(gateway, by=user_of(request))
        except GatewayError as error:
            self.message_user(request, f"{isolate(gateway)}: {error}", messages.ERROR)
            return redirect("admin:agents_gateway_change", gateway.pk)
        form = ImportForm(request.POST or None, offers=offers)
        if form.is_valid():
            self.message_user(request, self._imported(request, gateway, form), messages.SUCCESS)
            return redirect("admin:agents_agent_changelist")
        fields: Any = form  # as helpers.AdminForm reads it, which is typed for the form of a model
        shown = {
            "gateway": gateway,
            "offers": offers,
            "opts": self.opts,
            "title": _("Import agents from {gateway}").format(gateway=isolate(gateway)),
            "adminform": helpers.AdminForm(fields, [(None, {"fields": list(form.fields)})], {}),
            "can_import": bool(form.free),
        }
        return render(request, "admin/agents/gateway/import.html", self.admin_site.each_context(request) | shown)

    def _imported(self, request: HttpRequest, gateway: Gateway, form: ImportForm) -> str:
        """Do what the form says; returns the sentence that tells it."""
        by, chosen = user_of(request), form.cleaned_data
        added = import_agents(
            gateway, form.chosen_agents(), projects=chosen["projects"], is_enabled=chosen["is_enabled"], by=by
        )
        names = ", ".join(map(isolate, added))
        places = ", ".join(map(isolate, chosen["projects"]))
        told = [
            _("Added: {names}.").format(names=names),
            _("They work in {projects}.").format(projects=places) if places else _("They work in no project yet."),
            _("They are enabled.") if chosen["is_enabled"] else _("They are switched off."),
        ]
        if chosen["retire_practice"] and (retired := practice.retire(by=by)):
            told.append(
                _("Switched off: {names}, of the practice gateway.").format(names=", ".join(map(isolate, retired)))
            )
        return " ".join(told)

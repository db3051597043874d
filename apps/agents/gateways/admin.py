"""Gateways for those who run the board. Secrets go in and never come out again."""

from typing import Any

from django import forms
from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.html import format_html_join
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from apps.accounts.audit.admin_mixin import AuditedAdmin
from apps.accounts.request_types import user_of
from apps.agents.gateways import health_check
from apps.agents.gateways.openclaw_client import GatewayError
from apps.agents.models import Gateway
from apps.agents.roster.actions.import_agents import import_agents
from apps.django_generics import ModelForm

SECRETS = ("hook_token", "gateway_token", "callback_secret")


class GatewayForm(ModelForm[Gateway]):
    """A secret's field is always empty; left empty it keeps what is stored."""

    class Meta:
        model = Gateway
        fields = ("name", "url", "hooks", *SECRETS, "is_enabled")
        widgets = dict.fromkeys(SECRETS, forms.PasswordInput(attrs={"autocomplete": "new-password"}))

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
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
        return cleaned


@admin.register(Gateway)
class GatewayAdmin(AuditedAdmin[Gateway]):
    form = GatewayForm
    list_display = ("name", "url", "is_practice", "is_enabled", "state", "last_callback_at")
    readonly_fields = ("last_callback_at", "last_error")
    actions = ("check_connection", "import_agents")

    @admin.display(description=gettext_lazy("state"))
    def state(self, gateway: Gateway) -> str:
        if gateway.down_since:
            return _("does not answer")
        return _("on") if gateway.is_enabled else _("off")

    @admin.action(description=gettext_lazy("Check connection"))
    def check_connection(self, request: HttpRequest, gateways: QuerySet[Gateway]) -> None:
        for gateway in gateways:
            findings = health_check.check(gateway)
            is_ok = all(finding.is_ok for finding in findings)
            lines = format_html_join("", "<br>{} {}", (("✓" if f.is_ok else "✗", f.sentence) for f in findings))
            level = messages.SUCCESS if is_ok else messages.WARNING
            self.message_user(request, format_html_join("", "{}{}", [(gateway, lines)]), level)

    @admin.action(description=gettext_lazy("Import agents from gateway"))
    def import_agents(self, request: HttpRequest, gateways: QuerySet[Gateway]) -> None:
        for gateway in gateways:
            try:
                created = import_agents(gateway, by=user_of(request))
            except GatewayError as error:
                self.message_user(request, f"{gateway}: {error}", messages.ERROR)
            else:
                added = ", ".join(map(str, created)) or _("nobody new")
                self.message_user(request, f"{gateway}: {added}.", messages.SUCCESS)

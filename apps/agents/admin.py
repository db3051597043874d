"""Agents and gateways for those who run the board. Secrets go in and never come out again."""

from django import forms
from django.contrib import admin, messages
from django.db.models import Max
from django.http import HttpRequest
from django.utils.html import format_html_join
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from apps.accounts.audit.admin_mixin import AuditedAdmin
from apps.agents.gateways import health_check
from apps.agents.gateways.openclaw_client import GatewayError
from apps.agents.models import Agent, Gateway
from apps.agents.roster import impersonation
from apps.agents.roster.create import (
    import_from,
    put_into,
    rename,
    user_for,
)
from apps.projects.models import Project

STATUS_LABELS = {
    "disabled": gettext_lazy("disabled"),
    "offline": gettext_lazy("offline"),
    "working": gettext_lazy("working"),
    "queued up": gettext_lazy("queued up"),
    "idle": gettext_lazy("idle"),
}
SECRETS = ("hook_token", "gateway_token", "callback_secret")


class GatewayForm(forms.ModelForm):
    """A secret's field is always empty; left empty it keeps what is stored."""

    class Meta:
        model = Gateway
        fields = ("name", "url", "hooks", *SECRETS, "is_enabled")
        widgets = dict.fromkeys(SECRETS, forms.PasswordInput(attrs={"autocomplete": "new-password"}))

    def __init__(self, *args, **kwargs) -> None:
        super().__init__(*args, **kwargs)
        for name in SECRETS:
            self.initial.pop(name, None)
            if self.instance.pk:
                self.fields[name].required = False
                self.fields[name].help_text = gettext_lazy("Stored. Leave empty to keep it.")

    def clean(self) -> dict:
        cleaned = super().clean()
        for name in SECRETS:
            if not cleaned.get(name) and self.instance.pk:
                cleaned[name] = getattr(Gateway.objects.get(pk=self.instance.pk), name)
        return cleaned


@admin.register(Gateway)
class GatewayAdmin(AuditedAdmin):
    form = GatewayForm
    list_display = ("name", "url", "is_enabled", "state", "last_callback_at")
    readonly_fields = ("last_callback_at", "last_error")
    actions = ("check_connection", "import_agents")

    @admin.display(description=gettext_lazy("state"))
    def state(self, gateway: Gateway) -> str:
        if gateway.down_since:
            return _("does not answer")
        return _("on") if gateway.is_enabled else _("off")

    @admin.action(description=gettext_lazy("Check connection"))
    def check_connection(self, request: HttpRequest, gateways) -> None:
        for gateway in gateways:
            findings = health_check.examine(gateway)
            is_well = all(finding.is_well for finding in findings)
            lines = format_html_join("", "<br>{} {}", (("✓" if f.is_well else "✗", f.sentence) for f in findings))
            level = messages.SUCCESS if is_well else messages.WARNING
            self.message_user(request, format_html_join("", "{}{}", [(gateway, lines)]), level)

    @admin.action(description=gettext_lazy("Import agents from gateway"))
    def import_agents(self, request: HttpRequest, gateways) -> None:
        for gateway in gateways:
            try:
                hired = import_from(gateway, by=request.user)
            except GatewayError as error:
                self.message_user(request, f"{gateway}: {error}", messages.ERROR)
            else:
                added = ", ".join(map(str, hired)) or _("nobody new")
                self.message_user(request, f"{gateway}: {added}.", messages.SUCCESS)


class AgentForm(forms.ModelForm):
    projects = forms.ModelMultipleChoiceField(
        Project.objects.all(), required=False, label=gettext_lazy("works in"), widget=forms.CheckboxSelectMultiple
    )

    class Meta:
        model = Agent
        fields = (
            "name",
            "slug",
            "gateway",
            "model",
            "system_prompt",
            "max_concurrent",
            "timeout_seconds",
            "is_enabled",
            "projects",
        )

    def __init__(self, *args, **kwargs) -> None:
        super().__init__(*args, **kwargs)
        if not self.instance._state.adding:  # a UUID key is there before the row is
            self.initial["projects"] = self.instance.user.projects.all()

    def clean_name(self) -> str:
        name = self.cleaned_data["name"]
        try:
            impersonation.refuse_impersonation(name, of=None if self.instance._state.adding else self.instance.user)
        except impersonation.NameTaken as taken:
            raise forms.ValidationError(taken.message) from taken
        return name


@admin.register(Agent)
class AgentAdmin(AuditedAdmin):
    form = AgentForm
    list_display = ("name", "slug", "gateway", "state", "slots", "last_run", "is_enabled")
    list_select_related = ("gateway",)
    search_fields = ("name", "slug")

    def get_queryset(self, request: HttpRequest):
        return super().get_queryset(request).with_load().annotate(last=Max("runs__created_at"))

    @admin.display(description=gettext_lazy("state"))
    def state(self, agent: Agent) -> str:
        return STATUS_LABELS[agent.status]

    @admin.display(description=gettext_lazy("now / at most"))
    def slots(self, agent: Agent) -> str:
        return f"{agent.current_tasks} / {agent.max_concurrent}"

    @admin.display(description=gettext_lazy("last run"), ordering="last")
    def last_run(self, agent: Agent):
        return agent.last

    def save_model(self, request: HttpRequest, agent: Agent, form: AgentForm, change: bool) -> None:
        if not change:
            agent.user = user_for(agent.slug, agent.name)
        super().save_model(request, agent, form, change)
        rename(agent)
        put_into(agent, form.cleaned_data["projects"], by=request.user)

    def has_delete_permission(self, request: HttpRequest, agent: Agent | None = None) -> bool:
        """An agent with a history is switched off, not deleted."""
        return agent is not None and not agent.runs.exists() and super().has_delete_permission(request, agent)

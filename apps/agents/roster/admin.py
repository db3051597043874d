"""Agents for those who run the board."""

from datetime import datetime
from typing import Any, Protocol, cast

from django import forms
from django.contrib import admin
from django.db.models import F, OuterRef, QuerySet, Subquery
from django.http import HttpRequest
from django.utils.translation import gettext_lazy

from apps.accounts.request_types import user_of
from apps.agents.models import Agent, AgentQuerySet, Run
from apps.agents.process_warnings import WarningAdmin
from apps.agents.roster import impersonation
from apps.agents.roster.actions.create import create_user
from apps.agents.roster.actions.set_projects import set_projects
from apps.agents.roster.actions.update import update_user
from apps.django_generics import ModelForm
from apps.projects.models import Project

STATUS_LABELS = {
    "disabled": gettext_lazy("disabled"),
    "offline": gettext_lazy("offline"),
    "failing": gettext_lazy("paused, its runs fail"),
    "working": gettext_lazy("working"),
    "paused": gettext_lazy("paused"),
    "queued up": gettext_lazy("queued up"),
    "idle": gettext_lazy("idle"),
}


class AgentForm(ModelForm[Agent]):
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

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if not self.instance._state.adding:  # a UUID key is there before the row is
            self.initial["projects"] = self.instance.user.projects.all()

    def clean_name(self) -> str:
        name: str = self.cleaned_data["name"]
        try:
            impersonation.refuse_impersonation(name, of=None if self.instance._state.adding else self.instance.user)
        except impersonation.NameTaken as taken:
            raise forms.ValidationError(taken.message) from taken
        return name


class AgentRow(Protocol):
    """An agent as `AgentAdmin` reads it."""

    last: datetime | None


@admin.register(Agent)
class AgentAdmin(WarningAdmin[Agent]):
    form = AgentForm
    list_display = ("name", "slug", "gateway", "practises", "state", "slots", "last_run", "is_enabled")
    search_fields = ("name", "slug")

    def get_queryset(self, request: HttpRequest) -> QuerySet[Agent]:
        agents = cast(AgentQuerySet, super().get_queryset(request))
        latest = Run.objects.filter(agent=OuterRef("pk")).order_by(F("created_at").desc(nulls_last=True))
        return agents.with_load().annotate(last=Subquery(latest.values("created_at")[:1]))

    @admin.display(description=gettext_lazy("state"))
    def state(self, agent: Agent) -> str:
        return str(STATUS_LABELS[agent.status])

    @admin.display(description=gettext_lazy("practises"), boolean=True)
    def practises(self, agent: Agent) -> bool:
        return agent.gateway.is_practice

    @admin.display(description=gettext_lazy("now / at most"))
    def slots(self, agent: Agent) -> str:
        return f"{agent.current_tasks} / {agent.max_concurrent}"

    @admin.display(description=gettext_lazy("last run"), ordering="last")
    def last_run(self, agent: AgentRow) -> datetime | None:
        return agent.last

    def save_model(self, request: HttpRequest, agent: Agent, form: AgentForm, change: bool) -> None:
        if not change:
            agent.user = create_user(agent.slug, agent.name, agent.gateway)
        super().save_model(request, agent, form, change)
        update_user(agent)
        set_projects(agent, form.cleaned_data["projects"], by=user_of(request))

    def has_delete_permission(self, request: HttpRequest, agent: Agent | None = None) -> bool:
        """An agent with a history is switched off, not deleted."""
        return agent is not None and not agent.runs.exists() and super().has_delete_permission(request, agent)

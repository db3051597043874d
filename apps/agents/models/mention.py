from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _

from apps.accounts.models import User
from apps.agents.models.agent import Agent
from apps.chat.models import Message
from apps.projects.models import Project


class MentionRefusal(models.Model):
    """A mention that started nothing, and why."""

    class Reason(models.TextChoices):
        ROLE = "role", _("Only who may direct agents here starts one by a mention.")
        HANDOFF = "handoff", _("An agent's message starts another agent only where a maintainer allows it.")
        DEPTH = "depth", _("Agents have asked each other often enough; now it takes a person to ask.")
        DISABLED = "disabled", _("This agent is disabled.")
        DAILY_LIMIT = "daily_limit", _("Agents have asked each other as often as they may in a day.")

    message = models.ForeignKey(Message, models.CASCADE, related_name="mention_refusals", db_index=False)
    agent = models.ForeignKey(Agent, models.CASCADE, related_name="+")
    reason = models.CharField(max_length=20, choices=Reason)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["message", "agent"], name="mention_refusal_once")]

    def __str__(self) -> str:
        return self.get_reason_display()


class HandoffPermissionQuerySet(models.QuerySet["HandoffPermission"]):
    def visible_to(self, user: User) -> "HandoffPermissionQuerySet":
        return self.filter(project__in=Project.objects.visible_to(user))


class HandoffPermission(models.Model):
    """A maintainer lets the messages of one agent start another one in the project."""

    project = models.ForeignKey(Project, models.CASCADE, related_name="handoff_permissions", db_index=False)
    from_agent = models.ForeignKey(Agent, models.CASCADE, related_name="+")
    to_agent = models.ForeignKey(Agent, models.CASCADE, related_name="+")
    granted_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="+")
    granted_at = models.DateTimeField(db_default=Now())

    objects = HandoffPermissionQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["project", "from_agent", "to_agent"], name="handoff_permission_once"),
            models.CheckConstraint(name="handoff_between_two_agents", condition=~Q(from_agent=F("to_agent"))),
        ]

    def __str__(self) -> str:
        return f"{self.from_agent} → {self.to_agent}"

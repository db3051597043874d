from rest_framework import serializers

from apps.agents.models import Agent


class AgentSerializer(serializers.ModelSerializer[Agent]):
    """An agent of the outline, with the user that tasks name as assignee."""

    status = serializers.CharField(
        read_only=True, help_text="disabled, offline, failing, working, queued up, paused or idle"
    )
    current_tasks = serializers.IntegerField(read_only=True)

    is_practice = serializers.BooleanField(
        source="gateway.is_practice", read_only=True, help_text="it only practises: no language model works for it"
    )

    class Meta:
        model = Agent
        fields = [
            *("id", "name", "slug", "gateway", "model", "system_prompt", "max_concurrent"),
            *("timeout_seconds", "is_enabled", "is_practice", "status", "current_tasks", "user"),
            *("created_at", "updated_at"),
        ]
        read_only_fields = ["user"]
        extra_kwargs = {
            "system_prompt": {"max_length": 20_000},
            "max_concurrent": {"min_value": 1, "max_value": 100},
            "timeout_seconds": {"min_value": 1, "max_value": 86_400},
        }


class ChangedAgentSerializer(AgentSerializer):
    """The slug is the agent's id at its gateway and stays."""

    class Meta(AgentSerializer.Meta):
        read_only_fields = ["user", "slug", "gateway"]

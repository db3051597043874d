"""Where Django looks for an app's admin: each noun registers its own."""

from apps.agents.gateways.admin import GatewayAdmin
from apps.agents.roster.admin import AgentAdmin

__all__ = ["AgentAdmin", "GatewayAdmin"]

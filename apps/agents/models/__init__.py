"""Agents, the gateways they live on, and their runs: one attempt by one agent, at a task or at what a room asks."""

from apps.agents.models.agent import STATUS_LABELS, Agent, AgentQuerySet, FailureStreak
from apps.agents.models.callback import CallbackReport
from apps.agents.models.gateway import Gateway
from apps.agents.models.heartbeat import Heartbeat
from apps.agents.models.mention import HandoffPermission, MentionRefusal
from apps.agents.models.pause import Pause
from apps.agents.models.run import LEASE, Run, RunPullRequest, RunQuerySet
from apps.agents.models.stop import StopRequest, StopRequestQuerySet

__all__ = [
    "LEASE",
    "STATUS_LABELS",
    "Agent",
    "AgentQuerySet",
    "CallbackReport",
    "FailureStreak",
    "Gateway",
    "HandoffPermission",
    "Heartbeat",
    "MentionRefusal",
    "Pause",
    "Run",
    "RunPullRequest",
    "RunQuerySet",
    "StopRequest",
    "StopRequestQuerySet",
]

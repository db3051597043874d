"""The slash commands about agents: what a room takes as /pause, /resume and /agents."""

from apps.accounts.models import User
from apps.agents.models import STATUS_LABELS, Agent
from apps.agents.runs.actions.pause import pause as pause_agents
from apps.agents.runs.actions.pause import resume as resume_agents
from apps.chat.models import Room
from apps.projects.realtime import frames


def pause(room: Room, rest: str, by: User) -> str:
    """`/pause`: no run starts in the project until somebody resumes its agents."""
    pause_agents(room.project, by=by)
    return "/pause"


def resume(room: Room, rest: str, by: User) -> str:
    """`/resume`: runs start again."""
    resume_agents(room.project, by=by)
    return "/resume"


def agents(room: Room, rest: str, by: User) -> None:
    """`/agents`: the project's agents and their status, shown to nobody else."""
    found = Agent.objects.in_project(room.project).select_related("gateway").with_load()
    told = [f"{agent}: {STATUS_LABELS[agent.status]} ({agent.current_tasks}/{agent.max_concurrent})" for agent in found]
    frames.send_ephemeral(room.project_id, {"told": " · ".join(told)}, only_user=by.pk)

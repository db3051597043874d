"""The slash commands about agents: what a room takes as /pause, /resume and /agents."""

from django.utils.translation import gettext as _

from apps.accounts.models import User
from apps.agents.models import STATUS_LABELS, Agent, Pause
from apps.agents.runs.actions.pause import pause as pause_agents
from apps.agents.runs.actions.pause import resume as resume_agents
from apps.chat.models import Room
from apps.chat.rooms import slash_commands
from apps.projects.realtime import frames


def pause(room: Room, rest: str, by: User) -> str:
    """`/pause`: no run starts in the project until its agents are resumed; `/pause stop` stops those at work."""
    if rest not in ("", "stop"):
        raise slash_commands.NotUnderstood(_("Type /pause, or /pause stop to stop running attempts too."))
    pause_agents(room.project, by=by, stop=rest == "stop")
    return f"/pause {rest}".strip()


def resume(room: Room, rest: str, by: User) -> str:
    """`/resume`: runs start again."""
    resume_agents(room.project, by=by)
    return "/resume"


def agents(room: Room, rest: str, by: User) -> None:
    """`/agents`: the project's agents and their status, shown to nobody else."""
    is_paused = Pause.objects.filter(project=room.project_id).exists()
    told = [
        f"{agent}: {STATUS_LABELS[agent.status_in(is_paused=is_paused)]} ({agent.current_tasks}/{agent.max_concurrent})"
        for agent in Agent.objects.in_project(room.project).select_related("gateway").with_load()
    ]
    frames.send_ephemeral(room.project_id, {"told": " · ".join(told)}, only_user=by.pk)

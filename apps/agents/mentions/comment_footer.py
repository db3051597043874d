"""The line under a task's comment that mentions an agent: a comment starts nobody, and it says so."""

from collections import defaultdict
from collections.abc import Iterable

from django.template.loader import render_to_string

from apps.accounts.models import User
from apps.agents.models import Run
from apps.chat.messages import handles, parse
from apps.chat.models import MESSAGE_LENGTH
from apps.projects.models import Project
from apps.tasks.board import cards
from apps.tasks.models import Comment
from apps.words import fold


def render_footers(comments: list[Comment]) -> dict[int, str]:
    """The lines' HTML by comment, for the language that is active; blind to who looks."""
    candidates = [comment for comment in comments if "@" in comment.text and comment.author_id]
    if not candidates:
        return {}
    project = Project.objects.get(tasks=candidates[0].task_id)
    members = list(handles.members_named_in(project, (comment.text[:MESSAGE_LENGTH] for comment in candidates)))
    mentioned = _agents_mentioned_in(candidates, members)
    asked = _asked_by(mentioned) if mentioned else {}
    found: dict[int, str] = {}
    for comment, agents in mentioned.items():
        if unasked := [agent for agent in agents if agent.pk not in asked[comment.task_id, comment.text]]:
            lines = [cards.user_summary(agent) for agent in unasked]
            found[comment.pk] = render_to_string("agents/mentions/_comment_footer.html", {"agents": lines})
    return found


def _agents_mentioned_in(comments: list[Comment], members: list[User]) -> dict[Comment, list[User]]:
    """Only comments in which an agent's handle stands at all are parsed."""
    known = handles.Handles(members)
    names = {fold(f"@{name}") for user in members if user.is_agent for name in (user.username, handles.handle_of(user))}
    mentioned = {}
    for comment in comments:
        text = comment.text[:MESSAGE_LENGTH]
        folded = fold(text)
        if any(name in folded for name in names):
            users = parse.mentioned_in(text, known)
            if agents := [user for user in users if user.is_agent and user.pk != comment.author_id]:
                mentioned[comment] = agents
    return mentioned


def _asked_by(comments: Iterable[Comment]) -> dict[tuple[int, str], set[int]]:
    """By task and text: the agents that somebody asked with these very words, such as by requesting changes."""
    asked: dict[tuple[int, str], set[int]] = defaultdict(set)
    runs = Run.objects.filter(
        task__in={comment.task_id for comment in comments}, prompt__in={comment.text for comment in comments}
    )
    for task, prompt, user in runs.values_list("task", "prompt", "agent__user"):
        asked[task, prompt].add(user)
    return asked

"""The line under a task's comment that mentions an agent: a comment starts nobody, and it says so."""

from django.template.loader import render_to_string

from apps.accounts.models import User
from apps.agents.models import Run
from apps.chat.messages import parse
from apps.chat.models import MESSAGE_LENGTH
from apps.errors import Refused
from apps.projects.models import Project
from apps.tasks.board import cards
from apps.tasks.models import Comment


def render_footers(comments: list[Comment]) -> dict[int, str]:
    """The lines' HTML by comment, for the language that is active; blind to who looks."""
    candidates = [comment for comment in comments if "@" in comment.text]
    if not candidates:
        return {}
    project = Project.objects.get(tasks=candidates[0].task_id)
    agents = list(project.members.filter(kind=User.Kind.AGENT))
    found: dict[int, str] = {}
    for comment in candidates if agents else ():
        if unasked := _unasked(project, comment):
            lines = [cards.user_summary(agent) for agent in unasked]
            found[comment.pk] = render_to_string("agents/mentions/_comment_footer.html", {"agents": lines})
    return found


def _unasked(project: Project, comment: Comment) -> list[User]:
    """The agents that the comment mentions and that nobody has asked by it, such as by requesting changes."""
    author = comment.author
    if author is None:
        return []
    try:
        mentioned = parse.parse(project, comment.text[:MESSAGE_LENGTH], by=author).mentioned
    except Refused:  # so many that it would be no message
        return []
    agents = [user for user in mentioned if user.is_agent and user.pk != author.pk]
    if not agents:
        return []
    asked = Run.objects.filter(task=comment.task_id, prompt=comment.text).values_list("agent__user", flat=True)
    return [agent for agent in agents if agent.pk not in set(asked)]

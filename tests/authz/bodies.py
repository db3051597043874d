"""For each door that writes: a body it takes, so that what stops somebody is the door and not the input."""

from collections.abc import Callable
from uuid import uuid4

from apps.tasks.code import automation
from apps.tasks.models import PullRequestEvent
from tests.authz.cast import World

GUEST = "guest"  # the username of somebody who is in no project

# The forge is named, so that nobody is asked what it is.
NEW_REPOSITORY = {"url": "https://git.example/new", "forge": "plain", "credential_kind": "none"}

# By "METHOD path". A door that needs no input has none.
BODIES: dict[str, Callable[[World], dict]] = {
    "POST projects/new/": lambda own: {"name": "New", "key": "NEW"},
    "POST projects/<str:key>/members/": lambda own: {"who": GUEST, "role": "viewer"},
    "POST projects/<str:key>/invitations/": lambda own: {"role": "viewer"},
    "POST projects/<str:key>/members/<int:pk>/role/": lambda own: {"role": "viewer"},
    "POST projects/<str:key>/tasks/": lambda own: {"title": "New"},
    "POST projects/<str:key>/tasks/<int:number>/move/": lambda own: {"to": own.column.pk},
    "POST projects/<str:key>/tasks/<int:number>/edit/": lambda own: {"title": "New"},
    "POST projects/<str:key>/tasks/<int:number>/assign/": lambda own: {"to": own.person.pk},
    "POST projects/<str:key>/tasks/<int:number>/comment/": lambda own: {
        "text": "New",
        "client_comment_id": str(uuid4()),
    },
    "POST projects/<str:key>/tasks/<int:number>/link/": lambda own: {
        "repository": own.repository.pk,
        "number": own.repository.pk,
    },
    "POST projects/<str:key>/tasks/<int:number>/unlink/": lambda own: {"link": own.link.pk},
    "POST projects/<str:key>/tasks/<int:number>/undo/": lambda own: {"seq": automation.last_move(own.task).seq},
    "POST projects/<str:key>/agents/handoffs/": lambda own: {
        "from_agent": own.handoff.to_agent_id,
        "to_agent": own.agent.pk,
    },
    "POST runs/<uuid:pk>/request-changes/": lambda own: {"text": "New"},
    "POST projects/<str:key>/chat/new/": lambda own: {"name": "New"},
    "POST projects/<str:key>/chat/<int:pk>/messages/": lambda own: {"text": "New", "client_message_id": str(uuid4())},
    "POST projects/<str:key>/chat/<int:pk>/read/": lambda own: {"last_read_id": own.message.pk},
    "POST projects/<str:key>/chat/retention/": lambda own: {"days": 90},
    "POST projects/<str:key>/chat/<int:pk>/rename/": lambda own: {"name": "New"},
    "POST projects/<str:key>/chat/messages/<int:pk>/edit/": lambda own: {"text": "New"},
    "POST projects/<str:key>/chat/messages/<int:pk>/react/": lambda own: {"emoji": "👍"},
    "POST projects/<str:key>/chat/messages/<int:pk>/task/": lambda own: {
        "title": "New",
        "client_message_id": str(uuid4()),
    },
    "POST projects/<str:key>/chat/messages/<int:pk>/discuss/": lambda own: {
        "task": own.task.key,
        "text": "New",
        "client_message_id": str(uuid4()),
    },
    "POST projects/<str:key>/settings/repositories/": lambda own: NEW_REPOSITORY,
    "POST projects/<str:key>/settings/repositories/<int:pk>/": lambda own: NEW_REPOSITORY,
    "POST accounts/preferences/": lambda own: {"name": "New", "density": "normal"},
    "POST accounts/avatar/": lambda own: {"hue": "leaf"},
    "POST accounts/tokens/": lambda own: {"name": "New", "scope": "read", "expires_in": "30"},
    "POST api/v1/projects/": lambda own: {"name": "New", "key": "NEW"},
    "POST api/v1/projects/<str:key>/members/": lambda own: {"who": GUEST, "role": "viewer"},
    "POST api/v1/projects/<str:key>/invitations/": lambda own: {"role": "viewer"},
    "POST projects/<str:key>/chat/<int:pk>/subscription/": lambda own: {"level": "all"},
    "PUT api/v1/rooms/<int:pk>/subscription/": lambda own: {"level": "all"},
    "PUT api/v1/messages/<int:pk>/pin/": lambda own: {"is_pinned": False},
    "PUT api/v1/projects/<str:key>/branch-names/": lambda own: {"template": "{key}"},
    "PUT api/v1/projects/<str:key>/retention/": lambda own: {"days": 90},
    "PATCH api/v1/projects/<str:key>/members/<int:pk>/": lambda own: {"role": "viewer"},
    "POST api/v1/projects/<str:key>/repositories/": lambda own: NEW_REPOSITORY,
    "PATCH api/v1/repositories/<int:pk>/": lambda own: {"name": "new"},
    "POST api/v1/projects/<str:key>/rooms/": lambda own: {"name": "New"},
    "PATCH api/v1/rooms/<int:pk>/": lambda own: {"name": "New"},
    "POST api/v1/rooms/<int:pk>/messages/": lambda own: {"text": "New", "client_message_id": str(uuid4())},
    "PATCH api/v1/messages/<int:pk>/": lambda own: {"text": "New"},
    "POST api/v1/messages/<int:pk>/reactions/": lambda own: {"emoji": "👍"},
    "POST api/v1/projects/<str:key>/tasks/": lambda own: {"title": "New"},
    "PATCH api/v1/tasks/<int:pk>/": lambda own: {"title": "New"},
    "POST api/v1/tasks/<int:pk>/move/": lambda own: {"to": own.column.pk},
    "POST api/v1/tasks/<int:pk>/links/": lambda own: {"repository": own.repository.pk, "number": own.repository.pk},
    "POST api/v1/tasks/<int:pk>/comments/": lambda own: {"text": "New", "client_comment_id": str(uuid4())},
    "POST api/v1/agents/": lambda own: {"name": "New", "slug": "new", "gateway": own.agent.gateway_id},
    "PUT api/v1/agents/<uuid:pk>/": lambda own: {"name": "New"},
    "PATCH api/v1/agents/<uuid:pk>/": lambda own: {"name": "New"},
    "POST api/v1/agents/<uuid:pk>/assign/": lambda own: {"task_id": own.task.pk},
    "POST api/v1/runs/<uuid:pk>/request-changes/": lambda own: {"note": "New"},
}

# What a page's form may get besides; what the API takes is in its schema.
TAKES = {
    "projects/new/": {"description"},
    "projects/<str:key>/tasks/": {"column", "parent", "anyway"},
    "projects/<str:key>/tasks/<int:number>/undo/": {"anyway"},
    "projects/<str:key>/tasks/<int:number>/move/": {"place", "seen_in", "after", "before", "anyway", "client"},
    "projects/<str:key>/tasks/<int:number>/edit/": {"version", "description", "priority", "labels", "has_labels"},
    "projects/<str:key>/tasks/<int:number>/assign/": {"prompt"},
    "projects/<str:key>/chat/<int:pk>/messages/": {"reply_to", "files"},
    "projects/<str:key>/chat/retention/": {"is_confirmed"},
    "runs/<uuid:pk>/accept/": {"anyway"},
    "runs/<uuid:pk>/retry/": {"fresh"},
    "projects/<str:key>/settings/repositories/": {"name", "credential", "merging"},
    "projects/<str:key>/settings/repositories/<int:pk>/": {"name", "credential", "merging"},
    "projects/<str:key>/settings/rules/": set(PullRequestEvent.values),
    "projects/<str:key>/settings/branches/": {"template"},
    "runs/<uuid:pk>/merge/": {"sha", "anyway"},
    "accounts/preferences/": {"language", "time_zone", "theme"},
    "accounts/avatar/": {"file"},
    "accounts/tokens/": {"only_projects"},
}

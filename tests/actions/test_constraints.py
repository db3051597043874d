"""What the database refuses is taken for "there is one already" only where that is the rule it broke."""

import ast
from pathlib import Path

import pytest
from django.conf import settings
from django.core.management import CommandError, call_command
from django.db import IntegrityError, connection

from apps.accounts.models import Identity
from apps.accounts.oidc import backchannel
from apps.accounts.users import service_accounts
from apps.chat.rooms import rooms
from apps.projects.actions import create as create_project
from apps.projects.git.repositories import connect
from apps.projects.git.webhooks import deliveries
from tests.actions.test_stale_rows import before_first
from tests.authz.cast import World, world

pytestmark = [pytest.mark.django_db, pytest.mark.req("FLT-27")]
ROOT = Path(settings.BASE_DIR)


def connect_repository(w: World) -> None:
    connect.connect(w.project, url="https://git.example/team/more.git", forge="plain", by=w.owner)


def relink(w: World) -> None:
    Identity.objects.all().update(issuer="https://old.example/")
    call_command("oidc", "relink", "--from=https://old.example/", "--to=https://new.example/", "--yes")


ACTS = {
    "chat_room": lambda w: rooms.create(w.project, name="More", by=w.owner),
    "projects_project": lambda w: create_project.create(name="New", key="NEW", by=w.owner),
    "projects_repository": connect_repository,
    "projects_webhookdelivery": lambda w: deliveries.store(w.repository, kind="push", name="2", body=b"{}", payload={}),
    "accounts_user": lambda w: service_accounts.create(username="ci", name="CI", by=None),
    "accounts_usedlogouttoken": lambda w: backchannel.use_once({"jti": "once"}),
}


def break_another_rule() -> None:
    """As the statement would that is just being sent: of a column that may not be empty."""
    with connection.cursor() as cursor:
        cursor.execute("INSERT INTO accounts_usedlogouttoken (digest) VALUES (NULL)")


@pytest.mark.parametrize("table", ACTS)
def test_another_broken_rule_is_not_taken_for_exists_already(table):
    w = world("TB")
    with pytest.raises(IntegrityError), before_first(lambda sql: writes(sql, table), break_another_rule):
        ACTS[table](w)


def test_another_broken_rule_is_not_taken_for_a_moved_identity():
    w = world("TB")
    with pytest.raises(IntegrityError), before_first(lambda sql: writes(sql, "accounts_identity"), break_another_rule):
        relink(w)


def test_the_rule_itself_is_still_told():
    w = world("TB")
    identity = Identity.objects.get()
    Identity.objects.create(issuer="https://new.example/", sub=identity.sub, user=w.person)
    with pytest.raises(CommandError, match="there already"):
        call_command("oidc", "relink", f"--from={identity.issuer}", "--to=https://new.example/", "--yes")
    with pytest.raises(connect.AlreadyConnected):
        connect.connect(w.project, url=w.repository.url, forge="plain", by=w.owner)
    with pytest.raises(create_project.KeyTaken):
        create_project.create(name="New", key="TB", by=w.owner)
    with pytest.raises(rooms.NameTaken):
        rooms.create(w.project, name=w.room.name.upper(), by=w.owner)


def writes(sql: str, table: str) -> bool:
    return sql.startswith((f'INSERT INTO "{table}"', f'UPDATE "{table}"'))


def test_every_caught_violation_names_its_constraint():
    silent = [
        f"{path.relative_to(ROOT)}:{node.lineno}"
        for folder in ("apps", "teamboard")
        for path in sorted((ROOT / folder).rglob("*.py"))
        if "tests" not in path.parts
        for node in ast.walk(ast.parse(path.read_text()))
        if catches_violations(node) and "violates(" not in ast.unparse(node)
    ]
    assert not silent, "Ask apps.constraints.violates for the constraint that is meant, and raise the rest."


def catches_violations(node: ast.AST) -> bool:
    return isinstance(node, ast.ExceptHandler) and node.type is not None and "IntegrityError" in ast.unparse(node.type)


@pytest.mark.parametrize(
    ("handler", "is_found"),
    [
        ("except IntegrityError: pass", True),
        ("except (ValueError, IntegrityError): pass", True),
        ("except ValueError: pass", False),
    ],
)
def test_which_handlers_catch_violations(handler, is_found):
    tree = ast.parse(f"try:\n    act()\n{handler}")
    assert any(map(catches_violations, ast.walk(tree))) == is_found

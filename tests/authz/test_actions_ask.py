"""A right is asked in the action: every function that takes an actor and changes something asks permissions.

Read from the source. A function asks when it opens `locked_for_change(…, needs=…)`, calls `permissions.require…`,
or passes its actor on to a function of ours that asks.
"""

import ast
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import pytest
from django.conf import settings

pytestmark = pytest.mark.req("Z2", "Z3")
ROOT = Path(settings.BASE_DIR)
ASKS = {"require", "require_role", "require_reach", "may"}  # of permissions
PERMISSIONS = "apps.projects.permissions"
LOCK = ("apps.projects.changes", "locked_for_change")
# What takes an actor and does not ask, and why.
LOGS = "writes down what an action did that has asked"
SITE = "asks whether `by` is an administrator, which is no role in a project"
GROUPS = "the board does it for what the provider says; `by` is the administrator who changed a grant"
EXCEPTIONS: dict[str, str] = {
    "apps.accounts.audit.queries.export": "reads: the pages that offer it are the owners' and administrators'",
    "apps.accounts.audit.trail.record": LOGS,
    "apps.accounts.audit.trail.refused": LOGS,
    "apps.accounts.sessions.revoke.end_session": "one's own session, found among them",
    "apps.accounts.sessions.revoke.end_all_sessions": "one's own, or of an account that administrators close",
    "apps.accounts.tokens.tokens.issue": "one's own, or of a service account, where `issue_token` asks",
    "apps.accounts.tokens.tokens.revoke": "one's own, found among them, or of a service account",
    "apps.accounts.tokens.tokens.revoke_all": "of an account that administrators close",
    "apps.accounts.users.people.create": SITE,
    "apps.accounts.users.people.reset_password": SITE,
    "apps.accounts.users.service_accounts.create": SITE,
    "apps.accounts.users.service_accounts.issue_token": SITE,
    "apps.accounts.users.site_roles.make_admin": SITE,
    "apps.accounts.users.site_roles.unmake_admin": SITE,
    "apps.accounts.users.site_roles.close": SITE,
    "apps.accounts.users.site_roles.reopen": SITE,
    "apps.agents.runs.lifecycle.close": "a step of a run's life, for the actions in runs/actions and for callbacks",
    "apps.agents.runs.lifecycle.decide": "a step of a run's life, for the actions in runs/actions/review.py",
    "apps.agents.runs.queue.enqueue": "for actions that have asked and hold the lock: assigning, mentioning, retrying",
    "apps.chat.messages.lock.log_change": LOGS,
    "apps.chat.messages.parse.parse": "reads: what an author's text mentions, for actions that ask",
    "apps.chat.messages.rate_limit.require": "counts messages of an author, for actions that ask",
    "apps.projects.actions.create.create": "whoever may own projects creates them: there is none to ask about yet",
    "apps.projects.events.log.record": LOGS,
    "apps.projects.members.group_grants.apply": GROUPS,
    "apps.projects.members.group_grants.sync": GROUPS,
    "apps.projects.members.group_grants.sync_everybody": GROUPS,
    "apps.projects.events.relay.retry": SITE,
    "apps.projects.members.memberships.appoint": SITE,
    "apps.projects.members.memberships.grant": GROUPS,
}


@dataclass(frozen=True)
class Function:
    module: str
    name: str
    node: ast.FunctionDef

    def __str__(self) -> str:
        return f"{self.module}.{self.name}"


def module_of(path: Path) -> str:
    return ".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__")


@cache
def functions() -> dict[tuple[str, str], Function]:
    """Every function of a module of the apps, tests and migrations aside."""
    found = {}
    for path in sorted((ROOT / "apps").rglob("*.py")):
        if {"tests", "migrations"} & set(path.parts):
            continue
        for node in ast.parse(path.read_text()).body:
            if isinstance(node, ast.FunctionDef):
                found[module_of(path), node.name] = Function(module_of(path), node.name, node)
    return found


@cache
def imports_of(module: str) -> dict[str, str]:
    """What each name of the module stands for: a module, or a thing in one."""
    path = ROOT / (module.replace(".", "/") + ".py")
    path = path if path.exists() else path.with_suffix("") / "__init__.py"
    names = {}
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.ImportFrom) and node.module:
            names |= {alias.asname or alias.name: f"{node.module}.{alias.name}" for alias in node.names}
    return names


def resolved(called: ast.expr, module: str) -> tuple[str, str] | None:
    """The module and the name of what is called, where that is an import or the module's own."""
    names = imports_of(module)
    match called:
        case ast.Name(id=name):
            home, _, name = names.get(name, f"{module}.{name}").rpartition(".")
            return reexported(home, name)
        case ast.Attribute(value=ast.Name(id=name), attr=attr) if name in names:
            return reexported(names[name], attr)
    return None


def reexported(module: str, name: str) -> tuple[str, str]:
    """Where `name` is defined when the package `module` only passes it on."""
    if (module, name) not in functions() and (ROOT / module.replace(".", "/") / "__init__.py").exists():
        home, _, found = imports_of(module).get(name, f"{module}.{name}").rpartition(".")
        return home, found
    return module, name


def passes_actor(call: ast.Call, actors: set[str]) -> bool:
    passed = [*call.args, *(keyword.value for keyword in call.keywords)]
    return any(isinstance(each, ast.Name) and each.id in actors for each in passed)


def asks(function: Function, seen: frozenset[tuple[str, str]] = frozenset()) -> bool:
    key = (function.module, function.name)
    arguments = (*function.node.args.args, *function.node.args.kwonlyargs)
    actors = {each.arg for each in arguments if each.annotation and "User" in ast.unparse(each.annotation)}
    calls = [call for call in ast.walk(function.node) if isinstance(call, ast.Call)]
    return key not in seen and any(is_question(call, function.module, actors, seen | {key}) for call in calls)


def is_question(call: ast.Call, module: str, actors: set[str], seen: frozenset[tuple[str, str]]) -> bool:
    """Whether the call asks for a right, itself or in what it calls with the actor."""
    target = resolved(call.func, module)
    if target == LOCK:
        needs = [keyword.value for keyword in call.keywords if keyword.arg == "needs"]
        return bool(needs) and not (isinstance(needs[0], ast.Constant) and needs[0].value is None)
    if target and target[0] == PERMISSIONS:
        return target[1] in ASKS
    called = functions().get(target) if target else None
    return called is not None and passes_actor(call, actors) and asks(called, seen)


def actions() -> Iterator[Function]:
    """The public functions with a keyword-only actor: `…, *, by: User`."""
    for function in functions().values():
        if function.name.startswith("_"):
            continue
        for argument in function.node.args.kwonlyargs:
            if argument.arg == "by" and argument.annotation and "User" in ast.unparse(argument.annotation):
                yield function


def test_every_action_asks_for_the_right():
    silent = {str(action) for action in actions() if not asks(action)}
    assert not silent - EXCEPTIONS.keys(), "Ask in the action, or say here why not."
    assert not EXCEPTIONS.keys() - silent, "These ask now, or are gone; so should their reasons be."


def test_the_walk_finds_what_is_there():
    found = {str(action): asks(action) for action in actions()}
    assert found["apps.tasks.actions.move.move"]
    assert len(found) > 40


@pytest.mark.parametrize(
    ("body", "is_asking"),
    [
        ("with locked_for_change(task, by=by, needs=Action.WRITE): pass", True),
        ("with locked_for_change(task, by=by): pass", False),
        ("with locked_for_change(task, by=by, needs=None): pass", False),
        ("permissions.require(by, Action.WRITE, task.project)", True),
        ("move(task, to=to, by=by)", True),
        ("move(task, to=to, by=None)", False),
        ("task.save(update_fields=[])", False),
    ],
)
def test_what_counts_as_asking(body, is_asking):
    node = ast.parse(f"def act(task, *, to, by: User):\n    {body}").body[0]
    function = Function("apps.tasks.code.automation", "act", node)
    imports_of("apps.tasks.code.automation")["permissions"] = PERMISSIONS
    assert asks(function) == is_asking

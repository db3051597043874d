"""At a door, the way to a row is its `visible_to`, or something that was found by it: read from the source.

The matrix proves it for every route there is. This finds the look-up that a new one begins with.
"""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest
from django.conf import settings

pytestmark = pytest.mark.req("Z2", "Z3")
APPS = Path(settings.BASE_DIR) / "apps"
DOORS = (
    "api.py",
    "*_api.py",
    "views.py",
    "*_views.py",
    "*_view.py",
    "consumers.py",
    "forms.py",
    "serializers.py",
    "templatetags/*.py",
)
SCOPED = {"visible_to", "seen_by", "none"}
# Fields that narrow what they get to the project in question, and what looks among `visible_to` alone.
WITHIN = {"WithinProject", "ManyWithinProject", "permissions.find"}
# What begins otherwise, and why it reaches nothing that is somebody else's.
REASONS = {
    "AuditEntry.objects.of_project(project.pk)": "the project was found by project_for, for its owners",
    "Message.objects.not_deleted()": "narrowed to keys of a room that was found by visible_to",
    "Avatar.objects.filter(user__in=seen)": "of those who share a project with one, whom the line above has found",
    "Column.objects.of(project)": "the project was found by seen_by",
    "Comment.objects.filter(task=find_task(request, pk))": "the task was found by visible_to",
    "PullRequest.objects.filter(run_links__run=row['id'])": "the run was found by visible_to",
    "Repository.objects.filter(uid=uid)": "the webhook's signature proves that its sender knows the repository",
    "Run.objects.values(*LINE, 'prompt', 'result', 'is_result_truncated')": "one run, which was found by visible_to",
    "Task.labels.through.objects.filter(task_id=OuterRef('pk'))": "part of a query on tasks",
    "Task.objects.filter(pk=task.pk)": "the task was found by visible_to",
    "Task.objects.filter(project=permissions.project_for(request.user, key))": "the project was found by visible_to",
    "Task.objects.open()": "counts within the projects of the list, found by visible_to",
    "User.objects.filter(Q(pk=request.user.pk) | Q(memberships__project__in=shared), avatar=digest)": (
        "oneself, and those in projects found by visible_to"
    ),
    "User.objects.get(pk=request.user.pk)": "oneself",
    "User.objects.is_taken(username)": "administrators name a service account; it says yes or no",
}


def lookups(source: str) -> Iterator[str]:
    """Each `….objects.…(…)` of a module that does not begin with what is scoped."""
    tree = ast.parse(source)
    narrowed = {
        id(inner)
        for call in ast.walk(tree)
        if isinstance(call, ast.Call) and ast.unparse(call.func) in WITHIN
        for inner in ast.walk(call)
    }
    for call in ast.walk(tree):
        match call:
            case ast.Call(func=ast.Name(id="get_object_or_404"), args=[ast.Name(id=name), *_]) if name[0].isupper():
                yield ast.unparse(call)
            case ast.Call(func=ast.Attribute(value=ast.Attribute(attr="objects" | "_default_manager"), attr=name)):
                if name not in SCOPED and id(call) not in narrowed:
                    yield ast.unparse(call)


def doors() -> list[Path]:
    found = (path for pattern in DOORS for path in APPS.glob(f"**/{pattern}"))
    return [path for path in found if "tests" not in path.parts]


def test_no_door_begins_with_rows_of_everybody():
    found = {lookup: path for path in doors() for lookup in lookups(path.read_text())}
    unscoped = [f"{path.relative_to(APPS)}: {lookup}" for lookup, path in found.items() if lookup not in REASONS]
    assert not unscoped, "\n".join(["Use visible_to, or say here why it is not needed:", *unscoped])
    assert REASONS.keys() <= found.keys(), "These are gone; so should their reasons be."


@pytest.mark.parametrize(
    ("source", "is_found"),
    [
        ("get_object_or_404(Task, pk=pk)", True),
        ("get_object_or_404(Task.objects.visible_to(user), pk=pk)", False),
        ("Task.objects.filter(pk=pk).first()", True),
        ("Task._default_manager.get(pk=pk)", True),
        ("PrimaryKeyRelatedField(queryset=Task.objects.all())", True),
        ("WithinProject(queryset=Task.objects.all())", False),
        ("permissions.find(Task.objects.open(), by=user, pk=pk)", False),
    ],
)
def test_it_would_be_found(source, is_found):
    assert bool(list(lookups(source))) == is_found


def test_the_doors_are_where_they_are_looked_for():
    known = {
        "tasks/board/api.py",
        "agents/runs/pages/views.py",
        "tasks/detail/views.py",
        "projects/members/avatar_view.py",
    }
    assert known <= {str(path.relative_to(APPS)) for path in doors()}

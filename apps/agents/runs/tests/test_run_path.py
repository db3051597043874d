"""The path of one run stands in docs/architecture.md as it is walked."""

import ast
import re
import sys
from pathlib import Path

import pytest
from django.conf import settings
from django.urls import get_resolver

from apps.agents.models import Run
from apps.agents.runs import dispatch
from apps.agents.runs.callbacks.tests.test_results import post, report
from apps.agents.tests.factories import run_of

MAX_FILES = 14
NOT_STEPS = {
    *("apps/agents/runs/states.py", "apps/agents/runs/card_moves.py"),  # tables and queries of every step
    *("apps/agents/gateways/gateway_identity.py", "apps/agents/runs/callbacks/signers.py"),  # who answers, who reports
    *("apps/agents/runs/stops.py", "apps/agents/runs/actions/retry.py"),  # what else is to stop, was it a failed probe
}


def documented_path() -> list[tuple[str, str]]:
    """File and function of each step."""
    text = Path(settings.BASE_DIR, "docs/architecture.md").read_text()
    section = text.partition("## The life of a run")[2].partition("\n## ")[0]
    return re.findall(r"^\d+\. `([\w/]+\.py):([\w.]+)`", section, re.MULTILINE)


def functions_in(path: str) -> set[str]:
    """Its functions, and its methods as `Class.method`."""
    tree = ast.parse(Path(settings.BASE_DIR, path).read_text())
    kinds = (ast.FunctionDef, ast.AsyncFunctionDef)
    classes = [node for node in tree.body if isinstance(node, ast.ClassDef)]
    methods = {f"{each.name}.{node.name}" for each in classes for node in each.body if isinstance(node, kinds)}
    return methods | {node.name for node in tree.body if isinstance(node, kinds)}


def test_path_of_a_run_names_functions_that_exist():
    path = documented_path()
    assert [(file, name) for file, name in path if name not in functions_in(file)] == []
    assert len(path) > 10


def test_path_of_a_run_has_at_most_fourteen_files():
    files = [file for file, _ in documented_path()]
    assert len(set(files)) <= MAX_FILES
    assert files.count("apps/agents/runs/dispatch.py") == 1


@pytest.mark.django_db
@pytest.mark.queue_off
def test_path_of_a_run_is_the_one_that_is_walked(scribe, ana, gateway):
    walked = set()
    get_resolver().url_patterns  # noqa: B018 - imported here, else on the way

    def note_file(frame, event, argument) -> None:
        walked.add(frame.f_code.co_filename)

    sys.setprofile(note_file)
    try:
        run = run_of(scribe, ana)
        dispatch.start_next(scribe.pk, "worker")
        answer = post(report(Run.objects.select_related("agent").get(pk=run.pk)))
    finally:
        sys.setprofile(None)
    assert answer.json() == {"outcome": "applied"}
    rooms = [Path(settings.BASE_DIR, "apps/agents", name) for name in ("runs", "gateways")]
    inside = [Path(name) for name in walked if any(room in Path(name).parents for room in rooms)]
    code = {str(path.relative_to(settings.BASE_DIR)) for path in inside if "tests" not in path.parts}
    documented = {file for file, _ in documented_path()} - {"apps/agents/jobs.py"}
    assert code - NOT_STEPS == documented

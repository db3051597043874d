"""No module imports, on whatever way, one that imports it: what wakes a job does so by the job's name."""

from graphlib import TopologicalSorter

import grimp
import pytest

WITHOUT_CIRCLES = ["apps.accounts", "apps.tasks", "apps.agents"]


@pytest.fixture(scope="module")
def graph() -> grimp.ImportGraph:
    """All imports, also those inside of functions."""
    return grimp.build_graph("apps", cache_dir=None)


@pytest.mark.parametrize("package", WITHOUT_CIRCLES)
def test_imports_of_an_app_make_no_circle(graph, package):
    modules = {name for name in graph.modules if f"{name}.".startswith(f"{package}.")}
    imported = {name: graph.find_modules_directly_imported_by(name) & modules for name in modules}
    order = list(TopologicalSorter(imported).static_order())
    assert len(order) == len(modules) > 30

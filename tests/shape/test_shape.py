"""The code keeps its shape: what `make shape` prints meets its goals."""

import ast

import pytest

from tests.shape import measures


@pytest.mark.parametrize("measure", measures.MEASURES, ids=lambda measure: measure.__name__)
def test_shape_meets_its_goal(measure):
    figure = measure()
    assert figure.is_met, f"{figure.name}: {figure.value}, goal {figure.goal}\n" + "\n".join(figure.found)


def test_paths_of_a_move_and_a_run_stay_short():
    assert [figure.name for figure in measures.path_lengths() if not figure.is_met] == []


def test_circles_are_found():
    arrows = {"a": ["b"], "b": ["c", "d"], "c": ["a"], "d": [], "e": ["f"], "f": ["e"]}
    assert sorted(map(sorted, measures.circles_in(arrows))) == [["a", "b", "c"], ["e", "f"]]


@pytest.mark.parametrize(
    ("line", "is_found"),
    [
        ("run.save()", True),
        ("run.save(update_fields=['error'])", False),
        ("run.save(force_insert=True)", False),
        ("super().save(*args, **kwargs)", False),
        ("form.save()", False),
    ],
)
def test_whole_row_saves_are_found(line, is_found):
    assert any(measures.saves_whole_row(node) for node in ast.walk(ast.parse(line))) is is_found


@pytest.mark.parametrize(
    ("line", "is_found"),
    [
        ("Run.objects.filter(pk=1).update(status='failed')", True),
        ("run.status = 'failed'", True),
        ("Run.objects.filter(status='failed')", False),
        ("found.update(error='')", False),
    ],
)
def test_status_changes_are_found(line, is_found):
    assert any(measures.changes_status(node) for node in ast.walk(ast.parse(line))) is is_found

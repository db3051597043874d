"""Each chosen line is still there, and so are the tests that must notice when it breaks."""

import ast

import pytest

from tests.mutants.chosen import ROOT, Mutant, chosen


@pytest.mark.parametrize("mutant", chosen(), ids=lambda mutant: mutant.name)
def test_mutant_can_be_made(mutant: Mutant):
    broken = mutant.applied_to((ROOT / mutant.file).read_text())
    if mutant.file.endswith(".py"):
        ast.parse(broken)
    for test in mutant.tests:
        path, _, name = test.partition("::")
        assert (ROOT / path).exists(), test
        assert name.partition("[")[0] in (ROOT / path).read_text() if name else True, test


def test_mutant_names_are_unique():
    names = [mutant.name for mutant in chosen()]
    assert sorted(names) == sorted(set(names))

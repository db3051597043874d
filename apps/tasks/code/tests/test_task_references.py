import pytest
from hypothesis import given
from hypothesis import strategies as st

from apps.tasks.code import task_references
from apps.tasks.code.task_references import Reference

pytestmark = pytest.mark.req("GIT-2")
MENTIONS, TRIGGERS, CLOSES = Reference


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("TB-12", {12: MENTIONS}),
        ("[TB-12]", {12: TRIGGERS}),
        ("[TB-12] Ask for a deposit", {12: TRIGGERS}),
        ("fixes TB-12", {12: CLOSES}),
        ("Fixed: TB-12, and more", {12: CLOSES}),
        ("closes [TB-12].", {12: CLOSES}),
        ("Resolves TB-12\ncloses TB-13", {12: CLOSES, 13: CLOSES}),
        ("fixes\nTB-12", {12: MENTIONS}),
        ("prefixes TB-12", {12: MENTIONS}),
        ("See TB-12 (and TB-13), TB-14's.", {12: MENTIONS, 13: MENTIONS, 14: MENTIONS}),
        ("TB-12, then [TB-12]", {12: TRIGGERS}),
        ("**TB-12**", {12: MENTIONS}),
        ("- [ ] TB-12\n- [x] [TB-13]", {12: MENTIONS, 13: TRIGGERS}),
        ("[TB-12", {12: MENTIONS}),
        # not said
        ("`TB-12` and `[TB-13]`", {}),
        ("```\nfixes TB-12\n```", {}),
        ("~~~\n[TB-12]", {}),
        ("text\n\n    [TB-12] indented", {}),
        ("> fixes TB-12", {}),
        ("> one\n> [TB-12]\n\nfixes TB-13", {13: CLOSES}),
        ("<!-- fixes TB-12 -->", {}),
        ("<!-- fixes TB-12", {}),
        ('Revert "[TB-12] Ask for a deposit"', {}),
        ("He wrote “fixes TB-12”", {}),
        # addresses
        ("https://forge.example/x/TB-12", {}),
        ("https://forge.example/?q=TB-12&x=[TB-13]", {}),
        ("[what it says](https://x.example/TB-12)", {}),
        ("[TB-12](https://x.example/)", {}),
        ("forge.example/TB-12", {}),
        ("ssh://git@forge.example/TB-12.git", {}),
        ("git@forge.example:TB-12.git", {}),
        ("path/TB-12 and TB-12/path and a\\TB-12", {}),
        ("me@TB-12 TB-12@x.example #TB-12", {}),
        # not this key
        ("tb-12 Tb-12", {}),
        ("XTB-12 TB-12x TB-12_x TB-12-slug TB-0 TB-012 TB-", {}),
        ("OTHER-12", {}),
        ("TB-9999999999", {}),
        ("TB-１２", {}),  # noqa: RUF001 - full-width digits
        ("", {}),
    ],
)
def test_references_in_a_text(text, found):
    assert task_references.in_text(text, "TB") == found


@pytest.mark.parametrize(
    ("branch", "found"),
    [
        ("tb-12-slug", [12]),
        ("TB-12", [12]),
        ("ana/tb-12-slug", [12]),
        ("Tb-12_slug", [12]),
        ("tb-12/tb-13", [12, 13]),
        ("main", []),
        ("xtb-12", []),
        ("x-tb-12", []),
        ("tb-12x", []),
        ("tb-012", []),
        ("ana:tb-12-slug", []),  # of a fork
    ],
)
def test_references_in_a_branch_name(branch, found):
    assert task_references.in_branch(branch, "TB") == found


@given(st.text(alphabet=st.sampled_from('TB-12 []`>"\n\tfixes:/.()<!~*_\u2028é'), max_size=60))
def test_references_ignore_code_quotations_and_addresses(text):
    line = text.replace("\n", " ").replace("`", "").replace("-->", "")
    assert task_references.in_text(f"    {line}\n", "TB") == {}
    assert task_references.in_text(f"```\n{line}\n```", "TB") == {}
    assert task_references.in_text(f"<!-- {line} -->", "TB") == {}


@given(st.text(alphabet="TB-12/.?=&#[]fixes:%", max_size=60))
def test_references_ignore_addresses(path):
    assert task_references.in_text(f"See https://forge.example/{path}TB-77 there.", "TB").get(77) is None


@given(st.text(max_size=200), st.integers(1, 999_999_999))
def test_references_are_never_invented(text, number):
    found = task_references.in_text(f"{text} TB-{number} {text}", "TB")
    assert all(f"TB-{each}" in f"{text} TB-{number}" for each in found)


def test_references_of_one_text_are_bounded():
    assert (
        len(task_references.in_text(" ".join(f"TB-{n}" for n in range(1, 500)), "TB")) == task_references.MAX_REFERENCES
    )

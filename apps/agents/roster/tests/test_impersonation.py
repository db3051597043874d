"""An agent is never taken for a person, or for the board itself."""

import pytest

from apps.agents.roster.actions.create import create
from apps.agents.roster.actions.update import update_user
from apps.agents.roster.impersonation import NameTaken, lookalikes, refuse_impersonation
from apps.agents.tests.factories import GatewayFactory
from apps.projects.tests.factories import UserFactory

pytestmark = [pytest.mark.django_db, pytest.mark.req("G7")]


@pytest.mark.parametrize(
    "name",
    [
        "Ilona Best",
        "ilona best",
        "Ilona  Best",
        "IlonaBest",
        "Il\u200bona Best",
        "Ilоnа Веst",  # noqa: RUF001 - four letters are Cyrillic
        "llona Best",  # two small L
        "Il0na Best",
        "Ｉｌｏｎａ Best",  # noqa: RUF001 - full width
        "Team Board",
        "ТЕАМ ВОАRD",  # noqa: RUF001
        "admin",
        "\u200b",
        "…",
    ],
)
def test_name_like_that_of_a_person_is_refused(name):
    UserFactory(name="Ilona Best", username="ilona")
    with pytest.raises(NameTaken):
        create(GatewayFactory(), slug="evil", name=name, by=None)


@pytest.mark.parametrize("name", ["Scribe", "Писарь", "Ilona Bester", "書記", "O'Neill-2"])
def test_name_in_any_script_is_accepted(name):
    UserFactory(name="Ilona Best", username="ilona")
    refuse_impersonation(name)


def test_name_may_stay_as_it_is(scribe):
    update_user(scribe)


def test_names_in_one_script_differ_as_they_look():
    names = ("Мария", "Марья", "Maria", "Marla")
    assert len({frozenset(lookalikes(name)) for name in names}) == 4

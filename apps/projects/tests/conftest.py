import pytest

from apps.projects.models import Membership, Role
from apps.projects.tests.factories import MembershipFactory, ProjectFactory, UserFactory


@pytest.fixture
def tide():
    return ProjectFactory(name="Tidewater", key="TIDE")


@pytest.fixture
def people(tide) -> dict[str, Membership]:
    """One member of each role; their name is the role's."""
    return {role: MembershipFactory(project=tide, role=role, user__name=role.title()) for role in Role.values}


@pytest.fixture
def cy():
    return UserFactory(name="Cy Outside", username="cy")


@pytest.fixture
def ben():
    return UserFactory(name="Ben", username="ben")

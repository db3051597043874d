from collections.abc import Iterator
from pathlib import Path

import pytest

from apps.projects.models import Membership, Repository, Role
from apps.projects.tests.factories import MembershipFactory, ProjectFactory, RepositoryFactory, UserFactory
from apps.projects.tests.git_server import GitServer, Workshop


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


@pytest.fixture
def server(settings, tmp_path: Path) -> Iterator[GitServer]:
    """A Git server that the board may talk to, and an empty folder for its mirrors."""
    settings.GIT_FOLDER = tmp_path / "mirrors"
    settings.GIT_PLAIN_HTTP = True
    settings.OUTBOUND_ALLOWED_HOSTS = ["127.0.0.1"]
    with GitServer(tmp_path / "served") as running:
        yield running


@pytest.fixture
def work(server: GitServer, tmp_path: Path) -> Workshop:
    return Workshop.of(server.create(), tmp_path / "work")


@pytest.fixture
def repository(server: GitServer, tide) -> Repository:
    return RepositoryFactory(project=tide, url=server.url(), default_branch="")

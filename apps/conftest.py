"""The cast of every app: a board, its columns, two members, a maintainer and an outsider."""

import pytest

from apps.projects.models import Role
from apps.projects.tests.factories import MembershipFactory, UserFactory
from apps.tasks.tests.factories import BoardFactory


@pytest.fixture
def board():
    return BoardFactory(name="Tidewater", key="TIDE")


@pytest.fixture
def columns(board):
    """The board's columns by category."""
    return {column.category: column for column in board.columns.all()}


@pytest.fixture
def ana(board):
    return MembershipFactory(project=board, user__name="Ana", role=Role.MEMBER).user


@pytest.fixture
def ben(board):
    return MembershipFactory(project=board, user__name="Ben", role=Role.MEMBER).user


@pytest.fixture
def mai(board):
    return MembershipFactory(project=board, user__name="Mai", role=Role.MAINTAINER).user


@pytest.fixture
def cy():
    return UserFactory(name="Cy")

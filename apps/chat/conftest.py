import pytest

from apps.chat.models import Room
from apps.chat.tests.factories import room_of
from apps.projects.models import Project


@pytest.fixture
def room(board: Project) -> Room:
    return room_of(board)

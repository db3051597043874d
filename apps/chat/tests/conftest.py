import pytest

from apps.chat.models import Room
from apps.chat.tests.factories import room_of
from apps.projects.models import Project
from apps.tasks.tests.conftest import ana, ben, board, columns, cy  # noqa: F401 - the same small cast


@pytest.fixture
def room(board: Project) -> Room:  # noqa: F811
    return room_of(board)

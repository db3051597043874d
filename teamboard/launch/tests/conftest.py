import pytest

from teamboard.launch import supervisor
from teamboard.launch.supervisor import Supervisor


@pytest.fixture
def team(monkeypatch):
    """A supervisor that does not wait long before it starts a program again."""
    monkeypatch.setattr(supervisor, "FIRST_PAUSE_SECONDS", 0.01)
    monkeypatch.setattr(supervisor, "TICK_SECONDS", 0.02)
    team = Supervisor()
    yield team
    team.stop()

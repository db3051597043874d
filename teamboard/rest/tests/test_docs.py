"""docs/api.md says what really happens: its shell session runs against a live server."""

import os
import re
import subprocess
from datetime import timedelta
from pathlib import Path

import pytest
from django.utils import timezone

from apps.accounts.tokens import tokens
from apps.agents.tests.factories import agent_in
from apps.chat.tests.factories import room_of
from apps.projects.tests.factories import MembershipFactory
from apps.tasks.tests.factories import BoardFactory

GUIDE = Path(__file__).parents[3] / "docs" / "api.md"


@pytest.fixture
def environment(transactional_db, live_server) -> dict[str, str]:
    board = BoardFactory(key="TIDE", name="Tidewater")
    room_of(board)
    ana = MembershipFactory(project=board, user__name="Ana").user
    agent_in(board, "Scribe")
    tomorrow = timezone.now() + timedelta(days=1)
    _token, text = tokens.issue(ana, name="guide", scope="agents", expires_at=tomorrow, by=ana)
    return {"PATH": os.environ["PATH"], "BOARD": live_server.url, "TOKEN": text}


def test_the_session_in_the_guide_runs_as_written(environment):
    session = "\n".join(re.findall(r"^```sh\n(.*?)^```$", GUIDE.read_text(), re.MULTILINE | re.DOTALL))
    promised = re.findall(r"^#> (.*)$", session, re.MULTILINE)
    ran = subprocess.run(
        ["bash", "-euo", "pipefail", "-c", session], env=environment, capture_output=True, text=True, timeout=60
    )
    assert (ran.stderr, ran.stdout.splitlines()) == ("", promised)

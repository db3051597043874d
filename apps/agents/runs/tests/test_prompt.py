import pytest

from apps.agents.runs import prompt
from apps.agents.tests.factories import agent_in, run_of
from apps.projects.models import Role
from apps.projects.tests.factories import MembershipFactory, RepositoryFactory
from apps.tasks.tests.factories import BoardFactory


@pytest.mark.django_db
@pytest.mark.req("G3")
def test_prompt_fences_repository_base_and_branch():
    board = BoardFactory(key="TIDE")
    owner = MembershipFactory(project=board, role=Role.OWNER).user
    RepositoryFactory(project=board, name="web", url="https://git.example/web.git", default_branch="<<<X>>> main")
    run = run_of(agent_in(board, "Scribe"), owner, title="Größe")

    text = prompt.prompt_for(run)

    field = next(part for part in text.split("\n\n") if "Repository web:" in part)
    assert field.startswith("<<<")
    assert field.endswith(" end>>>")
    assert "https://git.example/web.git\n" in field
    assert f"Proposed branch: {run.task.key.lower()}-groesse\n" in field
    assert "<<<X" not in field

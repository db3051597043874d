"""What is wrong with the machine for repositories, line by line: `manage.py doctor git`."""

import os
import shutil
from collections.abc import Iterator

from django.conf import settings

from apps.projects.git.mirror import git_cli
from apps.projects.git.mirror.errors import GitFailed
from apps.projects.models import Repository


def examine() -> Iterator[tuple[bool, str]]:
    """Every finding; nothing is raised, and no secret is in any of them."""
    if not git_cli.is_installed():
        yield False, "git is not installed, so repositories are neither fetched nor shown: apt-get install git"
        return
    folder = settings.GIT_FOLDER
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        yield True, git_cli.run("version", folder=folder).decode().strip()
    except (OSError, GitFailed) as error:
        yield False, f"GIT_FOLDER={folder} can't be used: {error}"
        return
    yield os.access(folder, os.W_OK), f"The mirrors are in {folder}; this process must be able to write there."
    if not git_cli.CAN_BE_LIMITED:
        yield (
            False,
            "This system can't limit the memory and the files of git: a hostile repository may take all of them.",
        )
    if shutil.which("ssh") is None:
        yield False, "ssh is not installed, so deploy keys don't work: apt-get install openssh-client"
    for repository in Repository.objects.exclude(fetch_error="").select_related("project"):
        yield False, f"{repository.project.key}/{repository.name}: {repository.trouble}"

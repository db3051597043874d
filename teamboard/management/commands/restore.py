from typing import Any

from django.core.management.base import BaseCommand, CommandParser

from apps.agents.runs.actions.restore import release, restore


class Command(BaseCommand):
    help = (
        "Run it on a database that was brought back from a backup, before web and worker start on it: all agents are "
        "paused until a maintainer resumes those of a project, or --release all of them, and open pages read anew."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "--release", action="store_true", help="let all agents go on: no other board works with their gateways"
        )

    def handle(self, *_args: Any, release: bool, **_options: Any) -> None:
        self.stdout.write(released() if release else restored())


def restored() -> str:
    return (
        f"{restore()} projects have a new log, and their agents are paused. When no other board works with the same "
        "gateways any more, resume them on each project's Agents page, or all of them: manage.py restore --release"
    )


def released() -> str:
    return f"The agents of {release()} projects go on."

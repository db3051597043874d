#!/usr/bin/env python
import os
import sys

from teamboard.environment import SettingRefused
from teamboard.launch import CannotStart, local_board
from teamboard.launch.owner import owner
from teamboard.launch.up import up


def main(command: str) -> int | str:
    """`up` makes the environment that settings are read from; all others find that of the board in .data."""
    if command == "up":
        return up()
    try:
        with local_board.environment(command):
            return owner() if command == "owner" else django_command()
    except (CannotStart, SettingRefused) as exc:
        return str(exc)


def django_command() -> int:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "teamboard.settings")
    from django.core.management import execute_from_command_line

    execute_from_command_line(sys.argv)
    return 0


if __name__ == "__main__":
    sys.exit(main("".join(sys.argv[1:2])))

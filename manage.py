#!/usr/bin/env python
import os
import sys

from teamboard.launch.owner import owner
from teamboard.launch.up import up

# These make the environment that the settings are read from, so they come before Django.
BEFORE_SETTINGS = {"up": up, "owner": owner}

if __name__ == "__main__":
    if command := BEFORE_SETTINGS.get("".join(sys.argv[1:2])):
        sys.exit(command())
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "teamboard.settings")
    from django.core.management import execute_from_command_line

    execute_from_command_line(sys.argv)

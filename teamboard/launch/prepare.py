"""`python -m teamboard.launch.prepare`: collected static files, and the database as `manage.py prepare` leaves it.

A process of its own, so that the supervisor stays small. Prints, as JSON, the owner's password if
the account was made just now.
"""

import json
import os
import sys

import django
from django.core.management import call_command
from django.core.management.base import CommandError

WITHOUT_ROLE = "--without-role"  # on a server that is not ours: its roles may be another board's


def main() -> None:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "teamboard.settings")
    django.setup()
    from teamboard.management.commands.prepare import prepare

    try:
        password = prepare(with_role=WITHOUT_ROLE not in sys.argv)
    except CommandError as refused:
        sys.exit(str(refused))
    call_command("collectstatic", interactive=False, verbosity=0)
    json.dump({"password": password}, sys.stdout)


if __name__ == "__main__":
    main()

"""`manage.py owner`: a new password for the owner, whether the board runs or not."""

import os

from teamboard.environment import Environment
from teamboard.launch import CannotStart, data_folder


def owner() -> int:
    if not Environment().text("DATABASE_URL"):
        raise CannotStart(f"There is no board in {data_folder.folder()} yet; make run makes one and its owner.")
    import django

    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "teamboard.settings")
    django.setup()
    from apps.accounts.users import owner_account

    user, password = owner_account.reset_owner_password()
    print(f"Sign in as {user.username} with the password {password} (shown only now).")
    return 0

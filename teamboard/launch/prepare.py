"""`python -m teamboard.launch.prepare`: collected static files, migrated tables, an owner, the demo.

A process of its own, so that the supervisor stays small. Prints, as JSON, the owner's password if
the account was made just now.
"""

import json
import os
import sys

import django
from django.core.management import call_command
from django.db import connection, transaction
from django.db.migrations.executor import MigrationExecutor

from teamboard.environment import Environment


def main() -> None:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "teamboard.settings")
    django.setup()
    migrate()
    set_rights()
    call_command("collectstatic", interactive=False, verbosity=0)
    json.dump({"password": seed(with_demo=not Environment().boolean("EMPTY", False))}, sys.stdout)


def migrate() -> None:
    executor = MigrationExecutor(connection)
    if executor.migration_plan(executor.loader.graph.leaf_nodes()):
        call_command("migrate", interactive=False, verbosity=0)


def set_rights() -> None:
    """On our own database the board works as a role that can't change the audit."""
    from apps.accounts.audit import database_role

    if password := Environment().text(database_role.PASSWORD_VARIABLE):
        database_role.ensure(database_role.NAME, password)


@transaction.atomic
def seed(*, with_demo: bool) -> str | None:
    """The owner, the gateway of the environment, and the demo when the owner is new: what is deleted stays so."""
    from apps.accounts.users import owner_account
    from apps.agents import demo_data
    from apps.agents.gateways import from_settings

    owner, password = owner_account.ensure_owner()
    gateway = from_settings.ensure_gateway_from_settings()
    if password and with_demo:
        demo_data.seed(owner, gateway)
    return password


if __name__ == "__main__":
    main()

"""What a database needs before the board works on it: `make run` and Compose both do it by this, at every start."""

from typing import Any

from django.core.management import call_command
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import DEFAULT_DB_ALIAS, connection, transaction
from django.db.migrations.executor import MigrationExecutor

from apps.accounts.audit import database_role
from apps.accounts.users import owner_account
from apps.agents import demo_data
from apps.agents.gateways import from_settings
from teamboard.environment import Environment
from teamboard.management.commands.migrate import alone

LOCK = 0x74656170  # an advisory lock beside that of migrating, which is done meanwhile


class Command(BaseCommand):
    help = "Migrates the tables, gives the board's role its rights, and makes owner, gateway and demo on a first start."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--without-role", action="store_true", help="on a server whose roles are somebody else's")

    def handle(self, *_args: Any, without_role: bool, **_options: Any) -> None:
        if prepare(with_role=not without_role):
            self.stdout.write("The account owner was made. Give it a password: manage.py owner")


def prepare(*, with_role: bool) -> str | None:
    """The owner's password if the account was made just now."""
    with alone(DEFAULT_DB_ALIAS, LOCK):
        migrate()
        if with_role:
            set_rights()
        return seed(with_demo=not Environment().boolean("EMPTY", False))


def migrate() -> None:
    executor = MigrationExecutor(connection)
    if executor.migration_plan(executor.loader.graph.leaf_nodes()):
        call_command("migrate", interactive=False, verbosity=0)


def set_rights() -> None:
    """Where its password is given, the board works as a role that can't change the audit."""
    if password := Environment().text(database_role.PASSWORD_VARIABLE):
        database_role.ensure(database_role.NAME, password)


@transaction.atomic
def seed(*, with_demo: bool) -> str | None:
    """The owner, the gateway of the environment, and the demo when the owner is new: what is deleted stays so."""
    owner, password = owner_account.ensure_owner()
    try:
        gateway = from_settings.ensure_gateway_from_settings()
    except from_settings.SecretTaken as refused:
        raise CommandError(str(refused.message)) from refused
    if password and with_demo:
        demo_data.seed(owner, gateway)
    return password

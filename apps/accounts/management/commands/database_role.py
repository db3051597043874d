import os

from django.core.management.base import BaseCommand, CommandError, CommandParser

from apps.accounts.audit import database_role


class Command(BaseCommand):
    help = (
        "Makes a role of PostgreSQL that can't change the audit, for the DATABASE_URL of web, worker and beat. "
        "Run it as the owner of the tables after each migration, with the role's password in "
        f"{database_role.PASSWORD_VARIABLE}."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("name", nargs="?", default=database_role.NAME)

    def handle(self, *_args: object, name: str, **_options: object) -> None:
        password = os.environ.get(database_role.PASSWORD_VARIABLE, "").strip()
        if not password:
            raise CommandError(f"Set {database_role.PASSWORD_VARIABLE} to the password that the role shall have.")
        database_role.ensure(name, password)
        self.stdout.write(f"The role {name} is ready. It can add to the audit, and change nothing in it.")

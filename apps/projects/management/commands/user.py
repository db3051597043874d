from collections.abc import Iterable

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import transaction

from apps.accounts.models import User
from apps.accounts.users import people, site_roles
from apps.errors import Refused
from apps.projects.management import command_input
from apps.projects.members import memberships


class Command(BaseCommand):
    help = "The accounts of people who sign in with a password here."

    def add_arguments(self, parser: CommandParser) -> None:
        verbs = parser.add_subparsers(dest="verb", required=True)
        verbs.add_parser("list", help="everybody, their roles and how they sign in")
        add = verbs.add_parser("add", help="make an account and print its password, this once")
        reset = verbs.add_parser("reset", help="print a new password, this once; sessions end")
        for each in (add, reset):
            each.add_argument("username", metavar="NAME")
        add.add_argument("--called", default="", help="the name that people read; else NAME")
        add.add_argument("--admin", action="store_true", help="an administrator of the board")
        add.add_argument("--project", action="append", default=[], metavar="KEY=ROLE", help="may be repeated")

    def handle(self, *_args: object, verb: str, **options: object) -> None:
        try:
            getattr(self, verb)(**options)
        except Refused as refusal:
            raise CommandError(str(refusal.message)) from refusal

    def list(self, **_options: object) -> None:
        for person in User.objects.filter(kind=User.Kind.PERSON).order_by("username"):
            ways = ["password"] if person.has_usable_password() else []
            ways += ["Authentik"] if person.identities.exists() else []
            rights = ["administrator"] if person.is_superuser else []
            rights += [f"{each.project.key}={each.role}" for each in person.memberships.select_related("project")]
            state = ", ".join(ways) or "no way to sign in" if person.is_active else "closed"
            self.stdout.write(f"{person.username:30} {state:20} {' '.join(rights)}")

    @transaction.atomic
    def add(self, username: str, called: str, admin: bool, project: Iterable[str], **_options: object) -> None:
        """All of it or nothing: what is refused last leaves no account behind."""
        person = people.create(**command_input.account(username, called), by=None)
        if admin:
            person = site_roles.make_admin(person, by=None)
        for there, role in map(command_input.place, project):
            memberships.join(there, person, role=role, by=None)
        self.give_password(person)

    def reset(self, username: str, **_options: object) -> None:
        person = User.objects.filter(username=User.normalize_username(username)).first()
        if person is None:
            raise CommandError(f"There is nobody called {username}.")
        self.give_password(person)

    def give_password(self, person: User) -> None:
        password = people.reset_password(person, by=None)
        self.stdout.write(f"Sign in as {person.username} with the password {password} (shown only now).")
        if not (settings.LOCAL_SIGN_IN or person.is_superuser):
            self.stderr.write("LOCAL_SIGN_IN is off, so this password opens nothing until it is on.")

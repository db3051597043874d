from collections.abc import Iterable
from datetime import timedelta

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import transaction
from django.utils import timezone

from apps.accounts.models import ApiToken, User
from apps.accounts.tokens import tokens
from apps.accounts.users import service_accounts, site_roles
from apps.errors import Refused
from apps.projects.management import command_input
from apps.projects.members import memberships


class Command(BaseCommand):
    help = "The accounts of programs, such as CI: they come with tokens, and nobody can sign in as one."

    def add_arguments(self, parser: CommandParser) -> None:
        kinds = parser.add_subparsers(dest="kind", required=True)
        kinds.add_parser("list", help="every service account, its roles and its tokens")
        create = kinds.add_parser("create", help="make one and print its token, this once")
        token = kinds.add_parser("token", help="print another token, this once")
        close = kinds.add_parser("close", help="shut it out and revoke its tokens")
        for each in (create, token, close):
            each.add_argument("username", metavar="NAME")
        create.add_argument("--called", default="", help="the name that people read; else NAME")
        create.add_argument("--project", action="append", default=[], metavar="KEY=ROLE", help="may be repeated")
        for each in (create, token):
            each.add_argument("--scope", choices=ApiToken.Scope.values, default=ApiToken.Scope.WRITE)
            each.add_argument("--days", type=int, default=90, help=f"at most {tokens.LONGEST_LIFE.days}")

    def handle(self, *_args: object, kind: str, **options: object) -> None:
        try:
            getattr(self, kind)(**options)
        except Refused as refusal:
            raise CommandError(str(refusal.message)) from refusal

    def list(self, **_options: object) -> None:
        for account in User.objects.service_accounts().order_by("username"):
            roles = [f"{each.project.key}={each.role}" for each in account.memberships.select_related("project")]
            self.stdout.write(f"{account.username:30} {'open' if account.is_active else 'closed':8} {' '.join(roles)}")
            for token in account.tokens.filter(revoked_at=None, expires_at__gt=timezone.now()):
                used = f"last used {token.used_at:%Y-%m-%d}" if token.used_at else "never used"
                self.stdout.write(f"  {token} {token.scope}, until {token.expires_at:%Y-%m-%d}, {used}")

    @transaction.atomic
    def create(
        self, username: str, called: str, project: Iterable[str], scope: str, days: int, **_options: object
    ) -> None:
        """All of it or nothing: what is refused last leaves no account behind."""
        account = service_accounts.create(**command_input.account(username, called), by=None)
        for there, role in map(command_input.place, project):
            memberships.join(there, account, role=role, by=None)
        self.give_token(account, scope, days)

    def token(self, username: str, scope: str, days: int, **_options: object) -> None:
        self.give_token(self.account_called(username), scope, days)

    def close(self, username: str, **_options: object) -> None:
        site_roles.close(self.account_called(username), by=None)
        self.stdout.write(f"{username} is closed, and its tokens are revoked.")

    def give_token(self, account: User, scope: str, days: int) -> None:
        if not 1 <= days <= tokens.LONGEST_LIFE.days:
            raise CommandError(f"A token works for 1 to {tokens.LONGEST_LIFE.days} days.")
        expires_at = timezone.now() + timedelta(days=days)
        chosen = {"name": account.username[:100], "scope": scope, "expires_at": expires_at}
        _token, text = service_accounts.issue_token(account, **chosen, by=None)
        self.stdout.write(text)

    def account_called(self, username: str) -> User:
        account = User.objects.service_accounts().filter(username=User.normalize_username(username)).first()
        if account is None:
            raise CommandError(f"There is no service account called {username}.")
        return account

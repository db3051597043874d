import csv
from pathlib import Path

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import IntegrityError, transaction

from apps.accounts.models import Identity, User
from apps.accounts.oidc.identities import relink as identity_relink
from apps.constraints import violates


class Command(BaseCommand):
    help = "Decide which account an identity of Authentik opens. Nothing is changed without --yes."

    def add_arguments(self, parser: CommandParser) -> None:
        kinds = parser.add_subparsers(dest="kind", required=True)
        kinds.add_parser("candidates", help="local accounts and identities with the same e-mail address")
        link = kinds.add_parser("link", help="have an identity open a local account")
        link.add_argument("username")
        link.add_argument("sub", help="the subject, as Authentik names the person")
        relink = kinds.add_parser("relink", help="after the issuer or the subject mode has changed")
        relink.add_argument("--from", dest="old", required=True)
        relink.add_argument("--to", dest="new", required=True)
        relink.add_argument("--map", type=Path, help="a CSV file: old subject, new subject")
        for each in (link, relink):
            each.add_argument("--yes", action="store_true", help="do it")

    def handle(self, *_args: object, kind: str, **options: object) -> None:
        getattr(self, kind)(**options)

    def candidates(self, **_options: object) -> None:
        for user, identity in identity_relink.candidates():
            self.stdout.write(f"{user.username:30} {user.email:40} {identity.sub} (opens {identity.user.username})")

    def link(self, username: str, sub: str, *, yes: bool, **_options: object) -> None:
        user = User.objects.filter(username=User.normalize_username(username), kind=User.Kind.PERSON).first()
        if user is None:
            raise CommandError(f"There is no person called {username}.")
        known = Identity.objects.filter(sub=sub).select_related("user").first()
        before = f"opens {known.user.username} now" if known else "is new"
        rights = ", an ADMINISTRATOR" if user.is_superuser else ""
        self.stdout.write(f"The identity {before} and will open {username}{rights}.")
        if self.is_meant(yes):
            identity_relink.link(user, sub)

    def relink(self, old: str, new: str, map: Path | None, yes: bool, **_options: object) -> None:
        subs = dict(csv.reader(map.open())) if map else None
        try:
            with transaction.atomic():
                moved = identity_relink.relink(old, new, subs)
                self.stdout.write(f"{moved} identities move from {old} to {new}.")
                if not self.is_meant(yes):
                    transaction.set_rollback(True)
        except IntegrityError as error:
            if not violates(error, "identity_is_one_person"):
                raise
            raise CommandError("An identity that should move is there already; nothing was changed.") from error

    def is_meant(self, yes: bool) -> bool:
        self.stdout.write("Done." if yes else "Nothing was changed. Say --yes to do it.")
        return yes

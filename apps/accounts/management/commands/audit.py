"""`manage.py audit verify`: whether the audit is whole, else the first entry that is not."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from apps.accounts.audit import chain


class Command(BaseCommand):
    help = "Goes along the audit's chain. Write the printed head down elsewhere: with it, a cut-off end is found too."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("verb", choices=["verify"])
        parser.add_argument("--head", help="a head that was printed earlier; the chain must still contain it")

    def handle(self, *args: Any, head: str | None, **options: Any) -> None:
        found = chain.verify()
        if found.fault:
            raise CommandError(f"The audit is broken. {found.fault} {found.sealed} entries before it are whole.")
        if head and not chain.holds(head):
            raise CommandError(f"The audit is broken: what led to {head} is not there any more.")
        self.stdout.write(f"The audit is whole: {found.sealed} entries, head {found.head or 'none'}.")

from collections.abc import Iterable

from django.core.management.base import BaseCommand, CommandError, CommandParser

from apps.accounts.oidc import provider, provider_check
from apps.diagnostics import TOPICS


class Command(BaseCommand):
    help = "Say what is wrong: with signing in (oidc), with repositories (git), with workers and beat (operating)"
    requires_system_checks = ()  # it says itself what they would

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("what", nargs="?", choices=["oidc", *TOPICS], help="one topic; without it, all in use")

    def handle(self, *_args: object, what: str | None, **_options: object) -> None:
        for topic in [what] if what else [*(["oidc"] if provider.is_configured() else []), *TOPICS]:
            if topic == "oidc":
                self.examine_sign_in()
            else:
                self.say(TOPICS[topic](), page=f"docs/{topic}.md")

    def examine_sign_in(self) -> None:
        findings = list(provider_check.examine())
        if provider.is_configured():
            to_paste = [f"  {name:40} {address}" for name, address in provider_check.to_paste().items()]
            self.say(findings, "", "To paste into Authentik:", *to_paste, page="docs/authentik.md")
        else:
            self.say(findings, page="docs/authentik.md")

    def say(self, findings: Iterable[tuple[bool, str]], *more: str, page: str) -> None:
        """Each finding on a line, then `more`; raise when something is wrong."""
        findings = list(findings)
        lines = [f"{'ok   ' if is_well else 'WRONG'}  {sentence}" for is_well, sentence in findings]
        self.stdout.write("\n".join([*lines, *more]))
        if not all(is_well for is_well, _sentence in findings):
            raise CommandError(f"Something is wrong; {page} says what to do.")

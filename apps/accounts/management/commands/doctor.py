from django.core.management.base import BaseCommand, CommandError, CommandParser

from apps.accounts.oidc import doctor, provider


class Command(BaseCommand):
    help = "Say what is wrong with signing in, and what to paste into Authentik: manage.py doctor oidc"
    requires_system_checks = ()  # it says itself what they would

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("what", choices=["oidc"])

    def handle(self, *_args: object, **_options: object) -> None:
        findings = list(doctor.examine())
        for finding in findings:
            self.stdout.write(f"{'ok   ' if finding.is_well else 'WRONG'}  {finding.sentence}")
        if provider.is_configured():
            self.stdout.write("\nTo paste into Authentik:")
            for name, address in doctor.to_paste().items():
                self.stdout.write(f"  {name:40} {address}")
        if not all(finding.is_well for finding in findings):
            raise CommandError("Something is wrong; docs/authentik.md says what to do.")

from django.apps import AppConfig
from django.core.checks import register


class AccountsConfig(AppConfig):
    name = "apps.accounts"

    def ready(self) -> None:
        from apps.accounts import checks

        register(checks.a_way_in)

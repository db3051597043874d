from django.apps import AppConfig
from django.core.checks import register
from django.utils.translation import gettext_lazy as _


class AccountsConfig(AppConfig):
    name = "apps.accounts"
    verbose_name = _("people")

    def ready(self) -> None:
        from apps.accounts import checks

        register(checks.a_way_in)
        register(checks.authentik)

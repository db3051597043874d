from django.apps import AppConfig
from django.core.checks import register
from django.utils.translation import gettext_lazy as _


class AccountsConfig(AppConfig):
    name = "apps.accounts"
    verbose_name = _("people")

    def ready(self) -> None:
        from django.contrib.auth import signals

        from apps.accounts import checks
        from apps.accounts.audit import sign_in_receivers

        signals.user_logged_in.connect(sign_in_receivers.on_signed_in)
        signals.user_logged_out.connect(sign_in_receivers.on_signed_out)
        signals.user_login_failed.connect(sign_in_receivers.on_sign_in_failed)
        register(checks.can_sign_in)
        register(checks.authentik)

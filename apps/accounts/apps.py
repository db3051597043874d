from django.apps import AppConfig
from django.core.checks import register
from django.utils.translation import gettext_lazy as _


class AccountsConfig(AppConfig):
    name = "apps.accounts"
    verbose_name = _("people")

    def ready(self) -> None:
        from django.contrib.auth import signals

        from apps.accounts import auditing, checks

        signals.user_logged_in.connect(auditing.on_signed_in)
        signals.user_logged_out.connect(auditing.on_signed_out)
        signals.user_login_failed.connect(auditing.on_sign_in_failed)
        register(checks.a_way_in)
        register(checks.authentik)

from django.db import connection, models
from django.utils.translation import gettext_lazy as _

from apps.names import NameField
from apps.secrets import SecretField

SECRETS_LOCK = 0x67617465  # the advisory lock under which a gateway's secret is compared and kept: "gate"


class GatewayQuerySet(models.QuerySet["Gateway"]):
    def signing_with(self, secret: str) -> list["Gateway"]:
        """Those whose reports are signed with `secret`; they are encrypted, so the rows are read.

        In a transaction nobody else gets an answer meanwhile, so what is then saved is still alone.
        """
        if connection.in_atomic_block:
            with connection.cursor() as cursor:
                cursor.execute("SELECT pg_advisory_xact_lock(%s)", [SECRETS_LOCK])
        return [gateway for gateway in self.exclude(callback_secret="") if gateway.callback_secret == secret]  # nosec B106 - leaves out those without one


class Gateway(models.Model):
    class Hooks(models.TextChoices):
        MAPPED = "mapped", _("/hooks/task-<agent>, our mapping is pasted: the text is trusted")
        AGENT = "agent", _("/hooks/agent: works at once, OpenClaw marks the text as untrusted")

    name = NameField(_("name"), max_length=100, unique=True)
    url = models.URLField(_("address"), help_text=_("Such as http://localhost:18789."))
    hook_token = SecretField(_("hook token"), help_text=_("hooks.token of the gateway: opens /hooks only."))
    gateway_token = SecretField(
        _("gateway token"), blank=True, help_text=_("gateway.auth.token: reads histories and lists agents.")
    )
    callback_secret = SecretField(_("callback secret"), help_text=_("What our plugin signs its reports with."))
    hooks = models.CharField(_("hook path"), max_length=10, choices=Hooks, default=Hooks.AGENT)
    # Ours that comes with the board: no language model works there, and its agents are marked as practising.
    is_practice = models.BooleanField(default=False, editable=False)
    is_enabled = models.BooleanField(_("enabled"), default=True)
    # The circuit breaker: closed while failures < 5, else half open again after `retry_at`.
    failures = models.PositiveIntegerField(default=0, editable=False)
    retry_at = models.DateTimeField(null=True, editable=False)
    down_since = models.DateTimeField(null=True, editable=False)
    last_error = models.CharField(max_length=300, blank=True, editable=False)
    # When it last took a run; None while it is cold, from its start to its first run.
    admitted_at = models.DateTimeField(null=True, editable=False)
    # Since when it is known to answer to our secret: it has to before any token goes there.
    proved_at = models.DateTimeField(null=True, editable=False)
    # The address to which tokens may go though nobody can prove who answers there: an operator's word, for it alone.
    unproved_url = models.URLField(blank=True, editable=False)
    last_callback_at = models.DateTimeField(_("last callback"), null=True, editable=False)
    created_at = models.DateTimeField(auto_now_add=True)
    updated_at = models.DateTimeField(auto_now=True)

    has_stops: bool  # whether it is to be told of a stop: for who receives its reports

    objects = GatewayQuerySet.as_manager()

    class Meta:
        verbose_name = _("gateway")
        verbose_name_plural = _("gateways")

    def __str__(self) -> str:
        return self.name

    @property
    def is_at_work(self) -> bool:
        """Whether something may run there: a run that is open here, or one that was stopped and may go on."""
        sent = self.runs.open().filter(first_sent_at__isnull=False)
        return bool(sent.exists() or self.stop_requests.unconfirmed().exists())

"""What the audit's actions are called for people. Apps above add their own."""

from collections.abc import Mapping

from django.utils.text import capfirst
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from apps.accounts.models import AuditEntry
from apps.lazy_text import LazyText

_action_labels: dict[str, LazyText] = {
    "session.begun": _("signed in"),
    "session.left": _("signed out"),
    "sessions.ended": _("ended sessions"),
    "sign_in.refused": _("was refused at sign-in"),
    "password.changed": _("changed the password"),
    "password.reset": _("reset a password"),
    "identity.linked": _("linked an identity of Authentik"),
    "identities.moved": _("moved identities to another issuer"),
    "account.created": _("created an account"),
    "service_account.created": _("made a service account"),
    "token.issued": _("made a token"),
    "token.revoked": _("revoked a token"),
    "token.refused": _("showed an unknown token"),
    "admin.made": _("made a person administrator"),
    "admin.unmade": _("removed an administrator"),
    "account.closed": _("closed an account"),
    "account.reopened": _("opened an account again"),
    "access.denied": _("was denied something"),
    "audit.exported": _("exported the audit"),
}
# Facts by the names people read them under; others, such as ids, stand in the export alone.
_fact_labels: dict[str, LazyText] = {
    "name": _("name"),
    "of": _("whose"),
    "role": _("role"),
    "before": _("before"),
    "attempt": _("attempt"),
    "agent": _("agent"),
    "status": _("status"),
    "kind": _("kind"),
    "outcome": _("outcome"),
    "fields": _("fields"),
    "names": _("from, to"),
    "gateway": _("gateway"),
    "days": _("days"),
    "count": _("how many"),
}


def register_audit_actions(labels: Mapping[str, LazyText]) -> None:
    """Give each of these actions the label that people read. Call this in `AppConfig.ready()`."""
    _action_labels.update(labels)


def label_of(action: str) -> str:
    return str(_action_labels.get(action, action))


def facts(entry: AuditEntry) -> list[tuple[str, str]]:
    """What people want to know of its facts, each with what it is."""
    told = [
        (str(_fact_labels[name]), value)
        for name, value in entry.facts.items()
        if name in _fact_labels and value is not None
    ]
    return [(name, ", ".join(map(str, value)) if isinstance(value, list) else str(value)) for name, value in told]


def who(entry: AuditEntry) -> str:
    """Who did it; what came from an address, but from nobody we know, was not the board's own doing."""
    return entry.who or (gettext("Someone") if entry.address else gettext("The board"))


def choices() -> list[tuple[str, str]]:
    """Every action there is, by its label in the reader's language."""
    return sorted(
        ((action, capfirst(str(label))) for action, label in _action_labels.items()), key=lambda each: each[1]
    )

"""Who there is, and how they get in."""

from apps.accounts.models.audit_entry import AuditEntry, AuditSeal
from apps.accounts.models.avatar import Avatar
from apps.accounts.models.identity import Identity, UsedLogoutToken
from apps.accounts.models.login_session import LoginSession
from apps.accounts.models.sign_in_attempt import SignInAttempt
from apps.accounts.models.token import ApiToken
from apps.accounts.models.user import Hue, User

__all__ = [
    "ApiToken",
    "AuditEntry",
    "AuditSeal",
    "Avatar",
    "Hue",
    "Identity",
    "LoginSession",
    "SignInAttempt",
    "UsedLogoutToken",
    "User",
]

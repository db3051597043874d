"""The audit log. Callers say `audit.record(…)`; the modules of this folder are for what reads it."""

from apps.accounts.audit.trail import address_of, denied, of_request, record, refused

__all__ = ["address_of", "denied", "of_request", "record", "refused"]

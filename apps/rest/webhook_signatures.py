"""Whether the bytes of a webhook are signed with a secret. Every comparison takes the same time."""

import base64
import binascii
import hashlib
import hmac

from django.utils import timezone

TOLERANCE = 300  # seconds, where the signature covers a time
PREFIX = "whsec_"


def is_hex(secret: str, body: bytes, given: str) -> bool:
    return same(hex_of(secret, body), given)


def hex_of(secret: str, body: bytes) -> str:
    """The signature that `is_hex` takes."""
    return hmac.new(secret.encode(), body, hashlib.sha256).hexdigest()


def is_standard(secret: str, body: bytes, *, name: str, stamp: str, given: str) -> bool:
    """Standard Webhooks: one of the `v1,…` in `given` signs the delivery's name, time and bytes."""
    if not is_recent(stamp):
        return False
    signed = f"{name}.{stamp}.".encode() + body
    expected = "v1," + base64.b64encode(hmac.new(_key(secret), signed, hashlib.sha256).digest()).decode()
    fits = [same(expected, each) for each in given.split(" ")[:5]]  # all are tried, for the time
    return any(fits)


def is_recent(stamp: str) -> bool:
    """Whether `stamp`, in seconds since 1970, is within TOLERANCE of now: an older request is a replayed one."""
    is_stamp = stamp.isascii() and stamp.isdecimal() and len(stamp) < 12
    return is_stamp and abs(timezone.now().timestamp() - int(stamp)) <= TOLERANCE


def _key(secret: str) -> bytes:
    """`whsec_` and Base64, as the standard has it, or else the secret's own bytes."""
    if not secret.startswith(PREFIX):
        return secret.encode()
    try:
        return base64.b64decode(secret.removeprefix(PREFIX), validate=True)
    except binascii.Error:
        return secret.encode()


def same(expected: str, given: str) -> bool:
    return hmac.compare_digest(expected.encode(), given.encode(errors="replace"))

"""The local owner account: made at first start, its password shown once, resettable by `make owner`."""

from django.db import transaction

from apps.accounts import audit
from apps.accounts.models import User
from apps.accounts.users import people

OWNER = "owner"


def ensure_owner() -> tuple[User, str | None]:
    """The owner, and the password if the account was made just now (else None)."""
    owner = User.objects.filter(username=OWNER).first()
    return (owner, None) if owner else reset_owner_password()


@transaction.atomic
def reset_owner_password() -> tuple[User, str]:
    """Give the owner a new random password (the account is made, or opened again, if need be)."""
    owner, _ = User.objects.get_or_create(username=OWNER, defaults={"name": "Olga Owner", "hue": "plum"})
    password = people.set_random_password(owner)
    owner.is_active = owner.is_staff = owner.is_superuser = True
    owner.save(update_fields=["password", "is_active", "is_staff", "is_superuser"])
    audit.record("password.reset", by=None, of=owner)
    return owner, password

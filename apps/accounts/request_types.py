"""What a view may count on."""

from django.http import HttpRequest

from apps.accounts.models import User


class MemberRequest(HttpRequest):
    """A request of somebody who is signed in."""

    user: User

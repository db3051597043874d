"""What a view may count on."""

from typing import cast

from django.http import HttpRequest
from rest_framework.request import Request

from apps.accounts.models import User


class MemberRequest(HttpRequest):
    """A request of somebody who is signed in."""

    user: User


class MemberApiRequest(Request):
    """The same at the API: whoever the token or the session belongs to."""

    user: User


def user_of(request: HttpRequest) -> User:
    """Who is signed in, where the signature of a view is Django's; its door lets nobody else in."""
    return cast(User, request.user)

"""The language a browser is answered in."""

from django.conf import settings
from django.http import HttpResponse

from apps.accounts.models import User


def with_language(person: User, response: HttpResponse) -> HttpResponse:
    """Have this browser keep the person's language; without one it asks for its own again."""
    if person.language:
        response.set_cookie(
            settings.LANGUAGE_COOKIE_NAME,
            person.language,
            max_age=31_536_000,
            secure=settings.IS_HTTPS,
            samesite="Lax",
            httponly=True,
        )
    else:
        response.delete_cookie(settings.LANGUAGE_COOKIE_NAME)
    return response

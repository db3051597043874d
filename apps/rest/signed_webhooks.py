"""The door for requests that are signed with a secret instead of coming from somebody who is signed in.

A view of it checks everything on the raw bytes before it parses anything, and raises WebhookRefused
for what it does not take.
"""

from collections.abc import Callable
from functools import wraps

from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse
from django.http.request import UnreadablePostError
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_POST

from apps.rest.problems import problem_response

type View = Callable[..., HttpResponse]


class WebhookRefused(Exception):
    """The request is not taken: status, a code for programs and one plain sentence.

    `retry_after` says in how many seconds it may be sent again.
    """

    def __init__(self, status: int, code: str, sentence: str, *, retry_after: int | None = None) -> None:
        super().__init__(sentence)
        self.status, self.code, self.sentence, self.retry_after = status, code, sentence, retry_after


def signed_webhook(view: View) -> View:
    """POST only, no cookie is looked at, and what the view refuses is answered with problem+json."""

    @wraps(view)
    def answer(request: HttpRequest, *args: object, **kwargs: object) -> HttpResponse:
        try:
            return view(request, *args, **kwargs)
        except WebhookRefused as refused:
            response = problem_response(refused.status, refused.sentence, refused.code)
            if refused.retry_after is not None:
                response["Retry-After"] = str(refused.retry_after)
            return response

    return csrf_exempt(login_not_required(require_POST(answer)))


def raw_body(request: HttpRequest, *, most: int, too_large: WebhookRefused, broken: WebhookRefused) -> bytes:
    """All bytes of the request, at most `most`. Read here and not by Django, whose limit is another.

    Raises `too_large` for more of them, as soon as the length is known, and `broken` when they end early.
    """
    length = request.headers.get("Content-Length", "")
    if length.isdecimal() and int(length) > most:
        raise too_large
    try:
        raw = request.read(most + 1)
    except (UnreadablePostError, OSError) as error:
        raise broken from error
    if len(raw) > most:
        raise too_large
    return raw

import pytest
from django.http import HttpRequest, HttpResponse
from django.http.request import UnreadablePostError
from django.test import RequestFactory

from apps.rest.signed_webhooks import WebhookRefused, raw_body, signed_webhook

TOO_LARGE = WebhookRefused(413, "too_large", "Too long.")
BROKEN = WebhookRefused(400, "broken", "It broke off.")


def body_of(request: HttpRequest) -> bytes:
    return raw_body(request, most=10, too_large=TOO_LARGE, broken=BROKEN)


def post(content: bytes, **headers: str) -> HttpRequest:
    return RequestFactory().post("/hook/", content, content_type="application/json", **headers)


def test_body_of_the_largest_size_is_read_whole():
    assert body_of(post(b"0123456789")) == b"0123456789"


@pytest.mark.parametrize("length", ["11", "5"])
def test_body_beyond_the_limit_is_refused(length: str):
    """Whatever its length says beforehand."""
    request = post(b"0123456789a")
    request.META["CONTENT_LENGTH"] = length
    request._stream.limit = request._stream.remaining = 11
    with pytest.raises(WebhookRefused, match="Too long"):
        body_of(request)


def test_body_that_breaks_off_is_refused(monkeypatch):
    request = post(b"01")

    def fail(size: int) -> bytes:
        raise UnreadablePostError

    monkeypatch.setattr(request, "read", fail)
    with pytest.raises(WebhookRefused, match="broke off"):
        body_of(request)


def refuse(request: HttpRequest) -> HttpResponse:
    raise WebhookRefused(429, "too_often", "Too many.", retry_after=7)


def test_refusal_is_answered_as_a_problem():
    answer = signed_webhook(refuse)(post(b"{}"))
    assert (answer.status_code, answer.headers["Retry-After"]) == (429, "7")
    assert answer.headers["Content-Type"] == "application/problem+json"


def test_signed_webhook_takes_posts_without_sign_in():
    view = signed_webhook(refuse)
    assert view.csrf_exempt
    assert view.login_required is False
    assert view(RequestFactory().get("/hook/")).status_code == 405

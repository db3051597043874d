"""What a program is answered when its request is not granted: RFC 9457 at the API, a code and a message in pages."""

from django.http import JsonResponse

MEDIA_TYPE = "application/problem+json"


def problem(status: int, title: str, code: str, **facts: object) -> dict[str, object]:
    """The fields of a problem; `title` is a sentence for the reader and `code` is for programs."""
    return {"type": "about:blank", "title": title, "status": status, "code": code, **facts}


def problem_response(status: int, title: str, code: str) -> JsonResponse:
    """For the API, and for webhooks."""
    return JsonResponse(problem(status, title, code), status=status, content_type=MEDIA_TYPE)


def refusal_response(status: int, message: str, code: str, **facts: object) -> JsonResponse:
    """For the scripts of our pages."""
    return JsonResponse({"code": code, "message": message, **facts}, status=status)

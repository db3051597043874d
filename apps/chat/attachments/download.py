"""How what people uploaded reaches a browser: nothing in it runs, whatever it is."""

from typing import cast

from django.http import HttpResponse, StreamingHttpResponse
from django.utils.http import content_disposition_header

from apps.chat.attachments import attachments
from apps.chat.models import Attachment

# It never changes under its address, and ends with its message.
HEADERS = {
    "Cache-Control": "private, no-cache",
    "Content-Security-Policy": "default-src 'none'; sandbox",
    "X-Content-Type-Options": "nosniff",
}


def file_response(attachment: Attachment) -> StreamingHttpResponse:
    """A picture to look at; anything else to take along."""
    answer = StreamingHttpResponse(attachments.chunks(attachment), headers=HEADERS)
    answer.headers["Content-Type"] = attachment.content_type or "application/octet-stream"
    answer.headers["Content-Length"] = str(attachment.size)
    disposition = content_disposition_header(not attachment.content_type, attachment.name)
    answer.headers["Content-Disposition"] = cast(str, disposition)  # a file has a name
    return answer


def thumbnail_response(attachment: Attachment) -> HttpResponse:
    """The small picture that we have rendered from it."""
    return HttpResponse(bytes(cast(bytes, attachment.thumbnail)), content_type="image/webp", headers=HEADERS)

"""The files of a room: put there by who talks in it, taken by who reads it."""

from uuid import UUID

from django.db.models import QuerySet
from django.http import HttpResponse, JsonResponse, StreamingHttpResponse
from django.shortcuts import get_object_or_404
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from apps.accounts.request_types import MemberRequest
from apps.chat.attachments import attachments
from apps.chat.attachments import download as attachment_download
from apps.chat.models import Attachment
from apps.chat.rooms.views import room_of
from apps.projects import permissions
from apps.projects.permissions import Action
from apps.rest.problems import refusal_response


@require_POST
def upload(request: MemberRequest, key: str, pk: int) -> JsonResponse:
    """Keep one file for a message to come; the answer has the id that the message names it by."""
    room = room_of(permissions.project_for(request.user, key, Action.COMMENT), pk)  # before megabytes are kept
    file = request.FILES.get("file")
    if file is None:
        return refusal_response(422, _("Choose a file."), "invalid")
    kept = attachments.upload(room, file, name=file.name or "", by=request.user)
    return JsonResponse({"id": str(kept.pk), "name": kept.name, "size": kept.size}, status=201)


@require_GET
def download(request: MemberRequest, key: str, pk: UUID) -> StreamingHttpResponse:
    return attachment_download.file_response(get_object_or_404(_visible(request, key), pk=pk))


@require_GET
def thumbnail(request: MemberRequest, key: str, pk: UUID) -> HttpResponse:
    return attachment_download.thumbnail_response(
        get_object_or_404(_visible(request, key).exclude(thumbnail=None), pk=pk)
    )


def _visible(request: MemberRequest, key: str) -> QuerySet[Attachment]:
    return Attachment.objects.visible_to(request.user).filter(room__project=permissions.project_for(request.user, key))

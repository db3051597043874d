"""The API of the files that messages carry."""

from uuid import UUID

from django.http import StreamingHttpResponse
from drf_spectacular.utils import extend_schema
from rest_framework.parsers import MultiPartParser
from rest_framework.response import Response
from rest_framework.views import APIView

from apps.accounts.request_types import MemberApiRequest
from apps.chat.attachments import attachments
from apps.chat.attachments.download import file_response
from apps.chat.models import Attachment
from apps.chat.rooms.api import room_of
from apps.chat.serializers import FileSerializer, NewFileSerializer
from apps.projects import permissions
from apps.projects.permissions import Action
from apps.rest.validation import validated


class FilesView(APIView):
    parser_classes = [MultiPartParser]

    @extend_schema(request={"multipart/form-data": NewFileSerializer}, responses={201: FileSerializer})
    def post(self, request: MemberApiRequest, pk: int) -> Response:
        """Upload a file for a message that you are about to post in the room."""
        room = room_of(request, pk, needs=Action.COMMENT)  # before megabytes are kept
        file = validated(NewFileSerializer, request, room.project)["file"]
        kept = attachments.upload(room, file, name=file.name, by=request.user)
        return Response(FileSerializer(kept).data, status=201)


class FileView(APIView):
    @extend_schema(responses={(200, "application/octet-stream"): bytes})
    def get(self, request: MemberApiRequest, pk: UUID) -> StreamingHttpResponse:
        """The content of a file that a message carries."""
        return file_response(permissions.find(Attachment.objects.all(), by=request.user, pk=pk))

"""People's pictures, for those who are in a project with them."""

from django.db.models import Q
from django.http import HttpResponse
from django.shortcuts import get_object_or_404
from django.views.decorators.http import require_GET

from apps.accounts.models import Avatar, User
from apps.accounts.request_types import MemberRequest
from apps.projects.models import Project

# A picture never changes under its address, which is made of what is in it.
HEADERS = {
    "Cache-Control": "private, max-age=31536000, immutable",
    "Content-Security-Policy": "default-src 'none'; sandbox",
}


@require_GET
def avatar(request: MemberRequest, digest: str) -> HttpResponse:
    shared = Project.objects.visible_to(request.user)
    seen = User.objects.filter(Q(pk=request.user.pk) | Q(memberships__project__in=shared), avatar=digest)
    found = get_object_or_404(Avatar.objects.filter(user__in=seen)[:1])
    return HttpResponse(bytes(found.content), content_type="image/webp", headers=HEADERS)

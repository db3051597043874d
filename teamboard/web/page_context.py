"""What every page of a signed-in person needs for its frame."""

from typing import Any

from django.http import HttpRequest

from apps.projects.models import Project


def project_rail(request: HttpRequest) -> dict[str, Any]:
    user = getattr(request, "user", None)
    if user is None or not user.is_authenticated:
        return {"rail": []}
    return {"rail": Project.objects.visible_to(user)[:30]}

"""What every page needs for its frame, and its scripts for what they say."""

from functools import partial
from typing import Any

from django.http import HttpRequest
from django.utils.functional import SimpleLazyObject
from django.utils.translation import gettext as _

from apps.max_length import too_long
from apps.projects.models import Project


def project_rail(request: HttpRequest) -> dict[str, Any]:
    user = getattr(request, "user", None)
    if user is None or not user.is_authenticated:
        return {"rail": []}
    return {"rail": SimpleLazyObject(partial(Project.objects.rail_of, user))}  # the admin's pages have none


def page_words(request: HttpRequest) -> dict[str, Any]:
    words = {
        "too_long": too_long("{count}", "{limit}"),
        "ask_discard": _("Discard what you have written?"),
        "discard": _("Discard"),
        "cancel": _("Cancel"),
    }
    return {"page_words": words}

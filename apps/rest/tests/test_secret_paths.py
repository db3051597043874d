"""What may be written down of an address."""

from collections.abc import Iterator
from typing import Any

import pytest
from django.test import RequestFactory
from django.urls import get_resolver, reverse

from apps.rest.secret_paths import shown_path, without_secrets

TOKEN = "kWz0_mZ-canary-u8Yd1Qk"
# Parameters of our addresses that let nobody in.
PLAIN = {"key", "pk", "number", "sha", "uid", "digest", "object_id", "content_type_id", "app_label", "url"}


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        (f"/join/{TOKEN}/", "/join/…/"),
        (f"/join/{TOKEN}", "/join/…"),
        (f"//JOIN/{TOKEN}/more/", "//JOIN/…/more/"),
        (f"https://board.example/join/{TOKEN}/?next=/", "https://board.example/join/…/?next=/"),
        (f"/accounts/sign-in/?next=%2Fjoin%2F{TOKEN}%2F", "/accounts/sign-in/?next=%2Fjoin%2F…%2F"),
        (f"<WSGIRequest: POST '/join/{TOKEN}/'>", "<WSGIRequest: POST '/join/…/'>"),
        ("/projects/TIDE/members/", "/projects/TIDE/members/"),
        ("/join/", "/join/"),
    ],
)
def test_address_is_shown_without_its_secret(text, shown):
    assert without_secrets(text) == shown


def parameters(resolver: Any) -> Iterator[str]:
    for each in resolver.url_patterns:
        yield from each.pattern.regex.groupindex
        if hasattr(each, "url_patterns"):
            yield from parameters(each)


def test_parameters_of_addresses_are_plain_or_hidden():
    """A new parameter is one or the other: who adds it says which."""
    assert set(parameters(get_resolver())) - PLAIN == {"token"}
    path = reverse("join", args=[TOKEN])
    assert TOKEN in path
    assert TOKEN not in shown_path(RequestFactory().get(path))

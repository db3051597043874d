"""The doors of the provider are asked like all others, so here one is configured; it never answers."""

import pytest

from tests.authentik import urls


@pytest.fixture(autouse=True)
def with_provider(settings) -> None:
    settings.ROOT_URLCONF = urls.__name__
    settings.AUTHENTIK_ISSUER = "http://127.0.0.1:9/application/o/teamboard/"

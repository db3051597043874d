"""A fetch takes long and no lock: it writes what it found, over nothing that others changed meanwhile."""

import pytest

from apps.projects.git.mirror import fetch, mirror
from apps.projects.models import Repository
from apps.projects.tests.factories import RepositoryFactory

pytestmark = [pytest.mark.django_db, pytest.mark.req("FLT-24")]


@pytest.mark.parametrize("meanwhile", [{"host_keys": ""}, {"fingerprint": ""}, {"default_branch": "trunk"}])
def test_fetch_keeps_what_was_changed_while_it_ran(monkeypatch, meanwhile):
    repository = RepositoryFactory(host_keys="a key", fingerprint="as it was", fetch_wanted_at="2020-01-01T00:00Z")
    row = Repository.objects.filter(pk=repository.pk)

    def fetches(read: Repository) -> bool:
        row.update(**meanwhile)
        read.size_bytes = 7
        return False

    monkeypatch.setattr(mirror, "fetch", fetches)
    fetch.fetch(repository.pk)
    assert row.filter(**meanwhile, size_bytes=7, fetched_at__isnull=False).exists()

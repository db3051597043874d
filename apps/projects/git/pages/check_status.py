"""How the checks of pull requests stand, for whoever shows them."""

from collections import Counter
from collections.abc import Iterable

from django.db.models import Q

from apps.projects.models import CheckRun, PullRequest

type Checks = dict[str, int]  # how many passed, failed and are pending


def checks_of(requests: Iterable[PullRequest]) -> dict[int, Checks]:
    """By request those of its newest commit, by one query however many there are."""
    requests = list(requests)
    heads = [Q(repository=request.repository_id, sha=request.head_sha) for request in requests]
    rows = CheckRun.objects.filter(Q(*heads, _connector=Q.OR)) if heads else CheckRun.objects.none()
    counted = Counter(rows.values_list("repository_id", "sha", "state"))
    return {
        request.pk: {state: counted[request.repository_id, request.head_sha, state] for state in CheckRun.State.values}
        for request in requests
    }

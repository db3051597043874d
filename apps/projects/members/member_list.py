"""Who is in a project, page by page, as far as they are called what is looked for."""

from collections.abc import Sequence
from typing import NamedTuple

from django.db.models import Case, Count, F, Q, QuerySet, Value, When, Window
from django.db.models.fields import TextField

from apps.projects.models import Membership, Project, Role
from apps.words import folded

PER_PAGE = 50
LONGEST_QUERY = 200
LAST_PAGE = 100_000  # of more members than there are people
_HIGHEST_FIRST = Case(*(When(role=role, then=Value(rank)) for rank, role in enumerate(Role)))


def called(project: Project, query: str) -> QuerySet[Membership]:
    """The members with `query` in their name or username; without one, all."""
    found = project.memberships.select_related("user")
    if not query:
        return found
    wanted = folded(Value(query[:LONGEST_QUERY], output_field=TextField()))
    named = found.alias(folded_name=folded(F("user__name")), folded_username=folded(F("user__username")))
    return named.filter(Q(folded_name__contains=wanted) | Q(folded_username__contains=wanted))


class MemberPage(NamedTuple):
    rows: Sequence[Membership]
    number: int
    total: int

    @property
    def first(self) -> int:
        return (self.number - 1) * PER_PAGE + 1

    @property
    def last(self) -> int:
        return self.first + len(self.rows) - 1

    @property
    def previous_page(self) -> int:
        return self.number - 1

    @property
    def next_page(self) -> int | None:
        return self.number + 1 if self.last < self.total else None


def page_of_members(project: Project, query: str, number: int = 1) -> MemberPage:
    """One page of those, the highest roles first; the first for a `number` behind the last."""
    ordered = called(project, query).order_by(_HIGHEST_FIRST, "user__kind", "user__name", "pk")
    counted = ordered.annotate(total=Window(Count("pk")))
    start = (number - 1) * PER_PAGE
    rows = list(counted[start : start + PER_PAGE])
    if not rows and number > 1:
        return page_of_members(project, query)
    return MemberPage(rows, number, rows[0].total if rows else 0)

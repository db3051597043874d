"""Rows read anew in place, as `refresh_from_db` does, by a statement that is compiled once for each model."""

import uuid
from functools import cache
from typing import Any, cast

from django.db.models import CharField, Model, QuerySet, UUIDField

from apps.sql.compiled import CompiledQuery, compiled


def read_anew(row: Model) -> None:
    """Make `row` what the database holds now, with what its manager's `for_change` joins, where there is one.

    Everything that was cached of its relations is forgotten. Raises the model's DoesNotExist when it is gone.
    """
    found = _row_by_pk(type(row)).first(pk=row.pk)
    if found is None:
        gone = cast(Any, type(row)).DoesNotExist
        raise gone(f"{type(row).__name__} {row.pk} is not there any more.")
    row._state.fields_cache = found._state.fields_cache.copy()  # for its own is emptied as it goes
    row._state.adding, row._state.db = False, found._state.db
    row.__dict__.pop("_prefetched_objects_cache", None)
    row.__dict__.update((name, value) for name, value in found.__dict__.items() if name != "_state")


@cache
def _row_by_pk(model: type[Model]) -> CompiledQuery[..., Model]:
    manager = model._default_manager
    rows: QuerySet[Model] = manager.for_change() if hasattr(manager, "for_change") else model._base_manager.all()

    def row_by_pk(pk: Any) -> QuerySet[Model]:
        return rows.filter(pk=pk)

    kinds = {UUIDField: uuid.UUID, CharField: str}
    row_by_pk.__annotations__["pk"] = kinds.get(type(model._meta.pk), int)  # as `compiled` is to take it
    return compiled(row_by_pk)

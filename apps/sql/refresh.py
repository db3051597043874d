"""Rows read anew in place, as `refresh_from_db` does, by a statement that is compiled once for each model."""

import uuid
from collections.abc import Callable
from functools import cache
from inspect import Parameter, Signature, signature
from typing import Any, cast

from django.db.models import CharField, Model, QuerySet, UUIDField
from django.db.models.expressions import Combinable

from apps.sql.compiled import CompiledQuery, compiled

type Expression = Callable[..., Combinable]  # of whole numbers, its parameters
_BESIDES = "read_besides"


def read_anew(row: Model, besides: Expression | None = None, **values: int) -> Any:
    """Make `row` what the database holds now, with what its manager's `for_change` joins, where there is one.

    Everything that was cached of its relations is forgotten. The same statement answers what
    `besides(**values)` is at that moment, which is returned. Raises the model's DoesNotExist when it is gone.
    """
    found = _row_by_pk(type(row), besides).first(pk=row.pk, **values)
    if found is None:
        gone = cast(Any, type(row)).DoesNotExist
        raise gone(f"{type(row).__name__} {row.pk} is not there any more.")
    answer = found.__dict__.pop(_BESIDES, None)
    row._state.fields_cache = found._state.fields_cache.copy()  # for its own is emptied as it goes
    row._state.adding, row._state.db = False, found._state.db
    row.__dict__.pop("_prefetched_objects_cache", None)
    row.__dict__.update((name, value) for name, value in found.__dict__.items() if name != "_state")
    return answer


@cache
def _row_by_pk(model: type[Model], besides: Expression | None) -> CompiledQuery[..., Model]:
    manager = model._default_manager
    rows: QuerySet[Model] = manager.for_change() if hasattr(manager, "for_change") else model._base_manager.all()

    def row_by_pk(pk: Any, **values: int) -> QuerySet[Model]:
        found = rows.filter(pk=pk)
        return found.annotate(**{_BESIDES: besides(**values)}) if besides else found

    kinds = {UUIDField: uuid.UUID, CharField: str}
    names = signature(besides).parameters if besides else ()
    takes = {"pk": kinds.get(type(model._meta.pk), int), **dict.fromkeys(names, int)}  # as `compiled` is to take them
    row_by_pk.__annotations__ = takes
    cast(Any, row_by_pk).__signature__ = Signature([Parameter(name, Parameter.KEYWORD_ONLY) for name in takes])
    return compiled(row_by_pk)

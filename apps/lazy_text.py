"""The type of a sentence that may still wait for the reader's language."""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from django.utils.functional import _StrPromise

type LazyText = str | _StrPromise

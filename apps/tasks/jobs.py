"""Background jobs of the boards."""

from celery import shared_task

from apps.tasks.board import column_counts


@shared_task
def mend_column_counts() -> None:
    """A count that is wrong is no column's for longer than an hour."""
    column_counts.mend()

"""Whether what has to be written can be: folders of this machine, and the database's disk wherever it is.

Both are tried, for real: a full, read-only, worn-out or missing disk answers every read as ever.
"""

import os
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

from django.conf import settings
from django.db import DatabaseError, connection, transaction
from django.utils.translation import gettext_lazy

from teamboard.launch import data_folder

LEAST_FREE = 16 * 1024 * 1024  # bytes: one segment of PostgreSQL's log
TRIED_BYTES = 4096
# A sort that has no room in the server's memory, so it writes some 200 kB of a temporary file: no row, no log.
TRIED_ROWS = 10_000
SMALL_MEMORY = "64kB"
SENTENCE = gettext_lazy("A disk is full or can't be written to: nothing can be saved. The log says which.")


def trouble() -> str:
    """Why something can't be written, for the log; "" when all is well. Takes some milliseconds and leaves nothing."""
    return next((why for why in _troubles() if why), "")


def _troubles() -> Iterator[str]:
    yield _trouble_of_database()
    yield _trouble_of("The folder of mirrors, GIT_FOLDER,", lambda: settings.GIT_FOLDER)
    yield _trouble_of("The folder for uploads on their way, TMPDIR,", lambda: Path(tempfile.gettempdir()))
    if data_folder.has_database(data_folder.folder()):
        yield _trouble_of("The data folder, DATA_DIR,", data_folder.folder)


def _trouble_of(name: str, where: Callable[[], Path]) -> str:
    try:
        folder = where()
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)  # as the first mirror would
        with tempfile.TemporaryFile(dir=folder, buffering=0) as file:
            file.write(bytes(TRIED_BYTES))
        free = os.statvfs(folder)
    except OSError as error:
        return f"{name} can't be written to: {error}"
    if free.f_bavail * free.f_frsize < LEAST_FREE:
        megabytes = free.f_bavail * free.f_frsize // 1_000_000
        return f"{name} has {megabytes} MB left, less than {LEAST_FREE // 1_000_000}: {folder}"
    return ""


def _trouble_of_database() -> str:
    try:
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute("SELECT current_setting('transaction_read_only')")
            if cursor.fetchone()[0] == "on":
                return "The database is read-only"
            cursor.execute("SELECT set_config('work_mem', %s, true)", [SMALL_MEMORY])
            cursor.execute("SELECT count(*) FROM generate_series(1, %s)", [TRIED_ROWS])
    except DatabaseError as error:
        return f"The database can't write: {error}"
    return ""

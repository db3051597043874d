"""Points at which the fault tests end the process, as a power cut would: TB_CRASH_AT names one."""

import os
from pathlib import Path


def point(name: str) -> None:
    """Die here, once, if the environment says so; TB_CRASH_ONCE is a file that marks it as done."""
    if os.environ.get("TB_CRASH_AT") != name:
        return
    mark = Path(os.environ.get("TB_CRASH_ONCE", os.devnull))
    if not mark.is_file():
        mark.touch()
        os._exit(137)

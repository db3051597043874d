"""A worker that ends between the gateway's answer and our commit, as a power cut would end it.

`python -m tests.faults.dying_worker worker` instead of teamboard.worker.main: the product itself has no such switch.
"""

import os
import sys
from typing import NoReturn

from teamboard.worker import main


def die(*_claim_and_outcome: object) -> NoReturn:
    os._exit(137)


if __name__ == "__main__":
    main.app.loader.import_default_modules()  # as the worker does at its start, which sets Django up
    from apps.agents.runs import dispatch

    dispatch.apply_outcome = die
    sys.exit(main.worker())

"""The fault runs: `make faults` in full, with --short as `make test` has them.

    python -m tests.faults [--short] [worker] [commit] [broker] [database] [callbacks] [forged] [moves]
                                      [flood] [hung-broker] [hung-database] [hung-worker] [hung-web]
                                      [room-broker] [room-web]

Each starts from a product that works and ends with the account: what was lost, what happened twice,
and how long it took. The practice gateway's journal and the database are compared, not our own logs.
"""

import importlib
import sys

from tests.faults import running_board

RUNS = {
    "moves": "moves.at_once",
    "flood": "chat.flooded",
    "callbacks": "callbacks.repeated",
    "forged": "callbacks.forged",
    "commit": "workers.killed_between",
    "worker": "workers.killed",
    "broker": "outages.broker_emptied",
    "database": "outages.database_stopped",
    "hung-broker": "hangs.broker_hung",
    "hung-database": "hangs.database_hung",
    "hung-worker": "hangs.worker_hung",
    "hung-web": "hangs.web_hung",
    "room-broker": "chat.broker_emptied",
    "room-web": "chat.web_restarted",
}


def main(arguments: list[str]) -> int:
    full, asked = "--short" not in arguments, [name for name in arguments if name != "--short"]
    if unknown := set(asked) - set(RUNS):
        sys.exit(f"There is no fault {', '.join(unknown)}; there are {', '.join(RUNS)}.")
    with running_board.started() as product:
        from tests.faults.outcomes import HEAD, row_of

        print(HEAD, flush=True)
        are_good = []
        for name in asked or RUNS:
            module, function = RUNS[name].split(".")
            outcome = getattr(importlib.import_module(f"tests.faults.{module}"), function)(product, full)
            print(row_of(outcome), flush=True)
            are_good.append(outcome.is_good)
            if not outcome.is_good:
                print(product.last_words(), file=sys.stderr, flush=True)
    return 0 if all(are_good) else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

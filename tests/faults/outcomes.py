"""What a fault came to: lost, doubled, and how long until all was well again."""

from typing import NamedTuple

from apps.agents.models import Run
from tests.faults.running_board import PATIENCE, RunningBoard


class Outcome(NamedTuple):
    fault: str
    did: str
    lost: int
    doubled: int
    seconds: float
    limit: float
    also: str = ""

    @property
    def is_good(self) -> bool:
        return not self.lost and not self.doubled and self.seconds <= self.limit


class Toll(NamedTuple):
    lost: int
    doubled: int
    seconds: float


def toll_of(board: RunningBoard, runs: list[Run]) -> Toll:
    """Wait until the runs have ended, then compare the gateway's journal with the board."""
    mine = Run.objects.filter(pk__in=[run.pk for run in runs])
    seconds = board.settle(lambda: not mine.open().exists())
    admitted, changed = board.admitted(), board.asked_differently()
    succeeded = {run.pk for run in mine.filter(status=Run.Status.SUCCEEDED)}
    lost = [run for run in runs if run.pk not in succeeded or not admitted[str(run.pk)]]
    doubled = [
        run for run in runs if admitted[str(run.pk)] > 1 or str(run.pk) in changed or board.cast.results(run) > 1
    ]
    return Toll(len(lost), len(doubled), min(seconds, PATIENCE))


HEAD = f"{'fault':34} {'what was done':44} {'lost':>5} {'doubled':>8} {'seconds':>8} {'limit':>6}"


def row_of(outcome: Outcome) -> str:
    verdict = "" if outcome.is_good else "  FAILED"
    return (
        f"{outcome.fault:34} {outcome.did:44} {outcome.lost:5} {outcome.doubled:8} "
        f"{outcome.seconds:8.1f} {outcome.limit:6.0f}  {outcome.also}{verdict}"
    )

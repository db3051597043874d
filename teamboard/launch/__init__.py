"""Everything on one machine: what `make run` and `make test` start, and how it stops again.

Nothing in here imports Django, so the settings are read when the environment is complete.
"""

from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
RUNTIME = ROOT / ".runtime"


class CannotStart(Exception):
    """A reason not to start, in a sentence for the person at the terminal."""

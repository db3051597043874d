"""What `manage.py doctor` examines besides signing in: apps above this one name it."""

from collections.abc import Callable, Iterable

type Examination = Callable[[], Iterable[tuple[bool, str]]]  # whether it is well, and a sentence
TOPICS: dict[str, Examination] = {}


def register_diagnostics(topic: str, examination: Examination) -> None:
    """Have `manage.py doctor TOPIC` say what `examination` finds; docs/TOPIC.md says what to do. For `ready()`."""
    TOPICS[topic] = examination

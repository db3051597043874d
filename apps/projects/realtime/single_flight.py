"""What several threads of a process want at the same time, computed once for all of them."""

import threading
from collections import OrderedDict
from collections.abc import Callable, Iterable
from concurrent.futures import Future


class SingleFlight[Key, Value]:
    """The latest `max_size` values by their keys. A thread that asks for one that another is computing waits for it."""

    def __init__(self, max_size: int) -> None:
        self.max_size = max_size
        self.lock = threading.Lock()
        self.values: OrderedDict[Key, Future[Value]] = OrderedDict()

    def get(self, key: Key, make: Callable[[], Value]) -> Value:
        return self.all([key], lambda _mine: {key: make()})[key]

    def all(self, keys: Iterable[Key], make: Callable[[list[Key]], dict[Key, Value]]) -> dict[Key, Value]:
        """Each of them by its key; those that nobody has computed yet by one call of `make`.

        What `make` raises is raised, also to those who waited, and nothing of it is kept.
        """
        with self.lock:
            mine = [key for key in keys if key not in self.values]
            self.values |= {key: Future() for key in mine}
            wanted = {key: self.values[key] for key in keys}
            while len(self.values) > self.max_size:
                self.values.popitem(last=False)
        if mine:
            self._make(mine, wanted, make)
        return {key: found.result() for key, found in wanted.items()}

    def _make(
        self, keys: list[Key], wanted: dict[Key, Future[Value]], make: Callable[[list[Key]], dict[Key, Value]]
    ) -> None:
        try:
            values = make(keys)
            for key in keys:
                wanted[key].set_result(values[key])
        except BaseException as error:
            with self.lock:
                for key in keys:
                    self.values.pop(key, None)
            for key in keys:
                if not wanted[key].done():
                    wanted[key].set_exception(error)

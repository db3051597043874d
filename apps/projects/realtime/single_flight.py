"""What several threads of a process want at the same time, made once for all of them."""

import threading
from collections import OrderedDict
from collections.abc import Callable, Iterable
from concurrent.futures import Future


class Once[Key, Made]:
    """The latest `kept` things by their keys. Who asks for one that another thread is making waits for that."""

    def __init__(self, kept: int) -> None:
        self.kept = kept
        self.lock = threading.Lock()
        self.made: OrderedDict[Key, Future[Made]] = OrderedDict()

    def get(self, key: Key, make: Callable[[], Made]) -> Made:
        return self.all([key], lambda _mine: {key: make()})[key]

    def all(self, keys: Iterable[Key], make: Callable[[list[Key]], dict[Key, Made]]) -> dict[Key, Made]:
        """Each of them by its key; those that nobody has made yet by one call of `make`.

        What `make` raises is raised, also to those who waited, and nothing of it is kept.
        """
        with self.lock:
            mine = [key for key in keys if key not in self.made]
            self.made |= {key: Future() for key in mine}
            wanted = {key: self.made[key] for key in keys}
            while len(self.made) > self.kept:
                self.made.popitem(last=False)
        if mine:
            self._make(mine, wanted, make)
        return {key: found.result() for key, found in wanted.items()}

    def _make(self, keys: list[Key], wanted: dict[Key, Future[Made]], make: Callable) -> None:
        try:
            made = make(keys)
            for key in keys:
                wanted[key].set_result(made[key])
        except BaseException as error:
            with self.lock:
                for key in keys:
                    self.made.pop(key, None)
            for key in keys:
                if not wanted[key].done():
                    wanted[key].set_exception(error)

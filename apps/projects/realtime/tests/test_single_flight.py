import threading
from concurrent.futures import ThreadPoolExecutor

import pytest

from apps.projects.realtime.single_flight import SingleFlight


def test_single_flight_computes_once_for_many():
    once, made, all_here = SingleFlight(max_size=4), [], threading.Barrier(8)

    def make(keys):
        made.extend(keys)
        return {key: key * 10 for key in keys}

    def ask(number):
        all_here.wait()
        return once.all([number % 3, 3], make)

    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(ask, range(8)))
    assert answers == [{number % 3: number % 3 * 10, 3: 30} for number in range(8)]
    assert sorted(made) == [0, 1, 2, 3]


def test_single_flight_failure_reaches_all_and_is_not_kept():
    once, waits, fails = SingleFlight(max_size=4), threading.Event(), threading.Event()

    def fail(keys):
        waits.set()
        fails.wait(60)
        raise ZeroDivisionError

    with ThreadPoolExecutor(2) as pool:
        first = pool.submit(once.all, [1], fail)
        waits.wait(60)
        second = pool.submit(once.all, [1, 2], lambda keys: dict.fromkeys(keys, "made"))
        fails.set()
        for asked in (first, second):
            with pytest.raises(ZeroDivisionError):
                asked.result()
    assert once.get(1, lambda: "made") == "made"


def test_single_flight_keeps_the_latest():
    once = SingleFlight(max_size=2)
    for key in (1, 2, 3):
        once.get(key, lambda: "old")
    assert [once.get(key, lambda: "new") for key in (3, 2, 1)] == ["old", "old", "new"]

"""Few connections are used again and again, so that what is asked on them is prepared."""

from contextlib import ExitStack

import pytest
from django.db import connection

from teamboard.postgresql.warm_pool import WarmPool
from teamboard.tests.test_environment import settings_of

pytestmark = pytest.mark.req("FLT-6")


@pytest.fixture
def pool(db):
    """One of twelve, all of which a rush has opened."""
    settings = connection.settings_dict
    sizes = {"min_size": 1, "max_size": 12, "timeout": 10}
    settings["OPTIONS"]["pool"], before = sizes, settings["OPTIONS"].get("pool")
    kwargs = connection.get_connection_params() | {"autocommit": True}
    settings["OPTIONS"]["pool"] = before
    with WarmPool(kwargs=kwargs, **sizes) as made:
        with ExitStack() as rush:
            for _ in range(12):
                rush.enter_context(made.connection())
        yield made


def sessions(pool, together):
    """The database's sessions that `together` requests at once use, forty times over."""
    used = set()
    for _ in range(40):
        with ExitStack() as requests:
            used |= {requests.enter_context(pool.connection()).info.backend_pid for _ in range(together)}
    return used


@pytest.mark.parametrize("together", [1, 3])
def test_pool_uses_as_many_connections_as_are_needed(pool, together):
    assert len(sessions(pool, together)) == together


def test_pool_of_the_product_is_this_one():
    assert isinstance(connection.pool, WarmPool) or not connection.settings_dict["OPTIONS"].get("pool")


def test_pooler_of_transactions_is_given_nothing_that_stays_in_a_session():
    [plain, pooled] = [
        settings_of("DATABASES", DATABASE_TRANSACTION_POOLER=value)[0]["default"] for value in ("", "yes")
    ]
    assert plain["OPTIONS"]["prepare_threshold"] == 1
    assert "lock_timeout" in plain["OPTIONS"]["options"]
    assert pooled["OPTIONS"]["prepare_threshold"] is None
    assert "options" not in pooled["OPTIONS"]
    assert (plain["DISABLE_SERVER_SIDE_CURSORS"], pooled["DISABLE_SERVER_SIDE_CURSORS"]) == (False, True)

import threading

import pytest

from tests.gateways.listener import Listener
from tests.gateways.practice import PracticeGateway

pytest.register_assert_rewrite("tests.gateways.contract")


@pytest.fixture(scope="session")
def listener():
    server = Listener()
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield server
    server.shutdown()


@pytest.fixture(scope="session")
def gateway(listener, tmp_path_factory):
    running = PracticeGateway(tmp_path_factory.mktemp("gateway"), listener.url)
    yield running
    running.stop()

"""The real gateway, started once for all tests, and a listener for what our plugin reports.

The listener hands reports on to Team Board while one is running; so one gateway, which takes a
minute to start, serves the tests with Team Board and those without.
"""

import os
import subprocess
import threading
from pathlib import Path

import pytest

from tests.gateways.listener import Listener
from tests.openclaw.real_gateway import RealGateway

pytest.register_assert_rewrite("tests.gateways.contract")

HERE = Path(__file__).parent


@pytest.fixture(scope="session")
def install() -> str:
    """The folder that holds OpenClaw: OPENCLAW_INSTALL, or our cache."""
    folder = os.environ.get("OPENCLAW_INSTALL", str(HERE.parents[1] / ".cache/openclaw"))
    subprocess.run([str(HERE / "install.sh"), folder], check=True)
    return folder


@pytest.fixture(scope="session")
def listener():
    server = Listener()
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield server
    server.shutdown()


@pytest.fixture(scope="session")
def gateway(install, listener, tmp_path_factory):
    running = RealGateway(install, tmp_path_factory.mktemp("openclaw"), listener.url)
    yield running
    running.stop()

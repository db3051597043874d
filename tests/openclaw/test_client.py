"""Our client and our plugin with the real gateway."""

from tests.gateways.contract import *  # noqa: F403

import pytest

from apps.agents.gateways import circuit_breaker
from apps.agents.tests.factories import GatewayFactory

pytestmark = [pytest.mark.django_db, pytest.mark.req("D11", "FLT-26")]


def test_recovery_leaves_nothing_of_the_failures():
    gateway = GatewayFactory()
    for _ in range(circuit_breaker.MAX_FAILURES):
        circuit_breaker.record_result(gateway, reached=False, reason="No connection.")
    gateway.refresh_from_db()
    assert circuit_breaker.is_open(gateway)
    assert gateway.down_since

    circuit_breaker.record_result(gateway, reached=True)

    gateway.refresh_from_db()
    assert (gateway.failures, gateway.retry_at, gateway.down_since, gateway.last_error) == (0, None, None, "")


def test_down_since_is_the_first_failure():
    gateway = GatewayFactory()
    since = []
    for _ in range(2):
        circuit_breaker.record_result(gateway, reached=False)
        gateway.refresh_from_db()
        since.append(gateway.down_since)
    assert since[0] == since[1]

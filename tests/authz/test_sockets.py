"""The same for the socket: who may open it, and whose messages it takes."""

import json

import pytest

from apps.projects.realtime.tests.test_feed import Browser, socket
from tests.authz.cast import identities, world
from tests.authz.test_matrix import EXPECTED

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.req("Z1")]
SESSIONS = [
    "anonymous",
    "outsider",
    "viewer",
    "commenter",
    "member",
    "maintainer",
    "owner",
    "admin",
    "disabled",
    "former",
]
MESSAGES = {
    "open": {"type": "open", "task": None},
    "since": {"type": "since", "seq": 0},
    "typing": {"type": "typing", "room": 1, "on": True},
}


@pytest.fixture
def keys() -> dict[str, str]:
    """The session key of everybody who has one, as they stand to the project OWN."""
    own = world("OWN")
    clients = identities(own, world("OTHER", numbers_from=500))
    cookies = {name: clients[name].cookies.get("session") for name in SESSIONS}
    return {name: cookie.value if cookie else "" for name, cookie in cookies.items()}


@pytest.mark.parametrize("identity", SESSIONS)
async def test_who_may_open_the_socket(keys, identity):
    browser: Browser = socket(keys[identity], key="OWN")
    is_in = await browser.connect() and await stays_open(browser)
    assert is_in == (identity in EXPECTED["socket"]["connect"])
    await browser.leave()


@pytest.mark.parametrize("message", EXPECTED["socket"]["messages"])
@pytest.mark.parametrize("identity", EXPECTED["socket"]["connect"])
async def test_whose_messages_it_takes(keys, identity, message):
    browser = socket(keys[identity], key="OWN")
    assert await browser.connect()
    await browser.say(json.dumps(MESSAGES[message]))
    if identity in EXPECTED["socket"]["messages"][message]:
        assert await stays_open(browser)
    else:
        assert await said(browser) == "websocket.close"
    await browser.leave()


async def stays_open(browser: Browser) -> bool:
    return await browser.receive_nothing(timeout=0.2, interval=0.01) or await said(browser) != "websocket.close"


async def said(browser: Browser) -> str:
    return (await browser.receive_output(timeout=60))["type"]


async def test_a_message_that_is_none_closes_the_socket(keys):
    browser = socket(keys["owner"], key="OWN")
    assert await browser.connect()
    await browser.say('{"type": "delete"}')
    assert await said(browser) == "websocket.close"
    await browser.leave()


def test_every_message_is_tried():
    assert MESSAGES.keys() == EXPECTED["socket"]["messages"].keys()

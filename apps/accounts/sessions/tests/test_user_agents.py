import pytest
from django.utils import translation

from apps.accounts.sessions import user_agents

WEBKIT = "AppleWebKit/537.36 (KHTML, like Gecko)"
SAID = {
    f"Mozilla/5.0 (Windows NT 10.0; Win64; x64) {WEBKIT} Chrome/150.0.0.0 Safari/537.36 Edg/150.0": "Edge on Windows",
    f"Mozilla/5.0 (Windows NT 10.0; Win64; x64) {WEBKIT} Chrome/150.0.0.0 Safari/537.36": "Chrome on Windows",
    f"Mozilla/5.0 (X11; CrOS x86_64 14541.0.0) {WEBKIT} Chrome/150.0.0.0 Safari/537.36": "Chrome on ChromeOS",
    f"Mozilla/5.0 (Linux; Android 16) {WEBKIT} SamsungBrowser/30.0 Chrome/140.0 Mobile Safari/537.36": (
        "Samsung Internet on Android"
    ),
    f"Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) {WEBKIT} Version/26.0 Safari/605.1.15": "Safari on macOS",
    f"Mozilla/5.0 (iPhone; CPU iPhone OS 18_7 like Mac OS X) {WEBKIT} CriOS/150.0 Mobile/15E148 Safari/604.1": (
        "Chrome on iPhone"
    ),
    "Mozilla/5.0 (X11; Linux x86_64; rv:150.0) Gecko/20100101 Firefox/150.0": "Firefox on Linux",
    "Mozilla/5.0 (X11; Linux x86_64)": "Linux",
    "curl/8.19.0": "curl",
    "": "Unknown browser",
    "<b>Firefox</b>": "Unknown browser",
}


@pytest.mark.parametrize("user_agent", SAID)
def test_a_browser_is_told_in_plain_words(user_agent):
    with translation.override("en"):
        assert user_agents.in_words(user_agent) == SAID[user_agent]

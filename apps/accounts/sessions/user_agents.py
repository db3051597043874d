"""A browser in plain words, from what it says about itself; that may be a lie, and only its owner reads it.

A mapping of our own: a name and a system are all that is shown, and a list that grows each month is
not worth a dependency.
"""

from django.utils.translation import gettext as _

# The first mark that is found tells: nearly everybody claims to be Chrome, Safari and Mozilla as well.
BROWSERS = {
    "Edg": "Edge",
    "OPR/": "Opera",
    "YaBrowser/": "Yandex Browser",
    "SamsungBrowser/": "Samsung Internet",
    "Vivaldi/": "Vivaldi",
    "Firefox/": "Firefox",
    "FxiOS/": "Firefox",
    "Chrome/": "Chrome",
    "CriOS/": "Chrome",
    "Safari/": "Safari",
    "curl/": "curl",
}
SYSTEMS = {
    "iPhone": "iPhone",
    "iPad": "iPad",
    "Android": "Android",
    "Windows": "Windows",
    "CrOS": "ChromeOS",
    "Mac OS X": "macOS",
    "Linux": "Linux",
}


def in_words(user_agent: str) -> str:
    """“Firefox on Linux”; less where less is known."""
    browser, system = _parts(user_agent)
    if browser and system:
        return _("{browser} on {system}").format(browser=browser, system=system)
    return browser or system or _("Unknown browser")


def names_of(user_agent: str) -> str:
    """“Firefox, Linux”, as it is kept: the same in every language; empty where nothing is known."""
    return ", ".join(filter(None, _parts(user_agent)))


def _parts(user_agent: str) -> tuple[str, str]:
    return _first(BROWSERS, user_agent), _first(SYSTEMS, user_agent)


def _first(names: dict[str, str], user_agent: str) -> str:
    return next((name for mark, name in names.items() if mark in user_agent), "")

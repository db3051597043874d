"""The provider of op.py, in a thread of the tests."""

import argparse
import html
import re
import threading
from types import TracebackType

import httpx

from tests.authentik import op

HERE = "http://testserver"
SECRET = "teamboard-secret-for-tests-0123456789abcdef"
PASSWORDS = {"zoë": "zoe-password"}
NO_OPTIONS = argparse.Namespace(
    config=None, rp=HERE, client_id=None, client_secret=None, alg=None, base_url=None, verbose=False
)


class Provider:
    """Faults and changes go straight into its state; `reset` takes them back."""

    def __init__(self, rp: str = HERE) -> None:
        self.server = op.make_server(op.load_config(argparse.Namespace(**vars(NO_OPTIONS) | {"rp": rp})))
        self.defaults = dict(self.server.state.config)
        self.url = f"http://127.0.0.1:{self.server.server_port}"
        self.issuer = f"{self.url}/application/o/teamboard/"

    def __enter__(self) -> "Provider":
        threading.Thread(target=self.server.serve_forever, name="provider", daemon=True).start()
        return self

    def __exit__(self, kind: type | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self.server.shutdown()
        self.server.server_close()

    @property
    def state(self) -> op.State:
        return self.server.state

    def reset(self) -> None:
        self.state.config.clear()
        self.state.config.update(self.defaults)
        self.state.reset()

    def fault(self, where: str, **how: object) -> None:
        """Once (or `times`): see README.md for the places and the ways."""
        self.state.faults.append({"where": where, **how})

    def change(self, username: str, **facts: object) -> None:
        self.state.users[username].update(facts)

    def rename(self, username: str, to: str) -> None:
        self.state.users[to] = self.state.users.pop(username) | {"username": to}

    def rotate_keys(self) -> None:
        self.state.keys = [op.Key(self.state.keys[0].alg)]

    def sub(self, username: str) -> str:
        return self.state.sub(self.state.users[username])

    def logout_token(self, username: str | None = None, session: str | None = None, **fault: object) -> str:
        """`session` is the provider's own key of its session, of which a token carries a digest."""
        sub = self.sub(username) if username else None
        return self.state.logout_token(self.state.clients["teamboard"], self.issuer, sub, session, fault or None)

    def asked(self, endpoint: str) -> int:
        """How often `endpoint` was asked since the reset."""
        return sum(line.get("endpoint") == endpoint for line in self.state.log)

    def let_in(self, browser: httpx.Client, url: str, username: str) -> str:
        """Sign in at its form where it asks for that, and follow until it sends the browser back to us."""
        answer = browser.get(url)
        while True:
            if answer.status_code == 302:
                to = str(httpx.URL(self.url).join(answer.headers["Location"]))
                if to.startswith(HERE):
                    return to.removeprefix(HERE)
                answer = browser.get(to)
            else:
                form = re.search(r'<form method=post action="([^"]+)"', answer.text)
                assert form, answer.text
                password = PASSWORDS.get(username, f"{username}-password")
                given = {"uidField": username, "password": password}
                answer = browser.post(self.url + html.unescape(form[1]), data=given)
                assert answer.status_code == 302, "The provider does not let them in."

"""MDN's Observatory over six kinds of page, each of which must score 100: make security.

Team Board runs as in production, behind HTTPS with a certificate made for this run, and the scanner,
installed from npm, looks at it from here: nothing leaves this machine.
"""

import json
import logging
import os
import socket
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path

LEAST = 100
SIGNED_IN = "/signed-in"
SCANNER = Path(".cache/observatory/node_modules/@mdn/mdn-http-observatory/src/scan.js").resolve()
PAGES = {
    "the way in": "/",
    "sign-in": "/accounts/sign-in/",
    "a board": f"{SIGNED_IN}/projects/TIDE/",
    "nothing there (404)": f"{SIGNED_IN}/nowhere/",
    "an answer of the API": f"{SIGNED_IN}/api/v1/projects/",
    "a project's members": f"{SIGNED_IN}/projects/TIDE/members/",
}


def main() -> None:
    with tempfile.TemporaryDirectory() as folder, socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        certificate, key = make_certificate(Path(folder))
        address = f"127.0.0.1:{listening.getsockname()[1]}"
        be_in_production(f"https://{address}", Path(folder))
        serve(listening, certificate, key)
        scores = {name: scan(address + path, certificate) for name, path in PAGES.items()}
    for name, score in scores.items():
        print(f"  {score:>4}  {name}")
    failed = [name for name, score in scores.items() if score < LEAST]
    print(f"Observatory: {len(scores)} kinds of page, the least score {min(scores.values())}.")
    sys.exit(bool(failed))


def make_certificate(folder: Path) -> tuple[Path, Path]:
    """For 127.0.0.1, signed by itself, so that it is its own authority."""
    certificate, key = folder / "certificate.pem", folder / "key.pem"
    command = ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "1", "-subj", "/CN=127.0.0.1"]
    files = ["-addext", "subjectAltName=IP:127.0.0.1", "-keyout", str(key), "-out", str(certificate)]
    subprocess.run([*command, *files], check=True, capture_output=True)
    return certificate, key


def be_in_production(public_url: str, folder: Path) -> None:
    from django.core.management import call_command
    from django.core.management.utils import get_random_secret_key

    os.environ |= {"DEBUG": "", "PUBLIC_URL": public_url, "STATIC_ROOT": str(folder / "static")}
    os.environ |= {"SECRET_KEY": get_random_secret_key(), "FIELD_KEYS": "only-for-this-run"}
    os.environ["DJANGO_SETTINGS_MODULE"] = "teamboard.settings"
    import django

    django.setup()
    logging.disable(logging.WARNING)  # the scanner asks for what is not there
    call_command("migrate", verbosity=0)
    call_command("collectstatic", verbosity=0, interactive=False)


def serve(listening: socket.socket, certificate: Path, key: Path) -> None:
    import uvicorn

    from teamboard.asgi import application

    app = Front(application, cookie=signed_in())
    config = uvicorn.Config(app, lifespan="off", log_level="error", ssl_certfile=certificate, ssl_keyfile=key)
    server = uvicorn.Server(config)
    threading.Thread(target=server.run, kwargs={"sockets": [listening]}, daemon=True).start()
    while not server.started:
        time.sleep(0.05)


def signed_in() -> bytes:
    """The cookie of somebody with a board."""
    from django.test import Client

    from apps.projects.models import Role
    from apps.projects.tests.factories import MembershipFactory
    from apps.tasks.tests.factories import BoardFactory

    browser = Client()
    browser.force_login(MembershipFactory(project=BoardFactory(key="TIDE", name="Tidewater"), role=Role.OWNER).user)
    return browser.cookies.output(attrs=[], header="", sep=";").strip().encode()


class Front:
    """The scanner can't sign in and grades no 404: under /signed-in it has a cookie, and a 404 is told as 200."""

    def __init__(self, app, *, cookie: bytes) -> None:
        self.app, self.cookie = app, cookie

    async def __call__(self, scope, receive, send) -> None:
        if scope["path"].startswith(SIGNED_IN):
            path = scope["path"].removeprefix(SIGNED_IN)
            headers = [*scope["headers"], (b"cookie", self.cookie)]
            scope = scope | {"path": path, "raw_path": path.encode(), "headers": headers}

        async def gradable(message) -> None:
            if message.get("status") == 404:
                message = message | {"status": 200}
            await send(message)

        await self.app(scope, receive, gradable)


def scan(address: str, certificate: Path) -> int:
    """The score. What took points off is printed."""
    environment = os.environ | {"NODE_EXTRA_CA_CERTS": str(certificate)}
    ran = subprocess.run(
        ["node", SCANNER, address], capture_output=True, text=True, env=environment, cwd=SCANNER.parents[1]
    )
    told = json.loads(ran.stdout)
    if "scan" not in told:
        sys.exit(f"The Observatory could not scan {address}: {told}")
    for name, test in told["tests"].items():
        if not test["pass"]:
            print(f"{address}: {name}: {test['result']}")
    return told["scan"]["score"]


if __name__ == "__main__":
    main()

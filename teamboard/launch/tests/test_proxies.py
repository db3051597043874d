"""nginx and Caddy in front of the web process, with the very configurations that docs/operating.md and Compose have."""

import http.client
import os
import re
import shutil
import socket
import ssl
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from django.conf import settings
from django.test import Client
from websockets.sync.client import connect

from apps.projects.models import Role
from apps.projects.tests.factories import MembershipFactory
from apps.tasks.tests.factories import BoardFactory
from bench.processes import is_listening, wait_until
from teamboard.launch import ports
from teamboard.web.tests.web_process import WebProcess, quiet_port

pytestmark = pytest.mark.req("FLT-7")
PAGE = (settings.BASE_DIR / "docs/operating.md").read_text()
NAME = "board.example.org"


def block(language: str) -> str:
    return re.search(rf"^```{language}\n(.*?)^```", PAGE, re.MULTILINE | re.DOTALL)[1]


@pytest.fixture(scope="module")
def certificate(tmp_path_factory) -> Path:
    folder = tmp_path_factory.mktemp("tls")
    command = ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "30", "-subj", f"/CN={NAME}"]
    command += ["-addext", f"subjectAltName=DNS:{NAME}", "-keyout", folder / "board.key", "-out", folder / "board.pem"]
    subprocess.run(command, check=True, capture_output=True)
    return folder / "board.pem"


class Proxy:
    """HTTPS at `port`, in front of a web process."""

    def __init__(self, port: int, certificate: Path | None = None) -> None:
        self.port, self.host = port, f"{NAME}:{port}"
        self.context = ssl.create_default_context(cafile=certificate) if certificate else None

    def connection(self) -> socket.socket:
        plain = socket.create_connection((ports.HOST, self.port), timeout=60)
        return self.context.wrap_socket(plain, server_hostname=NAME) if self.context else plain

    def ask(self, method: str, path: str, body: bytes | None = None, **headers: str) -> http.client.HTTPResponse:
        asked = http.client.HTTPConnection(ports.HOST, self.port, timeout=60)
        asked.sock = self.connection()
        asked.request(method, path, body, {"Host": self.host, **headers})
        answer = asked.getresponse()
        answer.text = answer.read().decode()
        return answer


@contextmanager
def running(command: list, port: int) -> Iterator[None]:
    process = subprocess.Popen(command)
    try:
        wait_until(lambda: is_listening(port), f"{command[0]} listens", 20)
        yield
    finally:
        process.terminate()
        process.wait(20)


@contextmanager
def nginx(folder: Path, certificate: Path, web_port: int, port: int) -> Iterator[Proxy]:
    """The block of the page, with our ports, certificate and folders."""
    if not shutil.which("nginx"):
        pytest.skip("There is no nginx (Debian, Ubuntu: apt-get install nginx)")
    told = block("nginx").replace("127.0.0.1:8000", f"127.0.0.1:{web_port}").replace("listen 443", f"listen {port}")
    told = told.replace("listen 80;", f"listen {quiet_port()};")
    told = re.sub(r"/etc/ssl/[\w.]+\.pem", str(certificate), told)
    told = re.sub(r"/etc/ssl/[\w.]+\.key", str(certificate.with_suffix(".key")), told)
    kinds = ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
    folders = "".join(f"{kind}_temp_path {folder / kind};\n" for kind in kinds)
    main = f"pid {folder}/pid;\nerror_log stderr;\nevents {{}}\nhttp {{\naccess_log off;\n{folders}{told}}}\n"
    configuration = folder / "nginx.conf"
    configuration.write_text(("user root;\n" if os.geteuid() == 0 else "") + main)
    with running(["nginx", "-c", configuration, "-e", "stderr", "-g", "daemon off;"], port):
        yield Proxy(port, certificate)


@contextmanager
def behind_nginx(folder: Path, certificate: Path, trusted: str) -> Iterator[Proxy]:
    port = quiet_port()
    own = {"PUBLIC_URL": f"https://{NAME}:{port}", "TRUSTED_PROXIES": trusted}
    with WebProcess(**own) as web, nginx(folder, certificate, web.port, port) as proxy:
        yield proxy


@pytest.fixture
def ana(transactional_db):
    board = BoardFactory(key="TIDE", name="Tidewater")
    return MembershipFactory(project=board, user__name="Ana", role=Role.OWNER).user


def session_of(person) -> str:
    client = Client()
    client.force_login(person)
    return client.cookies[settings.SESSION_COOKIE_NAME].value


def check_sockets(proxy: Proxy, person) -> None:
    """A socket is opened and says something."""
    address = f"wss://{proxy.host}/ws/projects/TIDE/"
    opened = connect(
        address,
        sock=socket.create_connection((ports.HOST, proxy.port)),
        ssl=proxy.context,
        server_hostname=NAME,
        proxy=None,
        origin=f"https://{proxy.host}",
        additional_headers={"Cookie": f"__Host-session={session_of(person)}"},
    )
    with opened:
        assert opened.recv(timeout=20)


def check_bodies(proxy: Proxy) -> None:
    """25 MiB and what stands around them reach the board, which asks who it is."""
    for size, status in ((25 * 2**20 + 60_000, {302, 403}), (30 * 2**20, {413})):
        answer = proxy.ask("POST", "/projects/TIDE/chat/1/files/", b"x" * size, **{"Content-Type": "text/plain"})
        assert answer.status in status, answer.text


def test_nginx_of_page_brings_pages_sockets_and_files(tmp_path, certificate, ana):
    with behind_nginx(tmp_path, certificate, "127.0.0.1") as proxy:
        page = proxy.ask("GET", "/accounts/sign-in/")
        assert page.status == 200
        assert "__Host-csrf" in page.headers["Set-Cookie"]
        assert proxy.ask("GET", "/projects/").headers["Location"] == "/accounts/sign-in/?next=/projects/"
        check_sockets(proxy, ana)
        check_bodies(proxy)


def test_nginx_that_is_not_trusted_is_named(tmp_path, certificate, transactional_db):
    with behind_nginx(tmp_path, certificate, "192.0.2.1") as proxy:
        answer = proxy.ask("GET", "/projects/")
        assert answer.status == 400
        for fact in ("127.0.0.1", f"https://{proxy.host}", "TRUSTED_PROXIES"):
            assert fact in answer.text


@pytest.mark.req("FLT-6")
def test_caddy_of_compose_spreads_over_web(tmp_path, ana):
    """With a proxy of the machine in front, whose word about HTTPS it hands on."""
    if not shutil.which("caddy"):
        pytest.skip("There is no Caddy (Debian, Ubuntu: apt-get install caddy)")
    port = quiet_port()
    with WebProcess(PUBLIC_URL=f"https://{NAME}:{port}", TRUSTED_PROXIES="127.0.0.1") as web:
        told = (settings.BASE_DIR / "deploy/Caddyfile").read_text()
        told = told.replace(":8000 {", f":{port} {{").replace("port 8000", f"port {web.port}")
        (tmp_path / "Caddyfile").write_text(told.replace("name web", "name localhost"))
        with running(["caddy", "run", "--adapter", "caddyfile", "--config", tmp_path / "Caddyfile"], port):
            proxy = Proxy(port)
            told = {"X-Forwarded-Proto": "https", "X-Forwarded-For": "203.0.113.7"}
            assert proxy.ask("GET", "/accounts/sign-in/", **told).status == 200
            assert proxy.ask("GET", "/accounts/sign-in/").status == 301
            assert proxy.ask("GET", "/healthz").text == "ok\n"


def test_caddy_of_page_is_read(tmp_path):
    if not shutil.which("caddy"):
        pytest.skip("There is no Caddy (Debian, Ubuntu: apt-get install caddy)")
    (tmp_path / "Caddyfile").write_text(block("caddyfile"))
    subprocess.run(["caddy", "adapt", "--adapter", "caddyfile", "--config", tmp_path / "Caddyfile"], check=True)

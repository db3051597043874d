"""A Git server on loopback (`git http-backend` behind a small HTTP server), and somebody who works in a repository."""

import base64
import os
import subprocess
import threading
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import quote, unquote, urlsplit

BACKEND = Path(subprocess.run(["git", "--exec-path"], capture_output=True, text=True, check=True).stdout.strip())
ENVIRONMENT = {
    "PATH": os.environ["PATH"],
    "HOME": "/nonexistent",
    "GIT_CONFIG_NOSYSTEM": "1",
    "GIT_TERMINAL_PROMPT": "0",
    "GIT_AUTHOR_NAME": "Ana",
    "GIT_AUTHOR_EMAIL": "ana@example.org",
    "GIT_COMMITTER_NAME": "Ana",
    "GIT_COMMITTER_EMAIL": "ana@example.org",
}


def git(*arguments: str, folder: Path, **environment: str) -> str:
    """The git of somebody else: what people push with."""
    done = subprocess.run(
        ["git", *arguments], cwd=folder, env=ENVIRONMENT | environment, capture_output=True, check=False
    )
    assert done.returncode == 0, done.stderr.decode()
    return done.stdout.decode(errors="replace").strip()


@dataclass
class GitServer:
    """Serves every bare repository in `root`. With a `token` it wants it as the password."""

    root: Path
    token: str = ""
    redirect_to: str = ""
    requests: list[str] = field(default_factory=list)

    def __enter__(self) -> "GitServer":
        self._http = ThreadingHTTPServer(("127.0.0.1", 0), handler_of(self))
        self._thread = threading.Thread(target=self._http.serve_forever, daemon=True)
        self._thread.start()
        return self

    def __exit__(self, *_exc: object) -> None:
        self._http.shutdown()
        self._http.server_close()

    @property
    def port(self) -> int:
        return self._http.server_address[1]

    def url(self, name: str = "team/board.git") -> str:
        return f"http://127.0.0.1:{self.port}/{quote(name)}"

    def create(self, name: str = "team/board.git") -> Path:
        """A new bare repository that can be pushed to."""
        folder = self.root / name
        folder.mkdir(parents=True)
        git("init", "--bare", "--quiet", "--initial-branch=main", folder=folder)
        git("config", "http.receivepack", "true", folder=folder)
        return folder


def handler_of(server: GitServer) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            server.requests.append(f"{self.command} {self.path}")
            if server.redirect_to:
                self.send_response(302)
                self.send_header("Location", server.redirect_to + self.path)
                self.end_headers()
            elif server.token and not self._is_let_in():
                self.send_response(401)
                self.send_header("WWW-Authenticate", 'Basic realm="git"')
                self.end_headers()
            else:
                self._ask_git()

        do_POST = do_GET

        def _is_let_in(self) -> bool:
            kind, _, words = self.headers.get("Authorization", "").partition(" ")
            return kind == "Basic" and base64.b64decode(words).decode().partition(":")[2] == server.token

        def _ask_git(self) -> None:
            asked = urlsplit(self.path)
            body = self._body()
            environment = ENVIRONMENT | {
                "GIT_PROJECT_ROOT": str(server.root),
                "GIT_HTTP_EXPORT_ALL": "1",
                "REQUEST_METHOD": self.command,
                "PATH_INFO": unquote(asked.path),
                "QUERY_STRING": asked.query,
                "CONTENT_TYPE": self.headers.get("Content-Type", ""),
                "CONTENT_LENGTH": str(len(body)),
                "HTTP_CONTENT_ENCODING": self.headers.get("Content-Encoding", ""),
                "GIT_PROTOCOL": self.headers.get("Git-Protocol", ""),
                "REMOTE_USER": "ana",
            }
            done = subprocess.run(
                [BACKEND / "git-http-backend"], input=body, env=environment, capture_output=True, check=False
            )
            head, _, answer = done.stdout.partition(b"\r\n\r\n")
            headers = dict(line.split(": ", 1) for line in head.decode().split("\r\n") if line)
            self.send_response(int(headers.pop("Status", "200").split()[0]))
            for name, value in headers.items():
                self.send_header(name, value)
            self.send_header("Content-Length", str(len(answer)))
            self.end_headers()
            self.wfile.write(answer)

        def _body(self) -> bytes:
            if self.headers.get("Transfer-Encoding") != "chunked":
                return self.rfile.read(int(self.headers.get("Content-Length") or 0))
            body = b""
            while size := int(self.rfile.readline(), 16):
                body += self.rfile.read(size)
                self.rfile.readline()
            self.rfile.readline()
            return body

        def log_message(self, *_args: object) -> None:
            """Say nothing between the dots of the tests."""

    return Handler


@dataclass
class Workshop:
    """A clone in which somebody works and pushes from."""

    folder: Path
    origin: Path

    @classmethod
    def of(cls, origin: Path, folder: Path) -> "Workshop":
        folder.mkdir(parents=True)
        git("init", "--quiet", "--initial-branch=main", folder=folder)
        git("remote", "add", "origin", str(origin), folder=folder)
        return cls(folder, origin)

    def commit(self, message: str, files: dict[str, str | bytes] | None = None, *, branch: str = "", **given) -> str:
        """Commit `files` (or one line more in notes.txt) and push; the new commit's sha."""
        if branch:
            git("checkout", "--quiet", "-B", branch, folder=self.folder)
        if files is None:
            notes = self.folder / "notes.txt"
            files = {"notes.txt": (notes.read_text() if notes.exists() else "") + f"{message}\n"}
        for name, content in files.items():
            path = self.folder / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(content.encode() if isinstance(content, str) else content)
        git("add", "--all", folder=self.folder)
        git("commit", "--quiet", "--allow-empty", "-m", message, folder=self.folder, **given)
        self.push()
        return self.head()

    def on(self, branch: str) -> "Workshop":
        git("checkout", "--quiet", branch, folder=self.folder)
        return self

    def push(self, *arguments: str) -> None:
        git("push", "--quiet", "--force", "origin", *(arguments or ["HEAD"]), folder=self.folder)

    def head(self) -> str:
        return git("rev-parse", "HEAD", folder=self.folder)

"""A listener for what our plugin, or the practice gateway in its place, reports."""

import hashlib
import hmac
import json
import urllib.error
import urllib.request
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from bench.processes import wait_until


class Listener(ThreadingHTTPServer):
    """Takes callbacks at any path; `hand_on_to` is a Team Board, whose answers it then gives.

    Without one, `stops` are the runs that its answers name, signed with `secret`.
    """

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Callback)
        self.received: list[tuple[dict[str, str], bytes]] = []
        self.hand_on_to = self.secret = ""
        self.stops: list[str] = []
        self.url = f"http://127.0.0.1:{self.server_port}"

    def events(self, teamboard_run: object) -> list[dict]:
        """What was reported about one run of ours, in order."""
        events = [json.loads(body) for _, body in self.received]
        return [
            event
            for event in events
            if event.get("teamboardRunId") == str(teamboard_run) and event["event"] != "run.beat"
        ]

    def of_kind(self, kind: str) -> list[dict]:
        events = [json.loads(body) for _, body in self.received]
        return [event for event in events if event["event"] == kind]

    def wait_for(self, teamboard_run: object, kind: str, seconds: float = 60) -> dict:
        def found() -> list[dict]:
            return [event for event in self.events(teamboard_run) if event["event"] == kind]

        wait_until(found, f"{kind} of {teamboard_run}", seconds)
        return found()[-1]


class Callback(BaseHTTPRequestHandler):
    server: Listener

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        self.server.received.append((dict(self.headers), body))
        status, signature, text = self.answer_of_team_board(body)
        self.send_response(status)
        self.send_header("X-Teamboard-Signature", signature)
        self.send_header("Content-Length", str(len(text)))
        self.end_headers()
        self.wfile.write(text)

    def answer_of_team_board(self, body: bytes) -> tuple[int, str, bytes]:
        """Its status, its signature and its body."""
        if not self.server.hand_on_to:
            text = json.dumps({"outcome": "applied", "stops": self.server.stops}).encode()
            over = f"answer.{self.headers['X-Teamboard-Signature']}.".encode() + text
            return 200, f"sha256={hmac.new(self.server.secret.encode(), over, hashlib.sha256).hexdigest()}", text
        headers = {name: text for name, text in self.headers.items() if name.lower() != "host"}
        request = urllib.request.Request(self.server.hand_on_to + self.path, body, headers)
        try:
            with urllib.request.urlopen(request, timeout=9) as response:
                return response.status, response.headers.get("X-Teamboard-Signature", ""), response.read()
        except urllib.error.HTTPError as refusal:
            return refusal.code, refusal.headers.get("X-Teamboard-Signature", ""), refusal.read()
        except OSError:
            return 502, "", b""

    def log_message(self, *_) -> None:
        pass

"""`manage.py up`: what has no address in the environment is started here, then the board itself."""

import hashlib
import importlib
import json
import os
import shlex
import subprocess
import sys
import urllib.request
from collections.abc import Iterator
from pathlib import Path

from teamboard import environment
from teamboard.environment import Environment, SettingRefused
from teamboard.launch import ROOT, CannotStart, data_folder, local_board, ports, web_server
from teamboard.launch.banner import banner, sign_in
from teamboard.launch.postgres import BOARD, Postgres
from teamboard.launch.programs import Program
from teamboard.launch.supervisor import Supervisor, wait_until_ready
from teamboard.launch.valkey import Valkey

PORT = 8000
PRACTICE_PORT = 18790
CALLBACK_PATH = "/api/v1/agents/callback/"


def up() -> int:
    environment.load(ROOT / ".env")
    folder = data_folder.folder()
    try:
        with data_folder.held(folder), Supervisor() as supervisor:
            return Start(folder, supervisor).run()
    except (CannotStart, SettingRefused) as exc:
        print(exc, file=sys.stderr)
        return 1


class Start:
    """One start, in its order; every step may complete the environment for the next."""

    def __init__(self, folder: Path, supervisor: Supervisor) -> None:
        self.folder, self.supervisor = folder, supervisor
        self.secrets = data_folder.read_secrets(folder)
        self.env = Environment()
        self.is_practice = not self.env.text("OPENCLAW_URL")
        self.external_database = self.board_url = self.env.text("DATABASE_URL")

    def run(self) -> int:
        data_folder.forget_settings(self.folder)  # an earlier start had other ports
        self.choose_address()
        self.set_environment()
        self.refuse_unreadable_settings()
        self.start_postgres()
        self.start_valkey()
        password = self.prepare()
        self.give_up_rights()
        data_folder.write_settings(self.folder)
        self.web, *_others = [self.supervisor.start(program) for program in self.own_programs()]
        if self.supervisor.wait_for(self.web_answers):
            print(self.banner(password), flush=True)
        elif password:
            self.supervisor.say(
                f"Next time, sign in as {sign_in(password)}. Another one: {self.new_password_command()}"
            )
        return self.supervisor.run()

    def choose_address(self) -> None:
        """Listen at once: what is set up meanwhile takes a minute, in which a free port may be taken."""
        wanted = self.env.integer("PORT", PORT, most=65535)
        self.host = self.env.text("HOST", ports.HOST).strip("[]")
        try:
            self.web_sockets = ports.listening(wanted, self.host)
        except OSError as exc:
            raise CannotStart(f"HOST is {self.host}, which is no address of this machine.") from exc
        self.port = ports.port_of(self.web_sockets)
        self.here = ports.url(self.host, self.port)
        self.practice_sockets = ports.listening(PRACTICE_PORT) if self.is_practice else []
        if self.port != wanted:
            self.supervisor.say(f"Port {wanted} is taken, so Team Board uses {self.port}.")

    def set_environment(self) -> None:
        defaults = data_folder.lasting_settings(self.folder) | {"PUBLIC_URL": self.here, "PYTHONUNBUFFERED": "1"}
        if self.is_practice:
            defaults |= {
                "OPENCLAW_URL": ports.url(ports.HOST, ports.port_of(self.practice_sockets)),
                "OPENCLAW_TOKEN": self.secrets["OPENCLAW_TOKEN"],
                "OPENCLAW_GATEWAY_TOKEN": self.secrets["OPENCLAW_GATEWAY_TOKEN"],
                "OPENCLAW_CALLBACK_SECRET": self.secrets["PRACTICE_CALLBACK_SECRET"],  # a real one has its own
                "OPENCLAW_IS_PRACTICE": "1",
            }
        local_board.complete(defaults)
        if self.is_practice and (hosts := self.env.text("ALLOWED_HOSTS")):
            # Whatever the names people use, the practice gateway reports to the address we listen on.
            os.environ["ALLOWED_HOSTS"] = f"{hosts},{self.here.removeprefix('http://').removesuffix(f':{self.port}')}"

    def refuse_unreadable_settings(self) -> None:
        """Read them all once, while nothing has been started that a refusal would leave behind."""
        self.env.boolean("EMPTY", False)
        importlib.import_module("teamboard.settings")

    def start_postgres(self) -> None:
        if self.external_database:
            return
        password = self.secrets["POSTGRES_PASSWORD"]
        postgres = Postgres(self.folder / "postgres", password=password, port=0)
        postgres.initialise()
        self.start_service(postgres)
        os.environ["DATABASE_URL"] = postgres.url
        os.environ["BOARD_DATABASE_PASSWORD"] = self.secrets["BOARD_DATABASE_PASSWORD"]
        self.board_url = postgres.url_as(BOARD, self.secrets["BOARD_DATABASE_PASSWORD"])

    def start_valkey(self) -> None:
        if self.env.text("REDIS_URL"):
            return
        password = self.secrets["VALKEY_PASSWORD"]
        valkey = Valkey(self.folder / "valkey", password=password, port=0)
        self.start_service(valkey)
        os.environ["REDIS_URL"] = valkey.url

    def start_service(self, service: Postgres | Valkey) -> None:
        """They take no socket from us, so they get another port when theirs was taken before they could bind it."""

        def start() -> None:
            wait_until_ready(self.supervisor.start(service.program()), self.supervisor)

        ports.on_free_port(service, start)

    def prepare(self) -> str | None:
        """Migrate, collect and seed unless nothing has changed since it was last done here."""
        mark = self.folder / "prepared"
        gateway = sorted(f"{name}={value}" for name, value in os.environ.items() if name.startswith("OPENCLAW_"))
        wanted = fingerprint(self.external_database, *gateway)
        if not self.external_database and mark.exists() and mark.read_text() == wanted:
            return None
        self.supervisor.say("Preparing the database and the pages.")
        command = [sys.executable, "-m", "teamboard.launch.prepare"]
        command += ["--without-role"] if self.external_database else []
        done = subprocess.run(command, cwd=ROOT, stdout=subprocess.PIPE, check=False)
        if done.returncode != 0:
            raise CannotStart("The database could not be prepared; above is why.")
        mark.write_text(wanted)
        password: str | None = json.loads(done.stdout)["password"]
        return password

    def give_up_rights(self) -> None:
        """What runs from here on is not the owner of the database: it can't change the audit."""
        os.environ["DATABASE_URL"] = self.board_url
        os.environ.pop("BOARD_DATABASE_PASSWORD", None)

    def own_programs(self) -> Iterator[Program]:
        background = [sys.executable, "-m", "teamboard.worker.main"]
        yield Program(
            "web",
            web_server.command(self.host, self.port, fds=[each.fileno() for each in self.web_sockets]),
            ready_line=web_server.READY,
            sockets=tuple(self.web_sockets),
            stop_seconds=Program.stop_seconds + self.env.number("DRAIN_SECONDS", 0),
            popen_options={"cwd": ROOT},
        )
        yield Program("worker", [*background, "worker"], popen_options={"cwd": ROOT})
        yield Program("beat", [*background, "beat", str(self.folder / "beat-schedule")], popen_options={"cwd": ROOT})
        if self.is_practice:
            yield self.practice_gateway()

    def practice_gateway(self) -> Program:
        """Its secrets reach it by the environment: arguments can be read by everybody here."""
        options = {
            "--fd": str(self.practice_sockets[0].fileno()),
            "--callback-url": f"{self.here}{CALLBACK_PATH}",
            "--agents": "scribe,mason",
            "--state": str(self.folder / "practice-gateway"),
        }
        program = str(ROOT / "integrations/openclaw/practice_gateway.py")
        command = [sys.executable, program, *(part for pair in options.items() for part in pair)]
        return Program("gateway", command, is_optional=True, sockets=tuple(self.practice_sockets))

    def web_answers(self) -> bool:
        """Our own process alone is believed: it has said so, and answers on the sockets that we gave it."""
        if not self.web.has_told:
            return False
        asked = urllib.request.build_opener(urllib.request.ProxyHandler({}))
        try:
            with asked.open(f"{self.here}/healthz", timeout=2):
                return True
        except OSError:
            return False

    def banner(self, password: str | None) -> str:
        return banner(
            url=os.environ["PUBLIC_URL"],
            password=password,
            new_password=self.new_password_command(),
            data="in the database of DATABASE_URL" if self.external_database else f"{self.folder} (kept)",
            gateway="" if self.is_practice else os.environ["OPENCLAW_URL"],
        )

    def new_password_command(self) -> str:
        """It works in any terminal, while this board runs and when it is stopped."""
        is_elsewhere = self.folder != ROOT / ".data"
        named = f"DATA_DIR={shlex.quote(str(self.folder))} " if is_elsewhere else ""
        return f"{named}make -C {shlex.quote(str(ROOT))} owner"


def fingerprint(*settings: str) -> str:
    """Changes when a migration, a static file, a requirement or one of `settings` does."""
    watched = [ROOT / "requirements.txt", *ROOT.glob("apps/*/migrations/*.py"), *ROOT.glob("static/**/*")]
    facts = [(str(path), path.stat().st_size, path.stat().st_mtime_ns) for path in sorted(watched)]
    return hashlib.sha256(repr((facts, settings)).encode()).hexdigest()

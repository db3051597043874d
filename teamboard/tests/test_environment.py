"""The one reader of settings: what is empty, what is refused and by which name, and what settings.py makes of it."""

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import psycopg
import pytest
from django.conf import settings

from teamboard import environment
from teamboard.environment import Environment, SettingRefused

pytestmark = pytest.mark.req("FLT-6")
ROOT = settings.BASE_DIR
EXAMPLE = environment.parse(re.sub(r"^#(?=[A-Z_]+=)", "", (ROOT / ".env.example").read_text(), flags=re.MULTILINE))
KEPT = {"PATH", "HOME", "LANG", "LC_ALL"}
SECRETS = {"SECRET_KEY": "k" * 50, "FIELD_KEYS": "f"}
# Values that can't be meant, and names that have to be in the refusal.
REFUSED = [
    ("DEBUG", "perhaps"),
    ("PUBLIC_URL", "board.example.org"),
    ("PUBLIC_URL", "https://board.example.org/board"),
    ("PUBLIC_URL", "http://[::1"),
    ("PORT", "80a"),
    ("PORT", "70000"),
    ("DRAIN_SECONDS", "-1"),
    ("DRAIN_SECONDS", "nan"),
    ("DATABASE_URL", "postgresql://teamboard:pa/ss@localhost/teamboard"),
    ("DATABASE_URL", "mysql://localhost/teamboard"),
    ("DATABASE_POOL", "0"),
    ("REDIS_URL", "localhost"),
    ("BROKER_URL", "redis://:pa/ss@localhost:6379/0"),
    ("OPENCLAW_URL", "localhost:18789"),
    ("OPENCLAW_MAPPED_HOOKS", "2"),
    ("LARGEST_FILE", "25M"),
    ("API_READS_PER_MINUTE", "1e3"),
    ("AUTHENTIK_ISSUER", "auth.example.org"),
    ("AUTHENTIK_ENDPOINTS", "token"),
    ("AUTHENTIK_CLIENT_SECRET_FILE", "/nowhere/at/all"),
    ("LOG_LEVEL", "loud"),
    ("SECRET_KEY", "  "),
]


def read_settings(*names: str, **variables: str) -> subprocess.CompletedProcess:
    """What a fresh process makes of these variables alone."""
    code = "import json, sys; from teamboard import settings as s; "
    code += "print(json.dumps([getattr(s, name) for name in sys.argv[1:]], default=str))"
    own = {name: value for name, value in os.environ.items() if name in KEPT} | SECRETS | variables
    command = [sys.executable, "-c", code, *names]
    return subprocess.run(command, cwd=ROOT, env=own, capture_output=True, text=True, check=False)


def settings_of(*names: str, **variables: str) -> list:
    done = read_settings(*names, **variables)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def all_settings(**variables: str) -> str:
    code = "from teamboard import settings as s; print({n: v for n, v in vars(s).items() if n.isupper()})"
    own = {name: value for name, value in os.environ.items() if name in KEPT} | SECRETS | variables
    return subprocess.check_output([sys.executable, "-c", code], cwd=ROOT, env=own, text=True)


def test_empty_variables_are_absent_ones():
    assert all_settings(**dict.fromkeys(set(EXAMPLE) - set(SECRETS), "  ")) == all_settings()


def test_empty_field_keys_are_those_of_secret_key():
    assert settings_of("FIELD_KEYS", FIELD_KEYS="") == [[SECRETS["SECRET_KEY"]]]
    assert settings_of("FIELD_KEYS", FIELD_KEYS=" new , old,") == [["new", "old"]]


@pytest.mark.parametrize(("name", "value"), REFUSED)
def test_refusal_names_variable(name, value):
    done = read_settings(**{name: value})
    assert done.returncode == 1
    said = done.stderr.strip().splitlines()[-1]
    assert said.startswith(f"teamboard.environment.SettingRefused: {name} ")
    assert "pa/ss" not in said


def test_command_refuses_in_one_sentence():
    own = os.environ | SECRETS | {"DATABASE_POOL": "many"}
    command = [sys.executable, "manage.py", "check"]
    done = subprocess.run(command, cwd=ROOT, env=own, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr.strip() == "DATABASE_POOL must be a whole number of at least 1, not 'many'."


@pytest.mark.parametrize(("name", "value"), [("PORT", "80a"), ("DATABASE_POOL", "many"), ("EMPTY", "perhaps")])
def test_make_run_refuses_before_anything_starts(tmp_path, name, value):
    own = {key: each for key, each in os.environ.items() if key not in ("DATABASE_URL", "REDIS_URL")}
    own |= {"DATA_DIR": str(tmp_path / "data"), name: value}
    command = [sys.executable, "manage.py", "up"]
    done = subprocess.run(command, cwd=ROOT, env=own, capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert done.stderr.startswith(f"{name} must be ")
    assert not (tmp_path / "data/postgres").exists()


@pytest.mark.parametrize("value", ["$SECRET_KEY", "$abc", "${HOME}", "a$b", "%41", "100%", "a/b", "a@b:c#d?e", "ü"])
def test_values_are_taken_as_they_stand(value):
    names = ["OPENCLAW_TOKEN", "AUTHENTIK_CLIENT_SECRET", "SECRET_KEY"]
    assert settings_of(*names, **dict.fromkeys(names, value)) == [value] * 3
    database = settings_of(
        "DATABASES", POSTGRES_PASSWORD=value, DATABASE_URL="postgresql://teamboard@postgres/teamboard"
    )
    assert database[0]["default"]["PASSWORD"] == value


def test_password_of_postgres_may_hold_any_sign():
    """A role with it signs in by what settings make of POSTGRES_PASSWORD."""
    password = "a/b%41@c:d#e?f $g"
    with psycopg.connect(os.environ["DATABASE_URL"], autocommit=True) as owner:
        owner.execute(
            psycopg.sql.SQL("CREATE ROLE odd_password LOGIN PASSWORD {}").format(psycopg.sql.Literal(password))
        )
        try:
            host = f"{owner.info.host}:{owner.info.port}"
            address = f"postgresql://odd_password@{host}/{owner.info.dbname}"
            made = settings_of("DATABASES", DATABASE_URL=address, POSTGRES_PASSWORD=password)[0]["default"]
            words = {"user": made["USER"], "password": made["PASSWORD"], "host": made["HOST"], "port": made["PORT"]}
            with psycopg.connect(dbname=made["NAME"], **words) as other:
                assert other.info.user == "odd_password"
        finally:
            owner.execute("DROP ROLE odd_password")


def test_database_address_keeps_its_parts():
    address = "postgresql://me:p%2Fw%25@%2FRun%2Fpg:5433/my%20board?sslmode=require&application_name=x"
    database = Environment({"DATABASE_URL": address}).database("DATABASE_URL", "", password="P")
    parts = {name: database[name] for name in ("NAME", "USER", "PASSWORD", "HOST", "PORT", "OPTIONS")}
    assert parts == {
        "NAME": "my board",
        "USER": "me",
        "PASSWORD": "p/w%",
        "HOST": "/Run/pg",
        "PORT": "5433",
        "OPTIONS": {"sslmode": "require", "application_name": "x"},
    }
    options = settings_of("DATABASES", DATABASE_URL=f"{address}&connect_timeout=9")[0]["default"]["OPTIONS"]
    assert (options["sslmode"], options["connect_timeout"]) == ("require", "9")


def test_board_role_has_a_password_of_its_own():
    passwords = {"POSTGRES_PASSWORD": "p", "BOARD_DATABASE_PASSWORD": "b"}

    def password_at(url: str, **given: str) -> str:
        return settings_of("DATABASES", DATABASE_URL=url, **given)[0]["default"]["PASSWORD"]

    assert password_at("postgresql://me@db/x", **passwords) == "p"
    assert password_at("postgresql://teamboard_board@db/x", **passwords) == "b"
    assert password_at("postgresql://teamboard_board:own@db/x", **passwords) == "own"
    assert password_at("postgresql://teamboard_board@db/x", POSTGRES_PASSWORD="p", BOARD_DATABASE_PASSWORD="") == "p"


def test_lists_take_commas_spaces_and_both():
    for value in ("a.example,b.example", "a.example b.example", " a.example , b.example ,"):
        hosts = settings_of(
            "ALLOWED_HOSTS", "OUTBOUND_ALLOWED_HOSTS", ALLOWED_HOSTS=value, OUTBOUND_ALLOWED_HOSTS=value
        )
        assert hosts == [["a.example", "b.example"]] * 2
    assert settings_of("GROUP_ROLES", GROUP_ROLES="board devs=TIDE:member , leads=TIDE:owner")[0] == [
        "board devs=TIDE:member",
        "leads=TIDE:owner",
    ]


def test_broker_may_be_several():
    address = "sentinel://a:26379;sentinel://b:26379"
    assert settings_of("CELERY_BROKER_URL", BROKER_URL=address) == [address]


def test_static_root_is_never_source_tree():
    for value in ("", " "):
        assert settings_of("STATIC_ROOT", STATIC_ROOT=value) == [str(ROOT / "staticfiles")]


def test_no_group_is_said_by_a_word():
    assert settings_of("AUTHENTIK_USERS_GROUP", AUTHENTIK_USERS_GROUP="") == ["teamboard-users"]
    assert settings_of("AUTHENTIK_USERS_GROUP", AUTHENTIK_USERS_GROUP="none") == [""]


def test_example_copied_is_that_of_an_empty_environment(tmp_path, monkeypatch):
    """But for the secrets, which are missing in both."""
    for name in EXAMPLE:
        monkeypatch.delenv(name, raising=False)
    before = dict(os.environ)
    environment.load(ROOT / ".env.example")
    changed = {name: value for name, value in os.environ.items() if before.get(name) != value}
    for name in set(changed) - set(before):
        monkeypatch.delenv(name)
    assert set(changed.values()) <= {""}
    with pytest.raises(SettingRefused, match=r"^SECRET_KEY is not set"):
        Environment(changed).required("SECRET_KEY")


def test_example_shows_true_defaults():
    """Each line that is commented out with a value says what holds without it."""
    shown = {name: value for name, value in EXAMPLE.items() if value and name not in ("DATABASE_URL", "REDIS_URL")}
    illustrations = {"AUTHENTIK_ISSUER", "DATA_DIR", "HOST", "GIT_FOLDER"}
    defaults = {name: value for name, value in shown.items() if name not in illustrations}
    assert len(defaults) >= 20
    assert all_settings(**defaults) == all_settings()


def test_file_fills_what_environment_leaves_empty(tmp_path, monkeypatch):
    file = tmp_path / ".env"
    file.write_text(
        "\ufeff# a comment\nexport ONE = ' 1 $x # y ' # why\n"
        'TWO="2 \\"q\\""\nTHREE=a#b # why\nFOUR=from-file\nFIVE=5\n'
    )
    monkeypatch.setenv("FOUR", "from-environment")
    monkeypatch.setenv("FIVE", " ")
    for name in ("ONE", "TWO", "THREE"):
        monkeypatch.setenv(name, "")
    environment.load(file)
    found = [os.environ[name] for name in ("ONE", "TWO", "THREE", "FOUR", "FIVE")]
    assert found == [" 1 $x # y ", '2 "q"', "a#b", "from-environment", "5"]


def test_compose_refuses_missing_secrets():
    text = (ROOT / "docker-compose.yml").read_text()
    for name in ("SECRET_KEY", "FIELD_KEYS", "POSTGRES_PASSWORD"):
        assert re.search(r"\$\{" + name + r":\?[^}]+\}", text), name
    assert not re.search(r"://[^\s}]*\$\{?\w*PASSWORD", text)


def test_only_the_reader_reads_variables():
    for path in [ROOT / "teamboard/settings.py", *(ROOT / "teamboard/launch").glob("*.py")]:
        assert "environ.Env" not in Path(path).read_text()


@pytest.mark.req("FLT-8")
@pytest.mark.parametrize("made", ["a folder", "no text"])
def test_file_that_can_not_be_read_is_refused(tmp_path, made):
    """Docker makes a folder of a file that is to be mounted and is not there."""
    path = tmp_path / ".env"
    path.mkdir() if made == "a folder" else path.write_bytes(b"SECRET_KEY=\xff\xfe")
    with pytest.raises(environment.SettingRefused, match=r"\.env can't be read"):
        environment.load(path)

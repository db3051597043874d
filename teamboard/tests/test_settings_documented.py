"""settings.py, .env.example, the launcher and docker-compose.yml know the same variables."""

import re

import pytest
import yaml
from django.conf import settings

ROOT = settings.BASE_DIR
EXAMPLE = (ROOT / ".env.example").read_text()
DOCUMENTED = set(re.findall(r"^#?([A-Z_]+)=", EXAMPLE, re.MULTILINE))
OF_THE_IMAGES = {"POSTGRES_USER", "POSTGRES_INITDB_ARGS"}
BOARD = {"migrate", "web", "worker", "beat"}


@pytest.fixture(scope="module")
def compose() -> dict:
    return yaml.safe_load((ROOT / "docker-compose.yml").read_text())


def read_by_settings() -> set[str]:
    source = (ROOT / "teamboard/settings.py").read_text()
    return set(re.findall(r'env\.\w+\(\s*"([A-Z_]+)"', source)) | set(
        re.findall(r'"(AUTHENTIK_CLIENT_SECRET_FILE|POSTGRES_PASSWORD)"', source)
    )


def read_by_launcher() -> set[str]:
    files = [*(ROOT / "teamboard/launch").glob("*.py"), ROOT / "teamboard/web/server.py"]
    sources = "".join(path.read_text() for path in files)
    read = set(re.findall(r'(?:environ(?:\.get\(|\[)|(?:env|Environment\(\))\.\w+\()"([A-Z_]+)"', sources))
    return read - {"TEST_DATABASE_URL", "TEST_REDIS_URL", "DJANGO_SETTINGS_MODULE"}


def test_each_variable_is_documented_and_no_other():
    assert read_by_settings() | read_by_launcher() == DOCUMENTED


def test_each_variable_says_why():
    """A comment stands right above it, or above the neighbour it shares one with."""
    for block in EXAMPLE.split("\n\n")[1:]:
        heading, first, *_ = block.splitlines()
        assert heading.startswith("# -- ")
        assert first.startswith("# ")


def test_compose_takes_documented_variables_only(compose):
    text = (ROOT / "docker-compose.yml").read_text()
    assert set(re.findall(r"(?<!\$)\$\{([A-Z_]+)", text)) <= DOCUMENTED
    set_by_compose = {name for service in compose["services"].values() for name in service.get("environment", {})}
    assert set_by_compose <= DOCUMENTED | OF_THE_IMAGES


def test_compose_starts_all_from_one_image_without_rights(compose):
    services = compose["services"]
    assert set(services) == BOARD | {"postgres", "proxy", "redis"}
    for name in BOARD:
        assert services[name]["image"] == "teamboard"
        assert services[name].get("command", "python ").startswith("python ")
        assert services[name]["read_only"] is True
        assert services[name]["cap_drop"] == ["ALL"]


def test_compose_services_have_health_checks_and_volumes(compose):
    services = compose["services"]
    assert all("healthcheck" in service for name, service in services.items() if name != "migrate")
    kept = {volume.split(":")[0] for service in services.values() for volume in service.get("volumes", [])}
    assert kept == set(compose["volumes"])


def test_the_image_is_not_root():
    lines = (ROOT / "Dockerfile").read_text().splitlines()
    assert lines.index("USER 10001") > max(i for i, line in enumerate(lines) if line.startswith("FROM"))

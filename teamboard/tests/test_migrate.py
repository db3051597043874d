"""`manage.py migrate`, told to two processes at once."""

import os
import subprocess
import sys
from urllib.parse import urlsplit

import psycopg
import pytest
from django.conf import settings

NAME = "migrated_twice"


@pytest.mark.req("FLT-8")
def test_migrate_twice_at_once_on_empty_database():
    address = urlsplit(os.environ["DATABASE_URL"])
    with psycopg.connect(address.geturl(), autocommit=True) as owner:
        owner.execute(f"CREATE DATABASE {NAME}")
        try:
            own = os.environ | {"DEBUG": "1", "DATABASE_URL": address._replace(path=f"/{NAME}").geturl()}
            command = [sys.executable, "manage.py", "migrate", "--no-input", "-v", "0"]
            both = [
                subprocess.Popen(command, cwd=settings.BASE_DIR, env=own, stderr=subprocess.PIPE, text=True)
                for _ in range(2)
            ]
            said = [process.communicate(timeout=240)[1] for process in both]
            assert [process.returncode for process in both] == [0, 0], said
        finally:
            owner.execute(f"DROP DATABASE {NAME} WITH (FORCE)")

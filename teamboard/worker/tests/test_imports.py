"""A worker holds no more than it needs: neither the administration's pages nor the API's."""

import subprocess
import sys

WITHOUT = ("apps.accounts.admin", "apps.agents.admin", "rest_framework.serializers", "requests")
PROGRAM = """
import sys
import teamboard.worker.main
from teamboard.celery import app
app.finalize()
app.loader.import_default_modules()
print(*sys.modules)
"""


def test_worker_imports_neither_admin_nor_api():
    done = subprocess.run([sys.executable, "-c", PROGRAM], check=True, capture_output=True, text=True)
    imported = done.stdout.split()
    assert "apps.agents.jobs" in imported
    assert [name for name in WITHOUT if name in imported] == []

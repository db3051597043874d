"""The plugin's own tests, which are JavaScript."""

import shutil
import subprocess
from pathlib import Path

import pytest

PLUGIN = Path(__file__).parents[2] / "integrations/openclaw/teamboard-callback"


def node_version() -> int:
    if not shutil.which("node"):
        return 0
    words = subprocess.run(["node", "--version"], capture_output=True, text=True, check=True).stdout
    return int(words.lstrip("v").partition(".")[0])


@pytest.mark.skipif(node_version() < 20, reason="needs Node.js 20 or newer")
def test_plugin_passes_its_own_tests():
    done = subprocess.run(["node", "--test"], cwd=PLUGIN, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout

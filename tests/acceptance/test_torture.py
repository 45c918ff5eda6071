"""The torture bench in small: the service is killed while pages are dropped, and nothing is lost or counted twice."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

TORTURE = Path(__file__).resolve().parents[2] / "bench" / "torture.py"


@pytest.mark.parametrize(("what", "extra"), [("kills", ["--pages", "120", "--kills", "4"]), ("reader_killed", [])])
def test_nothing_is_lost_or_doubled(tmp_path: Path, what: str, extra: list[str]) -> None:
    """Whatever is killed, each page is read once."""
    command = [sys.executable, str(TORTURE), what, *extra, "--out", str(tmp_path / "out.json")]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    found = json.loads((tmp_path / "out.json").read_text(encoding="utf-8"))[what]
    assert found["dropped"] == found["read"] > 100
    assert (found["lost"], found["doubled"], found["failed"]) == (0, 0, 0)


@pytest.mark.parametrize("what", ["stages_fail", "clock_back"])
def test_nothing_is_lost_where_the_world_fails_inside(tmp_path: Path, what: str) -> None:
    """A device that fails before a stage of reading; a clock that goes back an hour."""
    command = [sys.executable, str(TORTURE), what, "--pages", "60", "--out", str(tmp_path / "out.json")]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    found = json.loads((tmp_path / "out.json").read_text(encoding="utf-8"))[what]
    assert (found["read"], found["lost"], found["doubled"], found["failed"]) == (60, 0, 0, 0)

"""What commands import: the price of a command that is asked for in a script every second."""

import subprocess
import sys
from pathlib import Path

import pytest

from digitd.store import Store

#: What takes longer to import than all that these commands do.
SLOW = (
    "alembic", "cv2", "digitd.reading.pipeline", "matplotlib", "multiprocessing", "numpy", "pydantic", "rich",
    "sqlalchemy", "structlog", "urllib.request", "watchdog",
)  # fmt: skip


def imported(after: str, folder: Path, names: tuple[str, ...]) -> str:
    """Which of the names have been imported after some lines of Python in a process of their own."""
    said = f"import sys\n{after}\nprint('imported', *sorted(set({names!r}) & set(sys.modules)))"
    done = subprocess.run([sys.executable, "-c", said], cwd=folder, check=True, capture_output=True, text=True)
    return done.stdout.rpartition("imported")[2].strip()


@pytest.mark.parametrize(
    "command", ["--help", "status", "status nothing.png", "status --json", "export", "export --since 1h --json"]
)
def test_a_light_command_imports_nothing_slow(folder: Path, command: str) -> None:
    """With a database that is there: no SQLAlchemy, no arrays, no checks of types, no log, no bars, no web."""
    Store.open(folder / "var" / "digitd.db", create=True).close()
    after = f"from digitd.cli import main\ntry: main({command.split()!r})\nexcept SystemExit: pass"
    assert imported(after, folder, SLOW) == ""


def test_the_command_of_the_service_imports_little(folder: Path) -> None:
    """The command has read its configuration, and looked for its secret, before anything heavy is there."""
    early = ("numpy", "cv2", "sqlalchemy", "pydantic", "structlog", "rich", "digitd.store", "digitd.service")
    assert imported("import digitd.cli.service", folder, early) == ""


def test_the_service_itself_reads_nothing(folder: Path) -> None:
    """It needs no library of pictures, models or desks before its first document: its processes do."""
    never = (
        "ai_edge_litert", "cv2", "digitd.forms", "digitd.reader", "fastapi", "numpy", "pydantic", "sqlalchemy.orm",
        "urllib.request", "uvicorn",
    )  # fmt: skip
    assert imported("import digitd.service", folder, never) == ""

"""`digitd model use`: a model that cannot read is never chosen, and a running service takes the chosen one up."""

import csv
import hashlib
import io
import json
import os
import re
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import cv2
import numpy as np
import pytest
from click.testing import CliRunner

from digitd import config
from digitd.cli import main
from digitd.demo.handwriting import write_number
from digitd.errors import ExitCode
from digitd.models import CARD, KERAS, LITERT
from digitd.records import Box
from digitd.resources import shipped


def call(folder: Path, *arguments: str) -> tuple[int, str]:
    done = CliRunner().invoke(main, ["--config", str(folder / config.NAME), *arguments])
    return done.exit_code, done.output


@pytest.fixture
def clerk(tmp_path: Path) -> Path:
    """A folder made ready, with a copy of the shipped model under another name."""
    assert call(tmp_path, "init", str(tmp_path))[0] == ExitCode.OK
    other = tmp_path / "models" / "other"
    shutil.copytree(shipped("models") / "paper", other)
    card = json.loads((other / CARD).read_text(encoding="utf-8"))
    (other / CARD).write_text(json.dumps(card | {"name": "other"}), encoding="utf-8")
    return tmp_path


def in_use(folder: Path) -> str:
    return config.load(folder / config.NAME).reading.model


def test_the_chosen_model_is_in_use(clerk: Path) -> None:
    """The configuration names it, the list marks it, the doctor tries it, and the comments are still there."""
    code, output = call(clerk, "model", "use", "other")
    assert (code, in_use(clerk)) == (ExitCode.OK, "other")
    assert "other@" in output
    assert "before it was paper" in output
    assert "max_residual_mm = 1.5    # mm" in (clerk / config.NAME).read_text(encoding="utf-8")
    rows = {row["name"]: row["in_use"] for row in json.loads(call(clerk, "model", "list", "--json")[1])}
    assert rows == {"other": True, "paper": False}
    assert json.loads(call(clerk, "model", "use", "paper", "--json")[1])["before"] == "other"
    assert in_use(clerk) == "paper"


@pytest.mark.parametrize(
    ("name", "spoil", "told"),
    [
        ("another", lambda folder: None, r"no model called 'another'.*there: other, paper"),
        ("other", lambda folder: (folder / LITERT).write_bytes(b"TFL3" * 99), "do not belong together"),
        ("other", lambda folder: (folder / KERAS).write_bytes(b"keras"), "do not belong together"),
        ("other", lambda folder: (folder / CARD).unlink(), r"card\.json"),
        ("../models/other", lambda folder: None, "is a path"),
    ],
)
def test_what_cannot_read_is_not_chosen(clerk: Path, name: str, spoil: object, told: str) -> None:
    """The reason is told, the exit code is the model's, and the configuration is as it was."""
    before = (clerk / config.NAME).read_bytes()
    spoil(clerk / "models" / "other")  # type: ignore[operator]
    code, output = call(clerk, "model", "use", name)
    assert code == ExitCode.BAD_MODEL
    assert re.search(told, output)
    assert (clerk / config.NAME).read_bytes() == before


def test_a_file_no_interpreter_takes_is_not_chosen(clerk: Path) -> None:
    """A card may agree with a file that is no model: so the model is tried."""

    other = clerk / "models" / "other"
    (other / LITERT).write_bytes(b"no model")
    card = json.loads((other / CARD).read_text(encoding="utf-8"))
    card["litert_sha256"] = hashlib.sha256(b"no model").hexdigest()
    (other / CARD).write_text(json.dumps(card), encoding="utf-8")
    code, output = call(clerk, "model", "use", "other")
    assert (code, in_use(clerk)) == (ExitCode.BAD_MODEL, "paper")
    assert "not a LiteRT file" in output


def test_without_a_configuration_there_is_nothing_to_write_into(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Outside a folder made ready the message names the command that makes one."""
    monkeypatch.chdir(tmp_path)
    done = CliRunner().invoke(main, ["model", "use", "paper"])
    assert done.exit_code == ExitCode.BAD_CONFIG
    assert "`digitd init` makes one" in done.output
    assert list(tmp_path.iterdir()) == []


class Running:
    """`digitd run` in a process of its own, whose log is read line by line."""

    def __init__(self, folder: Path) -> None:
        self.process = subprocess.Popen(
            [sys.executable, "-m", "digitd", "run"],
            cwd=folder,
            stderr=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            text=True,
        )
        self.until("service_started")

    def until(self, event: str) -> str:
        assert self.process.stderr is not None
        lines = []
        for line in self.process.stderr:
            lines.append(line)
            assert "document_failed" not in line, lines
            if event in line:
                return line
        raise AssertionError(f"the service ended without {event}: {lines}")


@pytest.fixture
def running(clerk: Path) -> Iterator[Running]:
    text = (clerk / config.NAME).read_text(encoding="utf-8").replace("processes = 0", "processes = 1")
    (clerk / config.NAME).write_text(text, encoding="utf-8")
    assert call(clerk, "form", "new", "amount", "--whole-page")[0] == ExitCode.OK
    made = Running(clerk)
    yield made
    made.process.kill()
    made.process.communicate()


def drop(clerk: Path, number: int) -> None:
    paper = np.full((80, 300), 250, np.uint8)
    write_number(paper, str(1000 + number), Box(x0=10, y0=5, x1=290, y1=75), np.random.default_rng(number))
    cv2.imwrite(os.fspath(clerk / f"{number}.png"), paper)
    (clerk / f"{number}.png").rename(clerk / "inbox" / "amount" / f"{number}.png")


def test_a_running_service_takes_it_up(clerk: Path, running: Running) -> None:
    """No restart: the next document is read with the other model, and each row names the model that read it."""
    drop(clerk, 1)
    running.until("document_read")
    assert call(clerk, "model", "use", "other")[0] == ExitCode.OK
    drop(clerk, 2)
    assert "other@" in running.until("model_changed")
    assert "2.png" in running.until("document_read")
    running.process.send_signal(signal.SIGTERM)
    running.process.communicate(timeout=60)
    assert running.process.returncode == 0
    rows = list(csv.DictReader(io.StringIO(call(clerk, "export", "--format", "csv")[1])))
    assert {row["document"]: row["model"].partition("@")[0] for row in rows} == {"1.png": "paper", "2.png": "other"}

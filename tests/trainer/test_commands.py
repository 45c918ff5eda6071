"""`digitd train` trains, and has commands under it; asking for help costs nothing."""

import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner, Result

from digitd.cli import main
from digitd.errors import ExitCode
from digitd_trainer import frameworks
from digitd_trainer.commands._sets import tell_shared
from digitd_trainer.data.digits import Digits


def train(*arguments: str | Path) -> Result:
    return CliRunner().invoke(main, ["train", *map(str, arguments)])


def test_help_names_what_is_under_it() -> None:
    """The options of training and the commands beside it are on one page."""
    said = train("--help").output
    assert "--recipe" in said
    assert "preview  A sheet" in said
    assert "predict  What a model says" in said


@pytest.mark.parametrize("command", ["", "preview", "predict"])
def test_help_imports_nothing_slow(command: str) -> None:
    """Whoever asks for help waits for no array library, no database and no TensorFlow."""
    said = f"import sys; from digitd.cli import main; main('train {command} --help'.split(), standalone_mode=False); "
    said += "sys.exit(any(name in sys.modules for name in ('numpy', 'cv2', 'sqlalchemy', 'pydantic', 'tensorflow')))"
    assert subprocess.run([sys.executable, "-c", said], check=False, capture_output=True).returncode == 0


def test_a_command_that_is_not_there_is_refused() -> None:
    """A file named without --data is no command, and nothing is trained."""
    result = train("train.csv")
    assert result.exit_code == 2
    assert "No such command 'train.csv'" in result.output


def test_pictures_that_are_learnt_from_and_measured_with_are_told_of(
    digits: Digits, capsys: pytest.CaptureFixture[str]
) -> None:
    """The same digits under another name, as x_test is in Kaggle's train.csv, are known by their pixels."""
    learnt = replace(digits, name="train.csv", images=digits.images[:100])
    some = replace(digits, name="x_test", images=digits.images[90:120])
    tell_shared([some, replace(some, name="smaller", images=some.images[:, :20])], [learnt])
    assert capsys.readouterr().err.startswith("digitd: warning: x_test: 10 of its 30 pictures are learnt from too")
    tell_shared([replace(some, images=digits.images[200:300])], [learnt])
    assert capsys.readouterr().err == ""


def test_data_that_cannot_be_learnt_from_is_refused(
    tmp_path: Path, digits: Digits, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One class only, and pictures without labels, are known before TensorFlow is imported."""
    monkeypatch.setattr(frameworks, "import_keras", lambda: pytest.fail("imported"))
    np.savez(tmp_path / "zeros.npz", x=digits.images, y=np.zeros(len(digits.images), np.uint8))
    header = ",".join(f"pixel{i}" for i in range(784))
    (tmp_path / "test.csv").write_text(header + "\n" + ",".join(["9"] * 784) + "\n")
    for name, said in (("zeros.npz", "no digit but 0 is in it"), ("test.csv", "has no column label")):
        result = train("--data", tmp_path / name, "--out", tmp_path)
        assert result.exit_code == ExitCode.BAD_INPUT
        assert f"{name}: {said}" in result.output

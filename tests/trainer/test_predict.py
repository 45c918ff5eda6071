"""`digitd train predict` writes what Kaggle wants: each line of a CSV gets one of ten answers, or nothing is."""

import json
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner, Result
from numpy.typing import NDArray

from digitd.cli import main
from digitd.demo.handwriting import draw_mark
from digitd.errors import ExitCode
from digitd.models import Model, find
from digitd.resources import shipped
from digitd_trainer import predict as predictions
from digitd_trainer.augment.rounds import as_squares, normalised
from digitd_trainer.data.cells import fitted
from digitd_trainer.data.digits import Digits
from digitd_trainer.preview import drawn_digits


@pytest.fixture(scope="module")
def drawn() -> Digits:
    return drawn_digits(6, seed=5)


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


def predict(*arguments: str | Path) -> Result:
    return CliRunner().invoke(main, ["train", "predict", *map(str, arguments)])


def write_csv(path: Path, digits: Digits, *, labelled: bool) -> Path:
    rows = digits.images.reshape(len(digits.images), -1)
    if labelled:
        rows = np.hstack([digits.labelled()[:, None], rows])
    names = ["label"] * labelled + [f"pixel{i}" for i in range(784)]
    path.write_text("\n".join([",".join(names), *(",".join(map(str, row)) for row in rows.tolist())]) + "\n")
    return path


def answers(path: Path) -> NDArray[np.int64]:
    header, *lines = path.read_text().splitlines()
    assert header == "ImageId,Label"
    return np.array([line.split(",") for line in lines], np.int64)


def test_a_submission_is_written(folder: Path, drawn: Digits) -> None:
    """ImageId counts from 1 in the order of the lines; the shipped model reads nearly all digits drawn clearly."""
    result = predict("--data", write_csv(folder / "test.csv", drawn, labelled=False))
    assert result.exit_code == ExitCode.OK, result.output
    assert result.output.startswith("submission.csv: 60 digits, read by paper@")
    assert "labelled" not in result.output
    said = answers(folder / "submission.csv")
    np.testing.assert_array_equal(said[:, 0], np.arange(1, 61))
    assert (said[:, 1] == drawn.labelled()).sum() >= 57
    assert not list(folder.glob(".*"))


def test_what_looks_like_no_digit_gets_a_digit(folder: Path, drawn: Digits) -> None:
    """Kaggle has ten classes: crosses and an empty picture are answered with one of them, and counted."""
    rng = np.random.default_rng(0)
    crosses = as_squares(np.stack([fitted(draw_mark("X", rng)) for _ in range(8)]))
    images = np.concatenate([drawn.images[:4], crosses, np.zeros((1, 28, 28), np.uint8)])
    given = replace(drawn, images=images, labels=None)
    result = predict("--data", write_csv(folder / "test.csv", given, labelled=False), "--json")
    assert result.exit_code == ExitCode.OK, result.output
    figures = json.loads(result.stdout)
    assert figures["digits"] == 13
    assert figures["not_a_digit"] >= 6
    assert "accuracy" not in figures
    assert set(answers(folder / "submission.csv")[:, 1]) <= set(range(10))


def test_labels_are_compared_with_where_there_are_any(folder: Path, drawn: Digits) -> None:
    """For train.csv the share that is right is told, with its interval."""
    data = write_csv(folder / "train.csv", drawn, labelled=True)
    figures = json.loads(predict("--data", data, "--out", folder / "a.csv", "--json").stdout)
    right = int((answers(folder / "a.csv")[:, 1] == drawn.labelled()).sum())
    assert (figures["right"], figures["digits"], figures["accuracy"]) == (right, 60, right / 60)
    assert figures["interval"][0] < right / 60 <= figures["interval"][1]
    text = predict("--data", data, "--out", folder / "b.csv").output
    assert f"{100 * right / 60:.2f} % as labelled, {right} of 60 (95 %: " in text


def test_a_bad_line_stops_it(folder: Path, drawn: Digits) -> None:
    """Kaggle counts every line, so one that cannot be read is named, and no file is written."""
    data = write_csv(folder / "test.csv", drawn, labelled=False)
    lines = data.read_text().splitlines()
    lines[3], lines[7] = "1,2", lines[7] + ",0"
    data.write_text("\n".join(lines))
    result = predict("--data", data)
    assert result.exit_code == ExitCode.BAD_INPUT
    assert "test.csv, line 4: 2 values, the header has 784 (and 1 more)" in result.output
    assert not (folder / "submission.csv").exists()


def test_a_file_that_is_there_is_kept(folder: Path, drawn: Digits) -> None:
    """A submission is replaced only when that is asked for, and this is known before anything is read."""
    (folder / "submission.csv").write_text("mine")
    result = predict("--data", folder / "absent.csv")
    assert result.exit_code == ExitCode.BAD_INPUT
    assert "--force" in result.output
    assert (folder / "submission.csv").read_text() == "mine"
    result = predict("--data", write_csv(folder / "test.csv", drawn, labelled=False), "--force")
    assert result.exit_code == ExitCode.OK
    assert len(answers(folder / "submission.csv")) == 60


def test_faults_are_told(folder: Path, drawn: Digits, monkeypatch: pytest.MonkeyPatch) -> None:
    """A missing file, folder or model, and a disk that takes nothing, each end in a sentence and leave no draft."""
    data = write_csv(folder / "test.csv", drawn, labelled=False)
    assert "absent.csv: cannot be read: No such file" in predict("--data", folder / "absent.csv").output
    assert "its folder is not there" in predict("--data", data, "--out", folder / "no" / "a.csv").output
    result = predict("--data", data, "--model", "nobody")
    assert result.exit_code == ExitCode.BAD_MODEL
    assert "no model called 'nobody'" in result.output

    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(Path, "replace", full)
    result = predict("--data", data)
    assert result.exit_code == ExitCode.BAD_INPUT
    assert "submission.csv: No space left on device" in result.output
    assert sorted(path.name for path in folder.iterdir()) == ["test.csv"]


@pytest.mark.parametrize(
    ("recipe", "expected"), [("paper", True), ("seed", False), ("quick", True), ("mine", True), (None, True)]
)
def test_glyphs_are_as_the_model_learnt_them(
    drawn: Digits, monkeypatch: pytest.MonkeyPatch, recipe: str | None, expected: bool
) -> None:
    """The recipe on the card says whether pictures are normalised first; without a word they are."""
    seen: list[NDArray[np.uint8]] = []

    def classifier(litert: bytes, *, temperature: float) -> object:
        def said(glyphs: NDArray[np.uint8]) -> NDArray[np.float32]:
            seen.append(glyphs)
            return np.eye(11, dtype=np.float32)[np.full(len(glyphs), 10)]

        return said

    monkeypatch.setattr(predictions, "Classifier", classifier)
    shipped_model = find("paper", shipped("models"))
    card = {"recipe": recipe, "temperature": 1.0} if recipe else {"temperature": 1.0}
    model = Model(id="m@1", folder=shipped_model.folder, card=card, litert=b"")
    found = predictions.predict(drawn, model)
    np.testing.assert_array_equal(seen[0], normalised(drawn.images) if expected else drawn.images)
    assert found.rejected == 60
    assert (found.digits < 10).all()


def test_it_needs_no_tensorflow(folder: Path, drawn: Digits) -> None:
    """Neither TensorFlow nor scikit-learn is needed: a base install makes a submission."""
    write_csv(folder / "test.csv", drawn, labelled=False)
    said = "import sys; sys.modules.update(dict.fromkeys(('tensorflow', 'keras', 'sklearn'))); "
    said += "from digitd.cli import main; main(['train', 'predict', '--data', 'test.csv'])"
    done = subprocess.run([sys.executable, "-c", said], check=False, capture_output=True, text=True, cwd=folder)
    assert (done.returncode, done.stderr) == (0, "")
    assert len(answers(folder / "submission.csv")) == 60

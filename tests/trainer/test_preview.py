"""`digitd train preview` draws what a recipe trains on, from digits given or its own, without TensorFlow."""

import json
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
from click.testing import CliRunner, Result

from digitd.cli import main
from digitd.errors import ExitCode
from digitd.records import NOT_A_DIGIT
from digitd_trainer import preview as previews
from digitd_trainer.augment.rounds import normalised
from digitd_trainer.data.digits import Digits
from digitd_trainer.preview import drawn_digits, plot_sheet, sheet
from digitd_trainer.recipes import RECIPES

#: The recipe that ships, but with nothing of its own writing.
UNWRITTEN = replace(RECIPES["paper"], penned=0)


def preview(*arguments: str | Path) -> Result:
    return CliRunner().invoke(main, ["train", "preview", *map(str, arguments)])


def test_every_class_is_shown(digits: Digits) -> None:
    """A recipe that distorts shows as many of each digit as are asked for, and as many strangers; always glyphs."""
    blocks = sheet([digits], RECIPES["paper"], count=12, seed=1)
    assert list(blocks) == [*range(10), NOT_A_DIGIT]
    for glyphs in blocks.values():
        assert glyphs.shape == (12, 28, 28)
        assert glyphs.dtype == np.uint8
    assert np.mean([glyphs.any(axis=(1, 2)).mean() for glyphs in blocks.values()]) > 0.95


def test_a_set_of_few_digits_is_enough(digits: Digits) -> None:
    """Digits are shown again where there are too few, and strangers are not fewer for it."""
    few = np.flatnonzero(np.isin(digits.labelled(), (2, 5)))[:6]
    given = replace(digits, images=digits.images[few], labels=digits.labelled()[few])
    blocks = sheet([given], UNWRITTEN, count=20, seed=1)
    assert {label: len(glyphs) for label, glyphs in blocks.items()} == {2: 20, 5: 20, NOT_A_DIGIT: 20}


def test_the_seed_decides_what_is_shown(digits: Digits) -> None:
    """The same seed draws the same sheet, another one another."""
    first, again, other = (sheet([digits], RECIPES["paper"], count=4, seed=seed) for seed in (1, 1, 2))
    for label, glyphs in first.items():
        np.testing.assert_array_equal(glyphs, again[label])
        assert (glyphs != other[label]).any()


def test_recipes_that_do_not_distort_show_what_they_take() -> None:
    """`quick` shows glyphs normalised, `seed` the pictures themselves; neither knows strangers."""
    digits = drawn_digits(3, seed=0)
    for recipe, expected in (("quick", normalised(digits.images)), ("seed", digits.images)):
        blocks = sheet([digits], RECIPES[recipe], count=3, seed=0)
        assert list(blocks) == list(range(10))
        for label, glyphs in blocks.items():
            shown = {glyph.tobytes() for glyph in glyphs}
            assert shown == {glyph.tobytes() for glyph in expected[digits.labelled() == label]}


def test_the_sheet_shows_each_glyph_in_its_place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Glyphs stand from the left, row by row, pixel for pixel twice as large, each class below the one before."""
    glyphs = np.random.default_rng(0).integers(0, 256, (3, 28, 28), np.uint8)
    plot_sheet({4: glyphs, NOT_A_DIGIT: glyphs[::-1]}, tmp_path / "sheet.png", columns=2, title="t", note="n")
    drawn = cv2.imread(str(tmp_path / "sheet.png"), cv2.IMREAD_GRAYSCALE)
    assert drawn is not None
    left, top = round(previews.LEFT * 150), round(previews.TOP * 150)
    pitch = 28 * previews.ENLARGED + previews.GAP_PX
    block = 2 * pitch + previews.CLASS_GAP_PX
    for row, column, glyph in ((0, 0, 0), (0, 1, 1), (1, 0, 2)):
        for offset, wanted in ((0, glyphs[glyph]), (block, glyphs[2 - glyph])):
            y, x = top + offset + row * pitch, left + column * pitch
            np.testing.assert_allclose(drawn[y : y + 56 : 2, x : x + 56 : 2].astype(int), wanted.astype(int), atol=2)


def test_the_command_needs_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Without data it shows digits that digitd draws, in the folder where it is run."""
    monkeypatch.chdir(tmp_path)
    result = preview("--rows", "1", "--columns", "3")
    assert result.exit_code == ExitCode.OK, result.output
    assert result.output == "preview.png: 33 glyphs of 11 classes\n"
    assert (tmp_path / "preview.png").read_bytes().startswith(b"\x89PNG")


def test_the_command_shows_what_is_given(tmp_path: Path, digits: Digits) -> None:
    """Data as for training; what was left out of it is told, and which digits it lacks: the recipe writes its own."""
    labels = np.where(digits.labelled() == 7, 12, digits.labelled())
    np.savez(tmp_path / "set.npz", x=digits.images, y=labels)
    out = tmp_path / "sheet.png"
    result = preview("--data", tmp_path / "set.npz", "--out", out, "--columns", "2", "--rows", "1", "--json")
    assert result.exit_code == ExitCode.OK, result.output
    said: dict[str, Any] = json.loads(result.stdout)
    assert said == {
        "file": str(out),
        "recipe": "paper",
        "seed": 42,
        "glyphs": dict.fromkeys(map(str, range(11)), 2),
    }
    sevens = int((digits.labelled() == 7).sum())
    assert f"set.npz: {sevens} of 1,797 left out:\n  picture 8: the label is 12, not 0 to 9\n" in result.stderr
    assert f"  and {sevens - 10} more\n" in result.stderr
    assert "no 7 among the digits" in result.stderr


def test_given_strangers_are_shown_beside_drawn_ones(digits: Digits) -> None:
    """What a set has of *not a digit* is distorted and shown as that."""
    labels = np.where(digits.labelled() == 7, NOT_A_DIGIT, digits.labelled())
    blocks = sheet([replace(digits, labels=labels)], UNWRITTEN, count=12, seed=1)
    assert {label: len(glyphs) for label, glyphs in blocks.items()} == dict.fromkeys(
        (0, 1, 2, 3, 4, 5, 6, 8, 9, 10), 12
    )


def test_faults_are_told(tmp_path: Path) -> None:
    """A sheet that cannot be written and options before the command's name end in a sentence."""
    result = preview("--rows", "1", "--columns", "1", "--out", tmp_path / "absent" / "sheet.png")
    assert result.exit_code == ExitCode.BAD_CONFIG
    assert "Name a file in a folder that exists" in result.output
    result = CliRunner().invoke(main, ["train", "--seed", "3", "preview"])
    assert result.exit_code == 2
    assert "options come after the command: digitd train preview" in result.output


def test_it_needs_no_tensorflow(tmp_path: Path) -> None:
    """Neither TensorFlow nor scikit-learn is needed: the base install can show what training would see."""
    said = "import sys; sys.modules.update(dict.fromkeys(('tensorflow', 'keras', 'sklearn'))); "
    said += (
        f"from digitd.cli import main; main(['train', 'preview', '--rows=1', '--columns=1', '--out={tmp_path}/a.png'])"
    )
    done = subprocess.run([sys.executable, "-c", said], check=False, capture_output=True, text=True)
    assert (done.returncode, done.stderr) == (0, "")
    assert (tmp_path / "a.png").is_file()

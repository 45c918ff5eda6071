"""`digitd form draw` as a person uses it: draw, print, fill in, photograph, read."""

import json
from pathlib import Path

import cv2
import numpy as np
import pytest
from click.testing import CliRunner

from digitd.cli import main
from digitd.demo.handwriting import write_number
from digitd.errors import ExitCode
from digitd.forms.library import open_form, reference_pages
from digitd.reading.load import Limits

DESCRIPTION = """
title = "Water meters"
[[fields]]
name = "card"
label = "Number of the card"
cells = 6
[[fields]]
name = "before"
label = "Before"
cells = 4
[[fields]]
name = "now"
label = "Now"
cells = 4
"""

VALUES = {"card": "206473", "before": "2856", "now": "3047"}


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder made by `digitd init`, with the description of a form."""
    monkeypatch.chdir(tmp_path)
    assert CliRunner().invoke(main, ["init"]).exit_code == 0
    Path("meters-description.toml").write_text(DESCRIPTION)
    return tmp_path


def run(*words: str) -> tuple[int, str, str]:
    result = CliRunner().invoke(main, words)
    return result.exit_code, result.stdout, result.stderr


def photo(page: np.ndarray) -> np.ndarray:
    """The page on a dark table, turned and seen from the side."""
    height, width = page.shape
    given = np.array([(0, 0), (width, 0), (width, height), (0, height)], np.float32)
    seen = np.array([(1900, 420), (2290, 2180), (260, 2540), (330, 560)], np.float32)
    view = cv2.getPerspectiveTransform(given, seen)
    shot = np.full((2900, 2600), 70, np.uint8)
    sheet = cv2.warpPerspective(np.full_like(page, 255), view, shot.shape[::-1])
    shot = np.where(sheet > 127, cv2.warpPerspective(page, view, shot.shape[::-1], flags=cv2.INTER_AREA), shot)
    light = np.linspace(1.0, 0.6, shot.shape[1])[None]
    noise = np.random.default_rng(3).normal(0, 3, shot.shape)
    return np.clip(cv2.GaussianBlur(shot, (0, 0), 0.8) * light + noise, 0, 255).astype(np.uint8)


@pytest.mark.usefixtures("here")
def test_a_drawn_form_is_read_from_a_photo() -> None:
    """Drawn, filled in by hand, lying sideways in a photo: every value is read."""
    code, out, _ = run("form", "draw", "meters", "--description", "meters-description.toml", "--json")
    assert (code, json.loads(out)["fields"]) == (0, list(VALUES))
    template = open_form("meters", Path("forms"))[0]
    page = reference_pages([template], Limits())[0].pixels.copy()
    for field in template.fields:
        write_number(page, VALUES[field.name], field.box, np.random.default_rng(5), cells=field.cells)
    cv2.imwrite("photo.jpg", photo(page))
    code, out, _ = run("read", "photo.jpg", "--form", "meters", "--json")
    assert code == 0
    fields = json.loads(out)["fields"]
    assert {field["field"]: field["value"] for field in fields} == VALUES


def test_the_pdf_is_written_where_it_is_wanted(here: Path) -> None:
    """With --description and later without, the same file; the inbox has a folder for the scans."""
    assert run("form", "draw", "meters", "--description", "meters-description.toml", "--out", "one.pdf")[0] == 0
    code, out, _ = run("form", "draw", "meters", "--out", "two.pdf")
    assert (code, "two.pdf: 1 page, 3 fields" in out) == (0, True)
    assert Path("one.pdf").read_bytes() == Path("two.pdf").read_bytes() == Path("forms/meters.pdf").read_bytes()
    assert (here / "inbox" / "meters").is_dir()


@pytest.mark.usefixtures("here")
def test_without_a_description_or_a_file_to_write_there_is_nothing_to_do() -> None:
    """The message says what to give."""
    code, _, said = run("form", "draw", "meters")
    assert (code, "--description FILE.toml" in said) == (ExitCode.BAD_CONFIG, True)
    code, _, said = run("form", "draw", "meters", "--out", "x.pdf")
    assert (code, "no form called" in said) == (ExitCode.BAD_CONFIG, True)

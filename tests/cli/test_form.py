"""`digitd form` and `digitd read` as a person uses them."""

import json
from pathlib import Path

import cv2
import numpy as np
import pytest
from click.testing import CliRunner

from digitd.cli import main
from digitd.demo.card import FIELDS, blank_card
from digitd.errors import ExitCode


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder made by `digitd init`, with a card's picture and its fields."""
    monkeypatch.chdir(tmp_path)
    assert CliRunner().invoke(main, ["init"]).exit_code == 0
    cv2.imwrite("card.png", blank_card())
    lines = [f"{f.name},{f.box.x0:g},{f.box.y0:g},{f.box.x1:g},{f.box.y1:g},{f.cells or ''}" for f in FIELDS]
    Path("fields.csv").write_text("\n".join(["field,x0,y0,x1,y1,cells", *lines]))
    return tmp_path


def run(*words: str) -> tuple[int, str, str]:
    result = CliRunner().invoke(main, words)
    return result.exit_code, result.stdout, result.stderr


def test_a_form_is_made_listed_shown_and_checked(here: Path) -> None:
    """From a picture and a CSV to a residual on a scan, each step with JSON too."""
    assert run("form", "new", "card", "--reference", "card.png", "--fields", "fields.csv")[0] == 0
    assert (here / "inbox" / "card").is_dir()
    assert json.loads(run("form", "list", "--json")[1]) == [{"form": "card", "problem": ""}]
    shown = json.loads(run("form", "show", "card", "--json")[1])
    assert [f["name"] for f in shown["fields"]] == [f.name for f in FIELDS]
    cv2.imwrite("turned.png", cv2.rotate(blank_card(), cv2.ROTATE_180))
    cv2.imwrite("white.png", np.full((800, 600), 255, np.uint8))
    code, out, _ = run("form", "check", "card", "turned.png", "white.png", "missing.png", "--json")
    turned, white, missing = json.loads(out)["scans"]
    assert code == ExitCode.SOME_FAILED
    assert turned["residual_mm"] < 0.2
    assert white["residual_mm"] is None
    assert missing["problem"] == "No such file or directory"


@pytest.mark.usefixtures("here")
def test_a_whole_page_form_has_nothing_to_check() -> None:
    """There is nothing to find on a scan, and JSON is JSON all the same."""
    assert run("form", "new", "amount", "--whole-page")[0] == 0
    assert json.loads(run("form", "check", "amount", "--json")[1]) == {"form": "amount", "fields": 1, "scans": []}


@pytest.mark.usefixtures("here")
def test_a_form_that_cannot_be_made_says_why() -> None:
    """The exit code and the words are those of a wrong input."""
    code, _, said = run("form", "new", "card", "--reference", "card.png")
    assert (code, "--fields FIELDS.csv" in said) == (ExitCode.BAD_CONFIG, True)
    code, _, said = run("form", "new", "card", "--whole-page", "--reference", "card.png")
    assert (code, "takes neither" in said) == (ExitCode.BAD_CONFIG, True)


def digit(text: str) -> np.ndarray:
    picture = np.full((120, 90), 240, np.uint8)
    cv2.putText(picture, text, (20, 95), cv2.FONT_HERSHEY_SIMPLEX, 3, 20, 6)
    return picture


@pytest.mark.usefixtures("here")
def test_pictures_are_read_at_once() -> None:
    """Values, truth, a gallery and the stages, with names that rich would take for markup."""
    cv2.imwrite("seven[bold].png", digit("7"))
    cv2.imwrite("three.png", digit("3"))
    words = ("read", "seven[bold].png", "three.png", "--truth", "7,3", "--plot", "all.png", "--debug", "stages")
    code, out, _ = run(*words)
    assert code == 0
    assert "seven[bold].png" in out
    assert "2 of 2 right" in out
    assert Path("all.png").read_bytes().startswith(b"\x89PNG")
    assert sorted(p.name for p in Path("stages").glob("2-three*")) == [
        "2-three-p1-1-load.png",
        "2-three-p1-2-locate.png",
        "2-three-p1-3-segment.png",
        "2-three-p1-4-normalise.png",
    ]


@pytest.mark.usefixtures("here")
def test_what_cannot_be_read_is_told_and_the_rest_is_read() -> None:
    """One bad picture harms no other, and a forced form that does not fit is told."""
    cv2.imwrite("seven.png", digit("7"))
    Path("text.png").write_text("Dear Sir")
    code, out, said = run("read", "seven.png", "text.png", "missing.png", "--json")
    found = json.loads(out)
    assert code == ExitCode.SOME_FAILED
    assert [f["value"] for f in found["fields"]] == ["7"]
    assert set(found["failed"]) == {"text.png", "missing.png"}
    assert "holds text" in said
    run("form", "new", "card", "--reference", "card.png", "--fields", "fields.csv")
    code, out, _ = run("read", "seven.png", "--form", "card", "--json")
    assert code == ExitCode.SOME_FAILED
    assert json.loads(out)["failed"] == {"seven.png, page 1": "form card does not fit on the page"}
    code, _, said = run("read", "seven.png", "text.png", "--truth", "7,8")
    assert (code, "holds text" in said, "2 values, but 1 field" in said) == (ExitCode.BAD_CONFIG, True, True)

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
    cv2.imwrite("words.png", cv2.putText(np.full((600, 900), 255, np.uint8), "Dear Sir", (90, 300), 0, 3, 0, 5))
    code, _, said = run("form", "new", "card", "--reference", "words.png")
    assert (code, "no boxes" in said, "--fields FIELDS.csv" in said) == (ExitCode.BAD_CONFIG, True, True)
    code, _, said = run("form", "new", "card")
    assert (code, "--reference" in said) == (ExitCode.BAD_CONFIG, True)
    code, _, said = run("form", "new", "card", "--whole-page", "--reference", "card.png")
    assert (code, "takes neither" in said) == (ExitCode.BAD_CONFIG, True)


def test_a_form_s_fields_are_found_and_drawn(here: Path) -> None:
    """From a picture alone: a template with the card's fields in place, and a picture of them; a scan is drawn on."""
    said = json.loads(run("form", "new", "card", "--reference", "card.png", "--json")[1])
    assert [Path(picture).name for picture in said["pictures"]] == ["card.png"]
    assert cv2.imread(said["pictures"][0]) is not None
    found = {tuple(field["box"]): field["cells"] for field in said["fields"]}
    for field in FIELDS:
        sides = np.array([field.box.x0, field.box.y0, field.box.x1, field.box.y1])
        near = [cells for box, cells in found.items() if np.abs(np.array(box) - sides).max() < 0.1 * field.box.height]
        assert near == [field.cells]
    assert run("form", "check", "card", "card.png", "--out", "seen")[0] == 0
    assert [path.name for path in (here / "seen").iterdir()] == ["1-card-p1.png"]


def test_a_form_of_two_pages_is_checked_page_by_page(here: Path) -> None:
    """Each reference is a page, and a scan of either is known as that page."""
    cv2.imwrite("other.png", other_page())
    code, out, _ = run("form", "new", "card", "--reference", "card.png", "--reference", "other.png", "--json")
    made = json.loads(out)
    assert (code, len(made["pages"]), len(made["pictures"])) == (0, 2, 2)
    assert {field["page"] for field in made["fields"]} == {1, 2}
    names = [field["name"] for field in made["fields"]]
    assert len(set(names)) == len(names)
    code, out, _ = run("form", "check", "card", "other.png", "card.png", "--json")
    assert (code, [scan["form_page"] for scan in json.loads(out)["scans"]]) == (0, [2, 1])
    assert json.loads(run("form", "show", "card", "--json")[1])["pages"][1]["height_px"] == 1200
    assert (here / "forms" / "card-2.png").is_file()


def other_page() -> np.ndarray:
    """Nine questions, each with a box to its right."""
    page = np.full((1200, 900), 255, np.uint8)
    for row in range(9):
        words = " ".join(chr(65 + (7 * row + 3 * k) % 26) * (2 + (row + k) % 3) for k in range(4))
        cv2.putText(page, words, (40, 140 + 110 * row), cv2.FONT_HERSHEY_SIMPLEX, 0.9, 0, 2)
        cv2.rectangle(page, (520, 95 + 110 * row), (800, 165 + 110 * row), 0, 2)
    return page


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

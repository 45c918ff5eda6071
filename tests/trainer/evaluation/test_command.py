"""`digitd model evaluate`: every figure in text, JSON, pictures and on one page that needs nothing beside it."""

import json
import re
import shutil
from html.parser import HTMLParser
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner, Result

from digitd.cli import main
from digitd.errors import ExitCode
from digitd.models import CARD
from digitd.resources import shipped
from digitd_trainer.data.digits import Digits
from digitd_trainer.evaluation import junk


@pytest.fixture
def shared(tmp_path: Path, digits: Digits, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Small sets under the names of the shared ones, and little junk."""
    monkeypatch.setattr(junk, "STRANGERS", 60)
    monkeypatch.setattr(junk, "PRINTED", 30)
    folder = tmp_path / "data"
    images, labels = digits.images, digits.labelled()
    for name in ("usps", "paper_digits"):
        (folder / name).mkdir(parents=True)
    np.savez(folder / "usps" / "usps.npz", x=images[:150], y=labels[:150])
    np.savez(folder / "paper_digits" / "paper_digits.npz", x=255 - images[150:250], y=labels[150:250])
    return folder


def evaluate(folder: Path, *arguments: str) -> Result:
    """Run it in folder, whose models are in models/."""
    (folder / "config.toml").write_text("", encoding="utf-8")
    return CliRunner().invoke(main, ["--config", str(folder / "config.toml"), "model", "evaluate", *arguments])


class Parts(HTMLParser):
    """What a page holds: ids, links, sources of pictures, and whether its elements are closed."""

    def __init__(self) -> None:
        super().__init__()
        self.ids: set[str] = set()
        self.sources: list[str] = []
        self.links: list[str] = []
        self.open: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        found = dict(attrs)
        self.ids.add(found.get("id") or "")
        self.sources += [found["src"] or ""] if "src" in found else []
        self.links += [found["href"] or ""] if "href" in found else []
        if tag not in {"meta", "img"}:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag


def test_text_and_json_tell_the_same(tmp_path: Path, shared: Path) -> None:
    """The table is what a person reads, JSON what a program reads; usps is new to a model that learnt from another."""
    text = evaluate(tmp_path, "--data", str(shared))
    assert text.exit_code == ExitCode.OK, text.output
    facts = json.loads(evaluate(tmp_path, "paper", "--data", str(shared), "--json").stdout)
    rows = {(row["set"], row["way"]): row for row in facts["sets"]}
    assert set(rows) == {("usps", "as it is"), ("paper_digits", "borders in view"), ("paper_digits", "isolated")}
    assert rows["usps", "as it is"]["accuracy"] > 0.8
    assert f"{rows['usps', 'as it is']['right']}" in text.stdout
    assert facts["together"]["examples"] == 250
    assert 0 <= facts["together"]["calibration"]["ece_equal_width"] <= 1
    assert [each["examples"] for each in facts["junk"][0]["taken_for_a_digit"]] == [60, 30]
    assert "never trained on, together" in text.stdout


def test_the_page_holds_everything(tmp_path: Path, shared: Path) -> None:
    """One file: its pictures are inside it, its links lead to its parts, nothing is fetched from elsewhere."""
    out = tmp_path / "report"
    done = evaluate(tmp_path, "--data", str(shared), "--out", str(out))
    assert done.exit_code == ExitCode.OK, done.output
    page = (out / "evaluation.html").read_text(encoding="utf-8")
    parts = Parts()
    parts.feed(page)
    assert parts.open == []
    assert len(parts.sources) == len(list(out.glob("*.png"))) >= 6
    assert all(source.startswith("data:image/png;base64,iVBOR") for source in parts.sources)
    assert {link.removeprefix("#") for link in parts.links} <= parts.ids
    assert not re.search(r"https?://|@import|url\(", page)
    assert "paper@" in (out / "evaluation.txt").read_text(encoding="utf-8")
    assert json.loads((out / "evaluation.json").read_text(encoding="utf-8"))["mistakes"]


def test_models_that_left_a_set_out_are_listed(tmp_path: Path, shared: Path) -> None:
    """Their cards say what was left out and how right they are on it; one that says nothing of that is not listed."""
    measured = {"set": "usps.npz", "right": 700, "examples": 729, "left_out": True}
    for name, left_out in (("without", "usps.npz"), ("unmeasured", "nsysu.npz"), ("whole", None)):
        folder = tmp_path / "models" / name
        shutil.copytree(shipped("models") / "paper", folder)
        card = json.loads((folder / CARD).read_text(encoding="utf-8"))
        named = {"left_out": [{"name": left_out, "examples": 729}]} if left_out else {}
        (folder / CARD).write_text(json.dumps(card | {"evaluation": [measured]} | named), encoding="utf-8")
    found = evaluate(tmp_path, "--data", str(shared / "usps"), "--json")
    assert json.loads(found.stdout)["left_out"] == [
        {"model": "unmeasured", "set": "nsysu.npz", "right": None, "examples": None},
        {"model": "without", "set": "usps.npz", "right": 700, "examples": 729},
    ]
    assert "96.02" in evaluate(tmp_path, "--data", str(shared / "usps")).stdout


def test_a_set_of_nothing_learnt_or_new_still_gives_a_report(tmp_path: Path, shared: Path) -> None:
    """Where all was learnt from there is nothing to put together, and no junk threshold: the rest is told."""
    folder = tmp_path / "models" / "paper"
    shutil.copytree(shipped("models") / "paper", folder)
    from digitd_trainer.data.digits import sha256_of

    card = json.loads((folder / CARD).read_text(encoding="utf-8"))
    path = shared / "usps" / "usps.npz"
    card["data"] = [{"name": "usps.npz", "sha256": sha256_of(path), "examples": 150, "held_out": 15}]
    (folder / CARD).write_text(json.dumps(card), encoding="utf-8")
    found = evaluate(tmp_path, "--data", str(path), "--out", str(tmp_path / "out"), "--json")
    assert found.exit_code == ExitCode.OK, found.output
    facts = json.loads(found.stdout)
    assert (facts["together"], facts["junk"], facts["sets"][0]["learnt"]) == (None, [], 0.9)
    assert "90 % of it learnt" in (tmp_path / "out" / "evaluation.html").read_text(encoding="utf-8")


def test_what_it_was_calibrated_with_is_apart(tmp_path: Path, shared: Path) -> None:
    """Such a set is measured, marked, and looked at for mistakes, but is not among those never trained on."""
    folder = tmp_path / "models" / "paper"
    shutil.copytree(shipped("models") / "paper", folder)
    from digitd_trainer.data.digits import sha256_of

    card = json.loads((folder / CARD).read_text(encoding="utf-8"))
    path = shared / "usps" / "usps.npz"
    card["calibrated_with"] = [{"name": "usps.npz", "sha256": sha256_of(path), "examples": 150}]
    (folder / CARD).write_text(json.dumps(card), encoding="utf-8")
    out = tmp_path / "out"
    found = evaluate(tmp_path, "--data", str(shared), "--out", str(out), "--json")
    assert found.exit_code == ExitCode.OK, found.output
    facts = json.loads(found.stdout)
    assert facts["together"]["examples"] == 100
    assert {row["set"]: row["relation"] for row in facts["sets"]}["usps"] == "calibrated with"
    assert [each["digits"] for each in facts["junk"]] == ["never trained on, together", "usps"]
    wrong = any(each["set"] == "usps" for each in facts["mistakes"])
    assert (out / "mistakes-calibrated.png").exists() == wrong
    assert "calibrated with" in (out / "evaluation.txt").read_text(encoding="utf-8")


def test_bad_rows_are_told_of(tmp_path: Path, digits: Digits, shared: Path) -> None:
    """What could not be measured is named and counted on standard error, as where it would be learnt from."""
    np.savez(tmp_path / "bad.npz", x=digits.images[:9], y=[*digits.labelled()[:8], 11])
    found = evaluate(tmp_path, "--data", str(tmp_path / "bad.npz"))
    assert found.exit_code == ExitCode.OK, found.output
    assert "bad.npz: 1 of 9 left out:\n  picture 9: the label is 11, not 0 to 9" in found.stderr


def test_what_is_missing_is_said(tmp_path: Path, shared: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """No such model, no such set, a folder that is a file, and no scikit-learn: each has its sentence and its code."""
    assert evaluate(tmp_path, "nothing", "--data", str(shared)).exit_code == ExitCode.BAD_MODEL
    (tmp_path / "empty").mkdir()
    none = evaluate(tmp_path, "--data", str(tmp_path / "empty"))
    assert none.exit_code == ExitCode.BAD_INPUT
    assert "no set of digits in it" in none.output
    (tmp_path / "file").write_text("", encoding="utf-8")
    assert evaluate(tmp_path, "--data", str(shared), "--out", str(tmp_path / "file" / "x")).exit_code == 4
    monkeypatch.setattr("digitd_trainer.evaluation.command.find_spec", lambda name: None)
    bare = evaluate(tmp_path, "--data", str(shared))
    assert bare.exit_code == ExitCode.NOT_INSTALLED
    assert 'pip install "digitd[train]"' in bare.output

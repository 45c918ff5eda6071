"""From the inbox to the report through the installed command, on the demo's own cards."""

import csv
import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import cv2
import pytest

from digitd.errors import ExitCode
from digitd.records import DocumentState, FieldState
from digitd.store import Store

DIGITD = Path(sys.executable).with_name("digitd")

pytestmark = pytest.mark.skipif(not DIGITD.exists(), reason="digitd is not installed beside this Python")


def digitd(*arguments: str, cwd: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run([DIGITD, *arguments], cwd=cwd, capture_output=True, text=True, check=False, timeout=300)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("demo") / "cards of may"


@pytest.fixture(scope="module")
def told(folder: Path) -> dict[str, Any]:
    """What `digitd demo --json` says; run once for all tests."""
    ran = digitd("demo", str(folder), "--json", cwd=folder.parent)
    assert ran.returncode == ExitCode.OK, ran.stderr
    facts: dict[str, Any] = json.loads(ran.stdout)
    return facts


def test_the_fields_of_all_pages_are_read_nearly_all_rightly(told: dict[str, Any]) -> None:
    """Seven pages of thirteen fields come out, most of them right, and of those that passed untouched 95 in 100."""
    fields = told["fields"]
    assert len(fields) == 7 * 13
    assert sum(field["value"] == field["truth"] for field in fields) >= 0.85 * len(fields)
    passed = [field for field in fields if field["state"] != FieldState.REVIEW]
    assert sum(field["value"] == field["truth"] for field in passed) >= 0.95 * len(passed)
    assert len(passed) >= 0.7 * len(fields)


def test_every_document_is_accounted_for(told: dict[str, Any], folder: Path) -> None:
    """Seven were dropped: one failed, one was known, five were read; the inbox is empty and the counts add up."""
    with Store.open(folder / "var" / "digitd.db") as store:
        counts = store.counts()
        assert sum(counts.values()) == 7
        assert (counts[DocumentState.FAILED], counts[DocumentState.DUPLICATE]) == (1, 1)
        assert counts[DocumentState.DONE] + counts[DocumentState.REVIEW] == 5
        assert store.field_counts()[FieldState.VERIFIED] == told["labels"] == 6 * 13
    assert [path for path in (folder / "inbox").rglob("*") if path.is_file()] == []


def test_the_broken_document_has_its_reason_beside_it(told: dict[str, Any]) -> None:
    """It is in failed/, and the text file beside it says what is wrong and what to do."""
    (failed,) = told["failed"]
    assert failed["document"] == "card-08 cut off.png"
    path = Path(failed["file"])
    assert path.parent.name == "failed"
    reason = path.with_name(path.name + ".reason.txt").read_text()
    assert "cut off" in reason
    assert failed["reason"] in reason


def test_labels_have_become_a_report(told: dict[str, Any]) -> None:
    """The confusion matrix counts every digit of the labels, as picture, text and JSON."""
    text, facts, picture = (Path(path) for path in told["report"]["files"][:3])
    counts = json.loads(facts.read_text())["confusion"]["counts"]
    digits = sum(len(f["truth"]) for f in told["fields"] if not f["document"].startswith("card-07"))
    assert sum(map(sum, counts[:10])) == told["report"]["digits"]["total"] == digits
    assert "what it is (rows)" in text.read_text()
    drawn = cv2.imread(str(picture))
    assert drawn is not None
    assert drawn.shape[1] > 1000


def test_what_is_exported_is_what_was_labelled(told: dict[str, Any], folder: Path) -> None:
    """After the rest of the truth is imported as the demo advises, every exported value is the true one."""
    imported = digitd("label", "import", "truth.csv", "--json", cwd=folder)
    assert json.loads(imported.stdout) == {"added": 13, "known": 78, "left_out": []}
    exported = digitd("export", "--format", "csv", cwd=folder)
    rows = list(csv.DictReader(exported.stdout.splitlines()))
    truth = {(f["document"], f["page"], f["field"]): f["truth"] for f in told["fields"]}
    assert {(r["document"], int(r["page"]), r["field"]): r["value"] for r in rows} == truth


def test_an_earlier_demo_is_kept_unless_forced(told: dict[str, Any], folder: Path) -> None:
    """Without --force it is refused and nothing changes; with it everything is new, and told in words."""
    refused = digitd("demo", str(folder), cwd=folder.parent)
    assert refused.returncode == ExitCode.BAD_CONFIG
    assert "--force" in refused.stderr
    again = digitd("demo", str(folder), "--force", cwd=folder.parent)
    assert again.returncode == ExitCode.OK
    for expected in ("What was read", "card-08 cut off.png", "failed on purpose", "confusion.png", "digitd verify"):
        assert expected in again.stdout

from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest

from digitd.intake import archive
from digitd.records import DocumentState
from digitd.stored import Document

WHEN = datetime(2026, 11, 22, 23, 59, tzinfo=UTC)
DOCUMENT = Document(
    id=7,
    name="scan.png",
    form=None,
    sha256="0" * 64,
    size_bytes=1,
    state=DocumentState.DONE,
    reason="",
    attempts=1,
    token="a" * 32,
    original_id=None,
    seen_at=WHEN,
    read_at=WHEN,
)


@pytest.fixture
def var(tmp_path: Path) -> Path:
    archive.prepare(tmp_path)
    return tmp_path


def in_work(var: Path, document: Document = DOCUMENT) -> Path:
    folder = var / "work" / document.token
    folder.mkdir()
    (folder / "scan.png").write_bytes(b"x")
    return folder


@pytest.mark.parametrize(
    ("state", "where"),
    [
        (DocumentState.DONE, "archive/2026/11/22/7-scan.png"),
        (DocumentState.REVIEW, "archive/2026/11/22/7-scan.png"),
        (DocumentState.FAILED, "failed/7-scan.png"),
        (DocumentState.DUPLICATE, "duplicates/7-scan.png"),
    ],
)
def test_the_place_follows_from_the_record(var: Path, state: DocumentState, where: str) -> None:
    """Where a finished document's file lies needs no note of its own; a second call changes nothing."""
    document = replace(DOCUMENT, state=state, reason="it is torn")
    folder = in_work(var)
    assert archive.put_away(document, var) == var / where
    assert archive.put_away(document, var) == var / where
    assert archive.find(document, var) == var / where
    assert not folder.exists()


def test_a_failed_file_has_its_reason_beside_it(var: Path) -> None:
    """A person who finds the file finds why it is there, and what to do."""
    in_work(var)
    archive.put_away(replace(DOCUMENT, state=DocumentState.FAILED, reason="it is torn"), var)
    text = (var / "failed" / "7-scan.png.reason.txt").read_text(encoding="utf-8")
    assert "it is torn" in text
    assert "digitd retry 7" in text


def test_nothing_is_ever_overwritten(var: Path) -> None:
    """A file of an earlier database with the same number and name stays; the new one lies beside it and is found."""
    target = archive.place(DOCUMENT, var)
    target.parent.mkdir(parents=True)
    target.write_bytes(b"earlier")
    in_work(var)
    new = archive.put_away(DOCUMENT, var)
    assert new is not None
    assert new != target
    assert (target.read_bytes(), new.read_bytes()) == (b"earlier", b"x")
    assert archive.find(DOCUMENT, var) == new


def test_a_document_in_flight_is_in_work_or_gone(var: Path) -> None:
    """A queued document has no other place."""
    queued = replace(DOCUMENT, state=DocumentState.QUEUED, read_at=None)
    assert archive.find(queued, var) is None
    folder = in_work(var)
    assert archive.find(queued, var) == folder / "scan.png"
    with pytest.raises(ValueError, match="belongs in work"):
        archive.place(queued, var)


def test_taking_out_brings_the_file_back_to_work(var: Path) -> None:
    """The file is where the queue looks for it, and the reason is gone."""
    failed = replace(DOCUMENT, state=DocumentState.FAILED, reason="it is torn")
    in_work(var)
    source = archive.put_away(failed, var)
    assert source is not None
    archive.take_out(source, failed, var)
    assert archive.find(replace(failed, state=DocumentState.QUEUED), var) is not None
    assert list((var / "failed").iterdir()) == []

"""A reader: one document's fault stays that document's, one form's fault that form's."""

from pathlib import Path

import cv2
import numpy as np
import pytest

import digitd.reader as module
from digitd.budget.book import Book, Chapter, Epoch, Record, write_book
from digitd.budget.promise import Group
from digitd.config import Budget, Config
from digitd.errors import UnreadableDocument
from digitd.forms import library
from digitd.reader import open_reader
from digitd.records import UNSURE, FieldReading, FieldState


def page() -> bytes:
    picture = np.full((300, 500), 255, np.uint8)
    cv2.putText(picture, "77", (60, 180), cv2.FONT_HERSHEY_SIMPLEX, 4, 0, 8)
    return cv2.imencode(".png", picture)[1].tobytes()


@pytest.mark.parametrize("fault", [ValueError("bad shape"), RecursionError(), KeyError("x")])
def test_a_fault_of_digitd_s_own_is_the_document_s_reason(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, fault: Exception
) -> None:
    """Whatever goes wrong with one document, the reason is kept and others are read."""

    def broken(*_given: object, **_more: object) -> None:
        raise fault

    reader = open_reader(Config(root=tmp_path))
    with monkeypatch.context() as patched:
        patched.setattr(module, "read_document", broken)
        with pytest.raises(UnreadableDocument, match=f"digitd itself failed on it .*{type(fault).__name__}.*report"):
            reader.read(b"")
    assert reader.read(page()).pages[0].fields


def test_memory_running_out_is_not_the_document_s_fault(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """It passes through, so that the document is put back instead of failed."""

    def full(*_given: object, **_more: object) -> None:
        raise MemoryError

    monkeypatch.setattr(module, "read_document", full)
    with pytest.raises(MemoryError):
        open_reader(Config(root=tmp_path)).read(b"")


def test_a_form_that_cannot_be_used_is_left_out(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A broken template harms no document that does not ask for it, and is told in the log."""
    config = Config(root=tmp_path)
    library.new_form("amount", forms=config.forms, whole_page=True)
    (config.forms / "broken.toml").write_text("foo = 1")
    assert open_reader(config).read(page()).pages[0].fields
    said = capsys.readouterr()
    assert "form_left_out" in said.out + said.err


def test_a_budget_decides_what_passes_and_changes_while_reading(tmp_path: Path) -> None:
    """Nothing passes of which nothing is proved; what is written to the book counts for the next document."""
    config = Config(root=tmp_path, budget=Budget(enabled=True))
    library.new_form("amount", forms=config.forms, whole_page=True)
    reader = open_reader(config)

    def read() -> FieldReading:
        (field,) = reader.read(page(), "amount").pages[0].fields
        return field

    first = read()
    assert first.state is FieldState.REVIEW
    assert first.reason.startswith(f"{UNSURE}{first.confidence:.2f} is not enough: nothing like it is proved")
    config.var.mkdir()
    record = Record(epochs=(Epoch(at=0.0, threshold=0.0, audit_share=0.01),))
    chapter = Chapter(begun_at=0.0, groups={Group(form="amount"): record})
    write_book(config.budget_book, Book(chapters={reader.model_id: chapter}))
    assert read().state is FieldState.ACCEPTED
    assert next(iter(reader.trace(page(), "amount"))).reading.fields[0].state is FieldState.ACCEPTED
    config.budget_book.unlink()
    assert read().state is FieldState.REVIEW

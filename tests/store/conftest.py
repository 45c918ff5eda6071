"""An empty store, and readings made up for it."""

from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from digitd.evidence import DocumentEvidence, evidence_of
from digitd.records import Box, Candidate, CellContent, DocumentReading, FieldReading, FieldState, Glyph, PageReading
from digitd.store import Store
from digitd.stored import Document

MODEL, CARD = "made-up@0", {"name": "made-up"}
SEEN = datetime(2026, 11, 22, 12, tzinfo=UTC)

Take = Callable[..., Document]
Reading = Callable[..., DocumentEvidence]
Read = Callable[..., Document]


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "var" / "digitd.db"


@pytest.fixture
def store(path: Path) -> Iterator[Store]:
    with Store.open(path, create=True) as opened:
        yield opened


@pytest.fixture
def take(store: Store) -> Take:
    """Enter a document; a number stands for its bytes. Further names go to `Store.take_in`."""
    count = 0

    def entered(content: int, *, name: str = "", form: str | None = None, **named: Any) -> Document:
        nonlocal count
        count += 1
        return store.take_in(
            name=name or f"scan{content}.png",
            form=form,
            sha256=f"{content:064x}",
            size_bytes=content,
            token=f"{count:032x}",
            seen_at=SEEN,
            **named,
        )

    return entered


@pytest.fixture
def reading() -> Reading:
    """A reading of one page; each state given makes a field of two digits, its value its position."""

    def made(*states: FieldState, form: str | None = None, pages: int = 1, reason: str = "") -> DocumentEvidence:
        fields = tuple(_field(position, state) for position, state in enumerate(states))
        made_pages = tuple(
            PageReading(
                number=number + 1,
                width_px=100,
                height_px=200,
                form=form,
                residual_mm=0.1,
                fields=fields,
                stage_ms={"load": 1.5},
                reason=reason,
            )
            for number in range(pages)
        )
        return evidence_of(DocumentReading(pages=made_pages, model=MODEL, pipeline="1"))

    return made


@pytest.fixture
def read(store: Store, take: Take, reading: Reading) -> Read:
    """A document taken in, claimed and read; arguments as for `reading`."""
    count = 1000

    def done(
        *states: FieldState, name: str = "", form: str | None = None, pages: int = 1, reason: str = ""
    ) -> Document:
        nonlocal count
        count += 1
        document = take(count, name=name)
        store.claim_next()
        store.record_reading(document.id, reading(*states, form=form, pages=pages, reason=reason), card=CARD)
        return store.document(document.id)

    return done


def _field(position: int, state: FieldState) -> FieldReading:
    glyphs = tuple(_glyph(place, digit) for place, digit in enumerate(f"{position:02d}"))
    return FieldReading(
        name=f"f{position}",
        box=Box(x0=1, y0=2, x1=31.5, y1=12),
        value=f"{position:02d}",
        confidence=0.9,
        state=state,
        reason="why",
        candidates=(Candidate(value=f"{position:02d}", probability=0.9),),
        glyphs=glyphs,
        crop=b"png",
    )


def _glyph(place: int, digit: str) -> Glyph:
    probabilities = np.zeros(11, np.float32)
    probabilities[int(digit)] = 1
    return Glyph(
        position=place,
        box=Box(x0=0, y0=0, x1=10, y1=10),
        content=CellContent.DIGIT,
        pixels=np.full((28, 28), int(digit), np.uint8),
        probabilities=probabilities,
    )

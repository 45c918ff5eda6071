"""What many tests need: a database, and readings made up without a page, a model or a clock."""

from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from uuid import uuid4

import cv2
import numpy as np
import pytest
import structlog
from hypothesis import settings

from digitd.demo.handwriting import write_number
from digitd.evidence import evidence_of
from digitd.reading.normalise import GLYPH_SIDE
from digitd.records import NOT_A_DIGIT, Box, CellContent, DocumentReading, FieldReading, FieldState, Glyph, PageReading
from digitd.store import Store
from digitd.stored import Document

settings.register_profile("digitd", deadline=None)  # a busy machine is no fault
settings.load_profile("digitd")

MakeField = Callable[..., FieldReading]
Record = Callable[..., Document]


@pytest.fixture(autouse=True)
def fresh_logs() -> Iterator[None]:
    """Each test begins with the log as it is before any command has set it up."""
    structlog.reset_defaults()
    yield
    structlog.reset_defaults()


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    """An empty database in a folder of its own."""
    with Store.open(tmp_path / "var" / "digitd.db", create=True) as opened:
        yield opened


@pytest.fixture
def make_field() -> MakeField:
    """A field as if it had been read: `make_field("total", "105", confidence=0.9, reason="...", symbols="1x5")`."""

    def make(
        name: str, value: str, *, confidence: float = 0.99, reason: str = "", symbols: str | None = None
    ) -> FieldReading:
        box = Box(x0=10, y0=20, x1=210, y1=80)
        paper = np.full((60, 200), 235, np.uint8)
        write_number(paper, value.replace(".", "-"), Box(x0=0, y0=0, x1=200, y1=60), np.random.default_rng(4))
        return FieldReading(
            name=name,
            box=box,
            value=value,
            confidence=confidence,
            state=FieldState.REVIEW if reason else FieldState.ACCEPTED if value else FieldState.BLANK,
            reason=reason,
            glyphs=tuple(_glyph(i, s, box) for i, s in enumerate(value if symbols is None else symbols)),
            crop=cv2.imencode(".png", paper)[1].tobytes(),
        )

    return make


@pytest.fixture
def record(store: Store) -> Record:
    """Enter a document that was read: `record("a.png", [make_field("total", "105")], form="sheet")`.

    Further names go to `Store.record_reading`.
    """

    def enter(name: str, *pages: Sequence[FieldReading], form: str | None = "sheet", **named: Any) -> Document:
        token = uuid4().hex
        store.take_in(
            name=name, form=form, sha256=token * 2, size_bytes=9, token=token, seen_at=datetime(2026, 1, 2, tzinfo=UTC)
        )
        claimed = store.claim_next()
        assert claimed is not None
        readings = tuple(
            PageReading(number=n, width_px=500, height_px=700, form=form, residual_mm=0.1, fields=tuple(f), stage_ms={})
            for n, f in enumerate(pages, start=1)
        )
        reading = DocumentReading(pages=readings, model="fake@1", pipeline="1")
        store.record_reading(claimed.id, evidence_of(reading), card={"name": "fake"}, **named)
        return claimed

    return enter


def _glyph(position: int, symbol: str, box: Box) -> Glyph:
    content = {"_": CellContent.BLANK, "x": CellContent.OTHER}.get(symbol, CellContent.DIGIT)
    probabilities = np.full(NOT_A_DIGIT + 1, 0.01, np.float32)
    probabilities[int(symbol) if symbol.isdecimal() else NOT_A_DIGIT] = 0.9
    pixels = np.zeros((GLYPH_SIDE, GLYPH_SIDE), np.uint8)
    return Glyph(position=position, box=box, content=content, pixels=pixels, probabilities=probabilities)

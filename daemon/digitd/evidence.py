"""What is kept of a reading, as rows of the database: made in the process that read it.

The one process that writes is the one that all wait for: it hands rows on as they are.
"""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

from digitd.records import CellContent, DocumentReading, FieldReading, FieldState, Glyph, PageReading

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

DIGITS = frozenset("0123456789")


class FieldRow(NamedTuple):
    """A field, by the columns of its table; candidates are JSON, crop is the bytes of a JPEG."""

    position: int
    name: str
    x0: float
    y0: float
    x1: float
    y1: float
    value: str
    confidence: float
    state: str
    machine_state: str
    reason: str
    candidates: str
    crop: bytes


class GlyphRow(NamedTuple):
    """A glyph, by the columns of its table: digit is what it is in its field's value, sure the probability of that."""

    position: int
    x0: float
    y0: float
    x1: float
    y1: float
    content: str
    probabilities: bytes
    pixels_png: bytes
    digit: int | None
    sure: float | None


@dataclass(frozen=True, slots=True, kw_only=True)
class PageEvidence:
    """What is kept of a page, as `PageReading` has it; glyphs are those of each field, in the order of fields."""

    number: int
    width_px: int
    height_px: int
    dpi: float | None
    form: str | None
    residual_mm: float | None
    reason: str
    stage_ms: Mapping[str, float]
    fields: tuple[FieldRow, ...]
    glyphs: tuple[tuple[GlyphRow, ...], ...]

    @property
    def waiting(self) -> int:
        """How many fields wait for a person."""
        return sum(field.state == FieldState.REVIEW for field in self.fields)


@dataclass(frozen=True, slots=True, kw_only=True)
class DocumentEvidence:
    """What is kept of a document, or of some of its pages, as `DocumentReading` has it."""

    pages: tuple[PageEvidence, ...]
    model: str
    pipeline: str
    of_pages: int = 1


def evidence_of(reading: DocumentReading) -> DocumentEvidence:
    """What is kept of a reading."""
    return DocumentEvidence(
        pages=tuple(_page(page) for page in reading.pages),
        model=reading.model,
        pipeline=reading.pipeline,
        of_pages=reading.of_pages,
    )


def _page(page: PageReading) -> PageEvidence:
    return PageEvidence(
        number=page.number,
        width_px=page.width_px,
        height_px=page.height_px,
        dpi=page.dpi,
        form=page.form,
        residual_mm=page.residual_mm,
        reason=page.reason,
        stage_ms=dict(page.stage_ms),
        fields=tuple(_field_row(position, field) for position, field in enumerate(page.fields)),
        glyphs=tuple(tuple(_glyph_rows(field)) for field in page.fields),
    )


def _field_row(position: int, field: FieldReading) -> FieldRow:
    return FieldRow(
        position=position,
        name=field.name,
        x0=float(field.box.x0),
        y0=float(field.box.y0),
        x1=float(field.box.x1),
        y1=float(field.box.y1),
        value=field.value,
        confidence=float(field.confidence),
        state=field.state.value,
        machine_state=field.state.value,
        reason=field.reason,
        candidates=json.dumps([[c.value, round(c.probability, 6)] for c in field.candidates]),
        crop=field.crop,
    )


def _glyph_rows(field: FieldReading) -> Iterator[GlyphRow]:
    """Rows of a field's glyphs; those that are digits of its value say which."""
    digits = [int(one) for one in field.value if one in DIGITS]
    counted = len(digits) == sum(glyph.content is CellContent.DIGIT for glyph in field.glyphs)
    left = iter(digits)
    for glyph in field.glyphs:
        yield _glyph_row(glyph, next(left) if counted and glyph.content is CellContent.DIGIT else None)


def _glyph_row(glyph: Glyph, digit: int | None) -> GlyphRow:
    return GlyphRow(
        position=glyph.position,
        x0=float(glyph.box.x0),
        y0=float(glyph.box.y0),
        x1=float(glyph.box.x1),
        y1=float(glyph.box.y1),
        content=glyph.content.value,
        probabilities=glyph.probabilities.astype("<f4").tobytes(),
        pixels_png=_png(glyph.pixels),
        digit=digit,
        sure=None if digit is None else float(glyph.probabilities[digit]),
    )


def _png(pixels: "NDArray[np.uint8]") -> bytes:
    """A glyph's pixels (28, 28), packed fastest and smallest: 22 us and 246 bytes, by default 30 us and 326 bytes."""
    import cv2  # not needed to ask what was read

    how = (cv2.IMWRITE_PNG_COMPRESSION, 1, cv2.IMWRITE_PNG_FILTER, cv2.IMWRITE_PNG_FILTER_NONE)
    return cv2.imencode(".png", pixels, how)[1].tobytes()

"""The pictures behind errors: of each cell of the matrix its surest errors, and the surest wrong fields that passed."""

from collections.abc import Mapping
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from digitd.records import FieldState
from digitd.report.alignment import MISSED, SAID, TRUTH
from digitd.report.figures import Figures, confused
from digitd.report.sample import Sample
from digitd.store import Store

#: Cells that are shown at most, and glyphs of each: a report that is mailed stays below a megabyte.
CELLS, EXAMPLES = 24, 8

#: Wrong fields that passed, at most.
FIELDS = 12


@dataclass(frozen=True, slots=True, kw_only=True)
class Example:
    """A glyph that was taken for something else: its PNG, empty where it was deleted, how sure it was."""

    png: bytes
    confidence: float
    field: str
    document: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Mistaken:
    """A cell of the matrix: what the glyphs are, what they were taken for, how many, and the surest of them."""

    truth: str
    said: str
    count: int
    examples: tuple[Example, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class WrongField:
    """A field that passed and is wrong: its picture (JPEG or PNG, empty where deleted), and where it is from."""

    crop: bytes
    document: str
    page: int
    field: str
    said: str
    label: str
    confidence: float


def mistakes(store: Store, found: Sample, figures: Figures) -> tuple[Mistaken, ...]:
    """The most frequent cells that are errors and have glyphs, each with its surest errors first."""
    digits = found.digits.chosen(found.counted[found.digits.fields])
    cells = [cell for cell in confused(figures) if cell[1] != MISSED][:CELLS]
    chosen = [
        _surest(np.flatnonzero((digits.truth == row) & (digits.said == column)), digits.confidences)
        for row, column, _ in cells
    ]
    places = [
        (int(found.fields.ids[digits.fields[at]]), int(digits.positions[at])) for some in chosen for at in some.tolist()
    ]
    pictures = store.glyph_pictures(places) if places else {}
    origins = store.origins(sorted({field_id for field_id, _ in places}))
    return tuple(
        Mistaken(
            truth=TRUTH[row],
            said=SAID[column],
            count=count,
            examples=tuple(
                Example(
                    png=pictures.get((field_id, int(digits.positions[at])), b""),
                    confidence=float(digits.confidences[at]),
                    field=origins[field_id].field,
                    document=origins[field_id].document,
                )
                for at in some.tolist()
                for field_id in [int(found.fields.ids[digits.fields[at]])]
                if field_id in origins
            ),
        )
        for (row, column, count), some in zip(cells, chosen, strict=True)
    )


def wrong_fields(store: Store, found: Sample) -> tuple[WrongField, ...]:
    """Fields that passed though their value is not their label, the surest first."""
    accepted = np.array([word == FieldState.ACCEPTED for word in found.fields.machine_states.words], np.bool_)
    wrong = found.counted & ~found.right & accepted[found.fields.machine_states.codes]
    places = np.flatnonzero(wrong)
    chosen = places[np.argsort(-found.fields.confidences[places], kind="stable")][:FIELDS]
    return tuple(
        WrongField(
            crop=field.crop,
            document=field.document,
            page=field.page,
            field=field.name,
            said=field.machine_value,
            label=field.label.value,
            confidence=field.confidence,
        )
        for field in store.fields_of([int(key) for key in found.fields.ids[chosen]], evidence=True)
        if field.label is not None
    )


def sheet(mistaken: Mistaken, *, side: int = 112, gap: int = 12) -> NDArray[np.uint8]:
    """Glyphs of a cell side by side on white, with how sure the machine was below each: (h, w) uint8."""
    wide = max(2, len(mistaken.examples)) * (side + gap) + gap
    canvas = np.full((side + 3 * gap + 40, wide), 255, np.uint8)
    title = f"{mistaken.truth} as {mistaken.said}, {mistaken.count}"
    cv2.putText(canvas, title, (gap, 22), cv2.FONT_HERSHEY_SIMPLEX, 0.55, 30, 1, cv2.LINE_AA)
    for number, example in enumerate(mistaken.examples):
        x, y = gap + number * (side + gap), 34
        canvas[y : y + side, x : x + side] = pixels(example.png, side)
        text = f"{100 * example.confidence:.1f} %"
        cv2.putText(canvas, text, (x, y + side + 20), cv2.FONT_HERSHEY_SIMPLEX, 0.5, 30, 1, cv2.LINE_AA)
    return canvas


def pixels(png: bytes, side: int = 28) -> NDArray[np.uint8]:
    """A glyph's PNG as (side, side) uint8, light on black; grey where it was deleted or is damaged."""
    shown = cv2.imdecode(np.frombuffer(png, np.uint8), cv2.IMREAD_GRAYSCALE) if png else None
    if shown is None:
        return np.full((side, side), 128, np.uint8)
    return cv2.resize(shown, (side, side), interpolation=cv2.INTER_NEAREST).astype(np.uint8, copy=False)


def decoded(pictures: Mapping[tuple[int, int], bytes]) -> dict[tuple[int, int], NDArray[np.uint8]]:
    """PNGs of glyphs as (28, 28) uint8."""
    return {key: pixels(png) for key, png in pictures.items()}


def _surest(places: NDArray[np.intp], confidences: NDArray[np.float32]) -> NDArray[np.intp]:
    return places[np.argsort(-confidences[places], kind="stable")][:EXAMPLES]


def as_png(picture: NDArray[np.uint8]) -> bytes:
    """A picture as PNG."""
    return cv2.imencode(".png", picture)[1].tobytes()

"""Reads digits from digitd's own database: the glyphs of fields that a person has labelled. No query of its own."""

from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from digitd import config as configuration
from digitd.records import NOT_A_DIGIT, CellContent
from digitd.report.alignment import align, symbols
from digitd.stored import StoredField, StoredGlyph
from digitd_trainer.data.digits import DatasetError, Digits, sha256_of_arrays

#: First bytes of every SQLite file.
SQLITE = b"SQLite format 3\0"


class _NotAlignedError(Exception):
    """Why the digits of a label cannot be given to the glyphs of its field."""


def database_at(path: Path) -> Path | None:
    """The database that path means: itself, or that of the folder `digitd init` made; None where it is neither.

    Raises
    ------
    ConfigError
        The folder's configuration cannot be used.
    """
    if path.is_dir():
        settings = path / configuration.NAME
        return configuration.load(settings).database if settings.is_file() else None
    with path.open("rb") as file:
        return path if file.read(len(SQLITE)) == SQLITE else None


def load_verified(path: Path) -> Digits:
    """Read the labelled glyphs of the database at path, which a running service may be using.

    The last label of a field counts. Its digits are given to the field's glyphs from the left where there are as many
    of either, and where they could not fit better shifted; other fields are left out and told of. Ink in a field of
    which a person says that nothing is written there is *not a digit*. Glyphs are as the classifier saw them, so they
    are normalised already; to normalise them again changes next to nothing. sha256 is of glyphs and labels.

    Raises
    ------
    DatabaseError
        It cannot be opened.
    DatasetError
        No field has a label that can be used.
    """
    from digitd.store import Store  # SQLAlchemy takes a third of a second

    glyphs: list[tuple[NDArray[np.uint8], int]] = []
    faults: list[str] = []
    with Store.open(path) as store:
        for field in store.labelled_fields():
            try:
                glyphs += _labelled_glyphs(field)
            except _NotAlignedError as fault:
                faults.append(f"{field.document}, page {field.page}, field {field.name}: {fault}")
    if not glyphs:
        why = f" {faults[0]}." if faults else ""
        raise DatasetError(
            f"{path}: no verified digits in it.{why} `digitd verify` and `digitd label import` give labels."
        )
    images = np.stack([pixels for pixels, _ in glyphs])
    labels = np.array([label for _, label in glyphs], np.uint8)
    return Digits(
        name=f"{path.name} labels",
        images=images,
        labels=labels,
        sha256=sha256_of_arrays(images, labels),
        left_out=tuple(faults),
    )


def _labelled_glyphs(field: StoredField) -> list[tuple[NDArray[np.uint8], int]]:
    """Each glyph of field, (28, 28) uint8, with what a person says it is."""
    if field.label is None:
        return []
    value, inked = field.label.value, [glyph for glyph in field.glyphs if glyph.content is not CellContent.BLANK]
    digits = [int(symbol) for symbol in value if symbol.isdecimal()]
    if not all(glyph.pixels_png for glyph in inked):
        raise _NotAlignedError("its pictures were deleted, as [keep] asks for")
    shown = [_pixels(glyph) for glyph in inked]
    if not digits:
        return [(pixels, NOT_A_DIGIT) for pixels in shown if pixels.any()]
    if len(inked) != len(digits):
        raise _NotAlignedError(f"its glyphs are {len(inked)}, the digits of {value} are {len(digits)}")
    said = symbols(inked)
    if any("" in pair for pair in align(value, said)):
        raise _NotAlignedError(f"its glyphs, read as {said}, may not be the digits of {value} one by one")
    if not all(pixels.any() for pixels in shown):
        raise _NotAlignedError("a glyph of it shows nothing")
    return list(zip(shown, digits, strict=True))


def _pixels(glyph: StoredGlyph) -> NDArray[np.uint8]:
    pixels = cv2.imdecode(np.frombuffer(glyph.pixels_png, np.uint8), cv2.IMREAD_GRAYSCALE)
    assert pixels is not None, "the store keeps what it encoded itself"
    return pixels.astype(np.uint8, copy=False)

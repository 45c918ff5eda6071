"""Reads digits from a folder of pictures by class: DIR/0/*.png ... DIR/9/*.jpg, and DIR/other/ for what is no digit.

Such pictures may be anything from MNIST's glyphs to photographs of cells, so each is looked at: one whose margin is
black is a bare glyph, any other is cleaned as a cell of a form is.
"""

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from digitd.errors import UnreadableDocument
from digitd.reading.load import Limits, load
from digitd.reading.segment import isolate
from digitd.records import NOT_A_DIGIT
from digitd_trainer.data.digits import DatasetError, Digits, none_left

#: Name of a folder -> class.
CLASSES = {**{str(digit): digit for digit in range(10)}, "other": NOT_A_DIGIT, "not-a-digit": NOT_A_DIGIT}

#: The margin of a bare glyph is black: at most this, of 255, in half of its outermost pixels. JPEG leaves a little
#: there. So are 99 % of MNIST's, USPS's and NSYSU's digits as PNG or JPEG, and no cell of paper_digits or sjcet_cells.
BLACK = 8

#: Pictures with a side shorter than this show nothing.
SMALLEST_PX = 8

#: The ink of a cleaned picture at this quantile of the inked pixels becomes white, as MNIST's is: what distorts digits
#: later on takes pencil for pencil only where full ink is full ink.
FULL_INK = 0.9

#: Bare glyphs up to this side stay as they are where all are alike; all others are fitted to SIDE, ink to INK: twice
#: MNIST's measures.
LARGEST_BARE_PX, SIDE, INK = 64, 56, 40


@dataclass(frozen=True, slots=True, kw_only=True)
class _Read:
    """What came of a file: the ink of its picture, (h, w) uint8 light on black, or why there is none; its hash."""

    place: str
    label: int
    sha256: str
    ink: NDArray[np.uint8] | None = None
    why: str = ""


def is_by_class(folder: Path) -> bool:
    """Whether folder holds a folder for at least one class."""
    return any((folder / name).is_dir() for name in CLASSES)


def load_pictures(folder: Path) -> Digits:
    """Read the pictures of every class in folder: PNG, JPEG, TIFF or PDF, dark on light or light on dark.

    Hidden files are passed over. sha256 is of the names and hashes of the files, in order.

    Raises
    ------
    DatasetError
        No picture can be used.
    """
    found = [_read(folder, file, label) for file, label in _files(folder)]
    faults = (*_strange_folders(folder), *(f"{each.place}: {each.why}" for each in found if each.ink is None))
    inks = [each.ink for each in found if each.ink is not None]
    if not found:
        raise DatasetError(f"{folder}: its folders of classes are empty. Put pictures into 0/ to 9/.")
    if not inks:
        raise none_left(folder, faults)
    return Digits(
        name=folder.resolve().name,
        images=_together(inks),
        labels=np.array([each.label for each in found if each.ink is not None], np.uint8),
        sha256=hashlib.sha256("".join(f"{each.place}\0{each.sha256}\n" for each in found).encode()).hexdigest(),
        left_out=faults,
    )


def is_bare(picture: NDArray[np.uint8]) -> bool:
    """Whether picture, (h, w) uint8, is a glyph already: light ink on a margin that is black, as only a program makes.

    Examples
    --------
    >>> is_bare(np.zeros((28, 28), np.uint8)), is_bare(np.full((28, 28), 30, np.uint8))
    (True, False)
    """
    rim = np.concatenate([picture[0], picture[-1], picture[:, 0], picture[:, -1]])
    return bool(np.median(rim) <= BLACK)


def fitted(ink: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """(56, 56) uint8: what is inked of ink, its longer side made 40, in the middle. ink must show something."""
    x, y, width, height = cv2.boundingRect(ink)
    scale = INK / max(width, height)
    size = (max(1, round(width * scale)), max(1, round(height * scale)))
    way = cv2.INTER_AREA if scale < 1 else cv2.INTER_LINEAR
    square = np.zeros((SIDE, SIDE), np.uint8)
    top, left = (SIDE - size[1]) // 2, (SIDE - size[0]) // 2
    square[top : top + size[1], left : left + size[0]] = cv2.resize(
        ink[y : y + height, x : x + width], size, interpolation=way
    )
    return square


def _files(folder: Path) -> Iterator[tuple[Path, int]]:
    """The files of each class, in order, with the class."""
    for name, label in CLASSES.items():
        if (folder / name).is_dir():
            for file in sorted((folder / name).iterdir()):
                if file.is_file() and not file.name.startswith("."):
                    yield file, label


def _strange_folders(folder: Path) -> list[str]:
    strange = [each.name for each in folder.iterdir() if each.is_dir() and each.name not in CLASSES]
    return [
        f"{name}/: no class has this name; classes are 0 to 9 and other"
        for name in sorted(strange)
        if not name.startswith(".")
    ]


def _read(folder: Path, file: Path, label: int) -> _Read:
    place, sha256 = file.relative_to(folder).as_posix(), ""
    try:
        data = file.read_bytes()
        sha256 = hashlib.sha256(data).hexdigest()
        picture = next(load(data, Limits())).pixels
    except OSError as fault:
        return _Read(place=place, label=label, sha256=sha256, why=f"cannot be read: {fault.strerror}")
    except UnreadableDocument as fault:
        return _Read(place=place, label=label, sha256=sha256, why=str(fault))
    if min(picture.shape) < SMALLEST_PX:
        why = f"only {picture.shape[1]} x {picture.shape[0]} pixels"
        return _Read(place=place, label=label, sha256=sha256, why=why)
    ink = _ink(picture)
    if ink is None:
        return _Read(place=place, label=label, sha256=sha256, why="nothing is drawn in it")
    return _Read(place=place, label=label, sha256=sha256, ink=ink)


def _ink(picture: NDArray[np.uint8]) -> NDArray[np.uint8] | None:
    """The ink of picture, light on black; None where there is none."""
    if not is_bare(picture):
        ink = isolate(picture)
        return fitted(_full(ink)) if ink.any() else None
    if not picture.any():
        return None
    return picture if max(picture.shape) <= LARGEST_BARE_PX else fitted(picture)


def _full(ink: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Ink, (h, w) uint8 light on black with something drawn, at full contrast."""
    full = float(np.quantile(ink[ink > 0], FULL_INK))
    return np.minimum(ink * (255.0 / full), 255).astype(np.uint8)


def _together(inks: list[NDArray[np.uint8]]) -> NDArray[np.uint8]:
    """(N, h, w) uint8, as they are where all are of one size."""
    return np.stack(inks if len({ink.shape for ink in inks}) == 1 else [fitted(ink) for ink in inks])

"""Reads digits from a folder of pictures by class: DIR/0/*.png ... DIR/9/*.jpg, and DIR/other/ for what is no digit.

Such pictures may be anything from MNIST's glyphs to photographs of cells, so each is looked at by `cells`.
"""

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from digitd.errors import UnreadableDocument
from digitd.reading.load import Limits, load
from digitd.records import NOT_A_DIGIT
from digitd_trainer.data.cells import ink_of, together
from digitd_trainer.data.digits import DatasetError, Digits, none_left

#: Name of a folder -> class.
CLASSES = {**{str(digit): digit for digit in range(10)}, "other": NOT_A_DIGIT, "not-a-digit": NOT_A_DIGIT}

#: Pictures with a side shorter than this show nothing.
SMALLEST_PX = 8


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
        images=together(inks),
        labels=np.array([each.label for each in found if each.ink is not None], np.uint8),
        sha256=hashlib.sha256("".join(f"{each.place}\0{each.sha256}\n" for each in found).encode()).hexdigest(),
        left_out=faults,
    )


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
    ink = ink_of(picture)
    if ink is None:
        return _Read(place=place, label=label, sha256=sha256, why="nothing is drawn in it")
    return _Read(place=place, label=label, sha256=sha256, ink=ink)

"""A set of labelled digits, and what any such set must obey, whatever file it comes from."""

import hashlib
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from digitd.errors import DigitdError


class DatasetError(DigitdError):
    """A set of digits cannot be used; the message names the file and, where there is one, the line."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Digits:
    """A set of digits.

    images is (N, h, w) uint8, light ink on black; labels is (N,) uint8, 0 to 9, or None in a set without;
    sha256 is of the file or, of several, of their hashes in order.
    """

    name: str
    images: NDArray[np.uint8]
    labels: NDArray[np.uint8] | None
    sha256: str

    def labelled(self) -> NDArray[np.uint8]:
        """The labels.

        Raises
        ------
        DatasetError
            The set has none.
        """
        if self.labels is None:
            raise DatasetError(f"{self.name}: has no column label, so nothing can be learnt from it. Give train.csv.")
        return self.labels


def check_count(path: Path, images: NDArray[np.uint8], labels: NDArray[np.generic]) -> None:
    """Raise DatasetError unless there is one label a picture, and at least one."""
    if labels.ndim != 1 or len(labels) != len(images) or len(images) == 0:
        raise DatasetError(
            f"{path}: {len(images)} pictures and labels of shape {labels.shape}; give one label a picture."
        )


def checked_labels(path: Path, labels: NDArray[np.generic], *, first_line: int) -> NDArray[np.uint8]:
    """Labels as uint8; first_line is the line of the first, 1 in files without lines.

    Raises
    ------
    DatasetError
        They are not whole numbers from 0 to 9.
    """
    if not np.issubdtype(labels.dtype, np.integer):
        raise DatasetError(f"{path}: labels are {labels.dtype}; they must be whole numbers from 0 to 9.")
    wrong = (labels < 0) | (labels > 9)  # type: ignore[operator]
    if wrong.any():
        place = int(wrong.argmax())
        word = "line" if first_line > 1 else "label"
        raise DatasetError(
            f"{path}, {word} {place + first_line}: the label is {labels[place]}, not 0 to 9. Correct or delete it."
        )
    return labels.astype(np.uint8)


def sha256_of(*paths: Path) -> str:
    """Hash of a file's bytes; of several files, of their hashes in order."""
    hashes = [hashlib.sha256(path.read_bytes()).hexdigest() for path in paths]
    return hashes[0] if len(hashes) == 1 else hashlib.sha256("".join(hashes).encode()).hexdigest()

"""A set of labelled digits, and what any such set must obey, whatever file it comes from."""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from digitd.errors import DigitdError
from digitd.records import NOT_A_DIGIT


class DatasetError(DigitdError):
    """A set of digits cannot be used; the message names the file and, where there is one, the line."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Digits:
    """A set of digits.

    images is (N, h, w) uint8, light ink on black; labels is (N,) uint8, 0 to 9 and 10 for *not a digit*, or None in a
    set without; sha256 is of the file or, of several, of their hashes in order. left_out tells of each row or picture
    that could not be used where it stands and why.
    """

    name: str
    images: NDArray[np.uint8]
    labels: NDArray[np.uint8] | None
    sha256: str
    left_out: tuple[str, ...] = ()

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
    """Raise DatasetError unless there is one label a picture, whole numbers all, and at least one."""
    if labels.ndim != 1 or len(labels) != len(images) or len(images) == 0:
        raise DatasetError(
            f"{path}: {len(images)} pictures and labels of shape {labels.shape}; give one label a picture."
        )
    if not np.issubdtype(labels.dtype, np.integer):
        raise DatasetError(f"{path}: labels are {labels.dtype}; they must be whole numbers from 0 to 9.")


def only_usable(
    path: Path,
    images: NDArray[np.uint8],
    labels: NDArray[Any],
    *,
    numbers: Sequence[int],
    word: str,
    name: str,
    sha256: str,
    faults: Mapping[int, str] | None = None,
) -> Digits:
    """The set of those images that show something and whose label is 0 to 9; the others are told of.

    An image is for a person word and its number ("line 7"); faults are those found before, by number.

    Raises
    ------
    DatasetError
        None is left.
    """
    blank: NDArray[np.bool_] = np.logical_not(images.any(axis=(1, 2)))
    wrong: NDArray[np.bool_] = (labels < 0) | (labels > 9)
    found = dict(faults or {})
    for index in np.flatnonzero(wrong | blank).tolist():
        reason = f"the label is {labels[index]}, not 0 to 9" if wrong[index] else "nothing is drawn in it"
        found[int(numbers[index])] = reason
    told = in_order(found, word=word)
    usable = ~(wrong | blank)
    if not usable.any():
        raise none_left(path, told)
    return Digits(
        name=name, images=images[usable], labels=labels[usable].astype(np.uint8), sha256=sha256, left_out=told
    )


def in_order(faults: Mapping[int, str], *, word: str) -> tuple[str, ...]:
    """Faults by number as they are told."""
    return tuple(f"{word} {number}: {reason}" for number, reason in sorted(faults.items()))


def none_left(path: Path, faults: Sequence[str]) -> DatasetError:
    """The fault of a file of which nothing can be used; it names the first of its faults."""
    return DatasetError(f"{path}: not one of its {len(faults):,} digits can be used. {faults[0]}. Correct the file.")


def only_digits(digits: Digits) -> Digits:
    """The set without what is no digit: for whoever knows ten classes only.

    Raises
    ------
    DatasetError
        Nothing else is in it.
    """
    if digits.labels is None or not (strange := digits.labels == NOT_A_DIGIT).any():
        return digits
    if strange.all():
        raise DatasetError(f"{digits.name}: holds only what is no digit. Give digits too.")
    return replace(digits, images=digits.images[~strange], labels=digits.labels[~strange])


def shared(digits: Digits, others: Sequence[Digits]) -> int:
    """How many pictures of digits are among those of others too: Kaggle's train.csv holds some of MNIST's x_test."""
    alike = [each.images for each in others if each.images.shape[1:] == digits.images.shape[1:]]
    known = {image.tobytes() for images in alike for image in images}
    return sum(image.tobytes() in known for image in digits.images) if known else 0


def classes_missing(sets: Sequence[Digits]) -> list[int]:
    """The digits, 0 to 9, of which sets hold no example.

    Raises
    ------
    DatasetError
        They hold one class only, so that there is nothing to tell apart.
    """
    there = sorted({int(label) for digits in sets for label in np.unique(digits.labelled())})
    if len(there) < 2:
        names = ", ".join(digits.name for digits in sets)
        what = "nothing but what is no digit" if there == [NOT_A_DIGIT] else f"no digit but {there[0]}"
        raise DatasetError(f"{names}: {what} is in it, so there is nothing to tell apart. Give the other digits too.")
    return [digit for digit in range(10) if digit not in there]


def sha256_of(*paths: Path) -> str:
    """Hash of a file's bytes; of several files, of their hashes in order."""
    hashes = [hashlib.sha256(path.read_bytes()).hexdigest() for path in paths]
    return hashes[0] if len(hashes) == 1 else hashlib.sha256("".join(hashes).encode()).hexdigest()


def sha256_of_arrays(images: NDArray[np.uint8], labels: NDArray[np.uint8]) -> str:
    """Hash of what is learnt from itself, where no file holds it: pictures, then labels."""
    return hashlib.sha256(np.ascontiguousarray(images).tobytes() + labels.tobytes()).hexdigest()

"""Reads digits from a CSV as Kaggle's Digit Recognizer has it: a line a digit, a column a pixel."""

import csv
import warnings
from collections.abc import Iterable, Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from digitd_trainer.data.digits import DatasetError, Digits, checked_labels, sha256_of

#: Side of the pictures, which the file does not say.
CSV_SIDE = 28


def load_csv(path: Path) -> Digits:
    """Read a CSV with the columns [label,]pixel0, ..., pixel783, as Kaggle's Digit Recognizer has.

    Raises
    ------
    DatasetError
        A column is missing, or a value is not a whole number in its range.
    """
    try:
        with path.open(encoding="utf-8", newline="") as file:
            header = [name.strip() for name in file.readline().split(",")]
            labelled = header[:1] == ["label"]
            _check_header(path, header[labelled:])
            table = _read_numbers(path, file, len(header))
    except (OSError, UnicodeDecodeError) as fault:
        raise DatasetError(f"{path}: cannot be read as text: {fault}. Download it again.") from None
    pixels = table[:, int(labelled) :]
    if (bad := ((pixels < 0) | (pixels > 255)).any(axis=1)).any():
        raise DatasetError(
            f"{path}, line {int(bad.argmax()) + 2}: a pixel is not in 0 to 255. Correct or delete the line."
        )
    labels = checked_labels(path, table[:, 0], first_line=2) if labelled else None
    images = pixels.astype(np.uint8).reshape(-1, CSV_SIDE, CSV_SIDE)
    return Digits(name=path.name, images=images, labels=labels, sha256=sha256_of(path))


def _check_header(path: Path, pixels: Sequence[str]) -> None:
    wanted = [f"pixel{i}" for i in range(CSV_SIDE * CSV_SIDE)]
    if list(pixels) != wanted:
        wrong = next(
            (name for name, got in zip(wanted, [*pixels, *[""] * len(wanted)], strict=False) if name != got), ""
        )
        what = (
            f"the column {wrong} is missing or out of place"
            if wrong
            else f"{len(pixels)} columns of pixels, not {len(wanted)}"
        )
        raise DatasetError(
            f"{path}, line 1: {what}. The columns are label (if any), pixel0, ..., pixel{len(wanted) - 1}."
        )


def _read_numbers(path: Path, lines: Iterable[str], columns: int) -> NDArray[np.int32]:
    """(N, columns) int32 of the lines after the header; on a fault, the file is gone through again for its place."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", UserWarning)  # of a file without lines, which is refused below
            table = np.loadtxt(lines, dtype=np.int32, delimiter=",", ndmin=2, comments=None)
    except ValueError:
        raise DatasetError(f"{path}, {_first_bad_line(path, columns)}. Correct or delete the line.") from None
    if table.shape[0] == 0:
        raise DatasetError(f"{path}: has no line after its header. Download it again.")
    if table.shape[1] != columns:
        raise DatasetError(f"{path}, line 2: {table.shape[1]} values, the header has {columns}. Correct the line.")
    numbers: NDArray[np.int32] = table
    return numbers


def _first_bad_line(path: Path, columns: int) -> str:
    with path.open(encoding="utf-8", newline="") as file:
        for number, row in enumerate(csv.reader(file), start=1):
            if number > 1 and len(row) != columns:
                return f"line {number}: {len(row)} values, the header has {columns}"
            bad = [value for value in row if number > 1 and not value.strip().lstrip("-").isdecimal()]
            if bad:
                return f"line {number}: {bad[0]!r} is not a whole number"
    return "some line: a number is too large"

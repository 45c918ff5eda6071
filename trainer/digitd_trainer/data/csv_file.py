"""Reads digits from a CSV as Kaggle's Digit Recognizer has it: a line a digit, a column a pixel."""

import csv
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from digitd_trainer.data.digits import DatasetError, Digits, in_order, none_left, only_usable, sha256_of

#: Side of the pictures, which the file does not say.
CSV_SIDE = 28

#: Lines read at a time. One that cannot be read costs its own chunk a second look, line by line.
CHUNK = 500


@dataclass(frozen=True, slots=True, kw_only=True)
class _Rows:
    """Lines that are rows of numbers: table (N, columns) int32, lines (N,) their numbers; faults of others by line."""

    table: NDArray[np.int32]
    lines: NDArray[np.int64]
    faults: Mapping[int, str]


def load_csv(path: Path) -> Digits:
    """Read a CSV with the columns [label,]pixel0, ..., pixel783, as Kaggle's Digit Recognizer has.

    A line that is not as it should be is left out and told of.

    Raises
    ------
    DatasetError
        It is no text, a column is missing, or no line can be used.
    """
    try:
        with path.open(encoding="utf-8-sig", errors="replace", newline="") as file:
            header = _header(path, file.readline())
            labelled = header[:1] == ["label"]
            _check_header(path, header[labelled:])
            rows = _joined(list(_chunks(file, len(header))), len(header))
    except OSError as fault:
        raise DatasetError(f"{path}: cannot be read: {fault.strerror}. Give a CSV as Kaggle's train.csv.") from None
    return _digits(path, _in_range(rows, first_pixel=int(labelled)), labelled=labelled)


def _digits(path: Path, rows: _Rows, *, labelled: bool) -> Digits:
    if not len(rows.lines):
        if rows.faults:
            raise none_left(path, in_order(rows.faults, word="line"))
        raise DatasetError(f"{path}: has no line after its header. Download it again.")
    images = rows.table[:, int(labelled) :].astype(np.uint8).reshape(-1, CSV_SIDE, CSV_SIDE)
    sha256 = sha256_of(path)
    if not labelled:
        left_out = in_order(rows.faults, word="line")
        return Digits(name=path.name, images=images, labels=None, sha256=sha256, left_out=left_out)
    return only_usable(
        path,
        images,
        rows.table[:, 0],
        numbers=rows.lines.tolist(),
        word="line",
        name=path.name,
        sha256=sha256,
        faults=rows.faults,
    )


def _header(path: Path, line: str) -> list[str]:
    if "\ufffd" in line or "\0" in line:
        raise DatasetError(f"{path}: cannot be read as text, so it is no CSV. Save it as CSV in UTF-8.")
    try:
        return [name.strip() for name in next(csv.reader([line]), [""])]
    except csv.Error as fault:
        raise DatasetError(f"{path}, line 1: {fault}. Save it as CSV in UTF-8.") from None


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


def _chunks(file: Iterator[str], columns: int) -> Iterator[_Rows]:
    """The lines after the header, CHUNK at a time; empty ones are no rows, and no faults either."""
    first = 2
    while chunk := list(islice(file, CHUNK)):
        numbered = [(number, line) for number, line in enumerate(chunk, start=first) if line.strip()]
        first += len(chunk)
        table = _parsed([line for _, line in numbered], columns)
        if table is None:
            yield from (_row(number, line, columns) for number, line in numbered)
        else:
            yield _Rows(table=table, lines=np.array([number for number, _ in numbered], np.int64), faults={})


def _row(number: int, line: str, columns: int) -> _Rows:
    table = _parsed([line], columns)
    if table is None:
        nothing = np.zeros(0, np.int64)
        return _Rows(table=_no_rows(columns), lines=nothing, faults={number: _why(line, columns)})
    return _Rows(table=table, lines=np.array([number], np.int64), faults={})


def _parsed(lines: Sequence[str], columns: int) -> NDArray[np.int32] | None:
    """(N, columns) int32; None where one of lines is not so many whole numbers."""
    if not lines:
        return _no_rows(columns)
    try:
        table: NDArray[np.int32] = np.loadtxt(
            lines, dtype=np.int32, delimiter=",", ndmin=2, comments=None, quotechar='"'
        )
    except ValueError:
        return None
    return table if table.shape == (len(lines), columns) else None


def _why(line: str, columns: int) -> str:
    """Why line is not so many whole numbers."""
    try:
        values = next(csv.reader([line]), [])
    except csv.Error as fault:
        return str(fault)
    if len(values) != columns:
        return f"{len(values)} values, the header has {columns}"
    bad = [value for value in values if not value.strip().lstrip("-").isdecimal()]
    return f"{bad[0][:20]!r} is not a whole number" if bad else "a number is too large"


def _joined(parts: Sequence[_Rows], columns: int) -> _Rows:
    return _Rows(
        table=np.concatenate([_no_rows(columns), *(part.table for part in parts)]),
        lines=np.concatenate([np.zeros(0, np.int64), *(part.lines for part in parts)]),
        faults={line: why for part in parts for line, why in part.faults.items()},
    )


def _in_range(rows: _Rows, *, first_pixel: int) -> _Rows:
    """Rows without those that have a pixel which is none."""
    pixels = rows.table[:, first_pixel:]
    good = ((pixels >= 0) & (pixels <= 255)).all(axis=1)
    faults = dict.fromkeys(rows.lines[~good].tolist(), "a pixel is not in 0 to 255")
    return _Rows(table=rows.table[good], lines=rows.lines[good], faults={**rows.faults, **faults})


def _no_rows(columns: int) -> NDArray[np.int32]:
    return np.zeros((0, columns), np.int32)

"""Reads sets of labelled digits from files: Kaggle's CSV, MNIST's IDX (.gz too) and numpy's npz. No TensorFlow."""

import csv
import gzip
import hashlib
import zlib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from zipfile import BadZipFile

import numpy as np
from numpy.typing import NDArray

from digitd.errors import DigitdError

#: Side of the pictures in a CSV, whose rows do not say it.
CSV_SIDE = 28

#: What is taken from a folder, the first of each kind that is there.
TRAIN_NAMES = ("train.csv", "train-images-idx3-ubyte", "train-images-idx3-ubyte.gz", "train-images.idx3-ubyte")

#: First bytes of an IDX file of unsigned bytes with three dimensions (pictures), and with one (labels).
IDX_PICTURES, IDX_LABELS = b"\x00\x00\x08\x03", b"\x00\x00\x08\x01"


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


def load(path: Path, *, part: str = "train") -> list[Digits]:
    """Read the sets at path: a file, or every set in a folder.

    Parameters
    ----------
    path
        A .csv, .npz or IDX file (of pictures; the labels lie beside it), or a folder of such files.
    part
        Of an npz that is parted (x_train, x_test), which part: "train" or "test".

    Raises
    ------
    DatasetError
        There is no such set, or it is not as it should be.
    """
    if path.is_dir():
        found = [path / name for name in TRAIN_NAMES if (path / name).is_file()][:1] + sorted(path.glob("*.npz"))
        if not found:
            raise DatasetError(
                f"{path}: no set of digits in it. It may hold {TRAIN_NAMES[0]}, {TRAIN_NAMES[1]} or *.npz."
            )
        return [digits for file in found for digits in load(file, part=part)]
    if not path.is_file():
        raise DatasetError(f"{path}: no such file. Give a CSV as Kaggle's train.csv, an IDX file or an npz.")
    if path.suffix == ".csv":
        return [load_csv(path)]
    return [load_npz(path, part=part)] if path.suffix == ".npz" else [load_idx(path)]


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
    labels = _checked_labels(path, table[:, 0], first_line=2) if labelled else None
    images = pixels.astype(np.uint8).reshape(-1, CSV_SIDE, CSV_SIDE)
    return Digits(name=path.name, images=images, labels=labels, sha256=_sha256(path))


def load_idx(path: Path) -> Digits:
    """Read an IDX file of pictures and the file of labels beside it (images -> labels, idx3 -> idx1 in its name).

    Raises
    ------
    DatasetError
        Either is missing, is not IDX, or they do not belong together.
    """
    labels_path = path.with_name(path.name.replace("images", "labels").replace("idx3", "idx1"))
    images = _read_idx(path, IDX_PICTURES)
    if labels_path == path or not labels_path.is_file():
        raise DatasetError(f"{path}: its labels should lie beside it as {labels_path.name}. Put that file there too.")
    labels = _read_idx(labels_path, IDX_LABELS)
    _check_count(labels_path, images, labels)
    return Digits(
        name=path.name,
        images=images,
        labels=_checked_labels(labels_path, labels, first_line=1),
        sha256=_sha256(path, labels_path),
    )


def load_npz(path: Path, *, part: str = "train") -> Digits:
    """Read an npz with x_train and y_train (for part "test", x_test and y_test), or x and y.

    Raises
    ------
    DatasetError
        It is no such file, or its arrays have the wrong shape, type or values.
    """
    try:
        with np.load(path, allow_pickle=False) as arrays:
            names = (f"x_{part}", f"y_{part}") if f"x_{part}" in arrays else ("x", "y")
            if missing := [name for name in names if name not in arrays]:
                there = ", ".join(arrays.files) or "nothing"
                raise DatasetError(
                    f"{path}: no array {missing[0]} in it (there: {there}). Save x_train and y_train, or x and y."
                )
            images, labels = (arrays[name] for name in names)
    except (OSError, ValueError, EOFError, BadZipFile, zlib.error) as fault:
        raise DatasetError(
            f"{path}: not an npz of plain arrays: {fault}. Save it with numpy.savez, without objects."
        ) from None
    if images.ndim != 3 or images.dtype != np.uint8:
        raise DatasetError(f"{path}: {names[0]} is {images.dtype} {images.shape}; it must be uint8 (N, height, width).")
    _check_count(path, images, labels)
    name = f"{path.name} {names[0]}" if names[0] != "x" else path.name
    return Digits(name=name, images=images, labels=_checked_labels(path, labels, first_line=1), sha256=_sha256(path))


def has_test_part(path: Path) -> bool:
    """Whether path is an npz with pictures set aside for a last measurement (x_test)."""
    if path.suffix != ".npz" or not path.is_file():
        return False
    with np.load(path, allow_pickle=False) as arrays:
        return "x_test" in arrays


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


def _read_numbers(path: Path, lines: object, columns: int) -> NDArray[np.int32]:
    """(N, columns) int32 of the lines after the header; on a fault, the file is gone through again for its place."""
    try:
        table = np.loadtxt(lines, dtype=np.int32, delimiter=",", ndmin=2, comments=None)  # type: ignore[call-overload]
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


def _read_idx(path: Path, magic: bytes) -> NDArray[np.uint8]:
    kind = "pictures" if magic == IDX_PICTURES else "labels"
    try:
        data = gzip.decompress(path.read_bytes()) if path.suffix == ".gz" else path.read_bytes()
    except (OSError, EOFError, zlib.error) as fault:
        raise DatasetError(f"{path}: cannot be read: {fault}. Download it again.") from None
    dimensions = magic[3]
    if data[:4] != magic:
        raise DatasetError(
            f"{path}: not an IDX file of {kind}. Known are .csv, .npz and MNIST's IDX files, also as .gz."
        )
    shape = [int.from_bytes(data[4 + 4 * i : 8 + 4 * i], "big") for i in range(dimensions)]
    pixels = np.frombuffer(data, np.uint8, offset=min(len(data), 4 + 4 * dimensions))
    if pixels.size != np.prod(shape, dtype=np.int64):
        raise DatasetError(
            f"{path}: says it holds {' x '.join(map(str, shape))} bytes and has {pixels.size}. Download it again."
        )
    return pixels.reshape(shape)


def _check_count(path: Path, images: NDArray[np.uint8], labels: NDArray[np.generic]) -> None:
    if labels.ndim != 1 or len(labels) != len(images) or len(images) == 0:
        raise DatasetError(
            f"{path}: {len(images)} pictures and labels of shape {labels.shape}; give one label a picture."
        )


def _checked_labels(path: Path, labels: NDArray[np.generic], *, first_line: int) -> NDArray[np.uint8]:
    """Labels as uint8; first_line is the line, or the place from 1, of the first."""
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


def _sha256(*paths: Path) -> str:
    hashes = [hashlib.sha256(path.read_bytes()).hexdigest() for path in paths]
    return hashes[0] if len(hashes) == 1 else hashlib.sha256("".join(hashes).encode()).hexdigest()

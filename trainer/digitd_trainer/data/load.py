"""Reads sets of labelled digits from files: Kaggle's CSV, MNIST's IDX (.gz too), numpy's npz, and folders of them."""

import gzip
import zlib
from pathlib import Path
from zipfile import BadZipFile

import numpy as np
from numpy.typing import NDArray

from digitd_trainer.data.csv_file import load_csv
from digitd_trainer.data.digits import DatasetError, Digits, check_count, checked_labels, sha256_of

#: What is taken from a folder, the first of these that is there, beside every npz.
TRAIN_NAMES = ("train.csv", "train-images-idx3-ubyte", "train-images-idx3-ubyte.gz", "train-images.idx3-ubyte")

#: First bytes of an IDX file of unsigned bytes with three dimensions (pictures), and with one (labels).
IDX_PICTURES, IDX_LABELS = b"\x00\x00\x08\x03", b"\x00\x00\x08\x01"


def load(path: Path) -> list[Digits]:
    """Read what can be learnt from at path: a .csv, .npz or IDX file of pictures, or every set in a folder.

    Raises
    ------
    DatasetError
        There is no such set, or it is not as it should be.
    """
    return [_load_file(file) for file in _files(path)]


def load_tests(path: Path) -> list[Digits]:
    """Read what is set aside for a last measurement at path: x_test and y_test of npz files that have them.

    Raises
    ------
    DatasetError
        As for `load`.
    """
    return [load_npz(file, part="test") for file in _files(path) if file.suffix == ".npz" and _has_test_part(file)]


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
    check_count(labels_path, images, labels)
    return Digits(
        name=path.name,
        images=images,
        labels=checked_labels(labels_path, labels, first_line=1),
        sha256=sha256_of(path, labels_path),
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
    check_count(path, images, labels)
    name = f"{path.name} {names[0]}" if names[0] != "x" else path.name
    return Digits(name=name, images=images, labels=checked_labels(path, labels, first_line=1), sha256=sha256_of(path))


def _files(path: Path) -> list[Path]:
    if not path.is_dir():
        return [path]
    found = [path / name for name in TRAIN_NAMES if (path / name).is_file()][:1] + sorted(path.glob("*.npz"))
    if not found:
        raise DatasetError(f"{path}: no set of digits in it. It may hold {TRAIN_NAMES[0]}, {TRAIN_NAMES[1]} or *.npz.")
    return found


def _load_file(path: Path) -> Digits:
    if not path.is_file():
        raise DatasetError(f"{path}: no such file. Give a CSV as Kaggle's train.csv, an IDX file or an npz.")
    if path.suffix == ".csv":
        return load_csv(path)
    return load_npz(path) if path.suffix == ".npz" else load_idx(path)


def _has_test_part(path: Path) -> bool:
    with np.load(path, allow_pickle=False) as arrays:
        return "x_test" in arrays


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

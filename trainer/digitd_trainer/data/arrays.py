"""Reads digits from files of arrays: MNIST's IDX (.gz too), of bare glyphs, and numpy's npz, of cells too."""

import gzip
import zlib
from pathlib import Path
from zipfile import BadZipFile, is_zipfile

import numpy as np
from numpy.typing import NDArray

from digitd_trainer.data.cells import cleaned
from digitd_trainer.data.digits import DatasetError, Digits, check_count, only_usable, sha256_of

#: First bytes of an IDX file of unsigned bytes with three dimensions (pictures), and with one (labels).
IDX_PICTURES, IDX_LABELS = b"\x00\x00\x08\x03", b"\x00\x00\x08\x01"


def load_idx(path: Path) -> Digits:
    """Read an IDX file of pictures and the file of labels beside it (images -> labels, idx3 -> idx1 in its name).

    Raises
    ------
    DatasetError
        Either is missing, is not IDX, they do not belong together, or no picture can be used.
    """
    labels_path = path.with_name(path.name.replace("images", "labels").replace("idx3", "idx1"))
    images = _read_idx(path, IDX_PICTURES)
    if labels_path == path or not labels_path.is_file():
        raise DatasetError(f"{path}: its labels should lie beside it as {labels_path.name}. Put that file there too.")
    labels = _read_idx(labels_path, IDX_LABELS)
    check_count(labels_path, images, labels)
    sha256 = sha256_of(path, labels_path)
    return only_usable(
        path, images, labels, numbers=range(1, len(labels) + 1), word="picture", name=path.name, sha256=sha256
    )


def load_npz(path: Path, *, part: str = "train") -> Digits:
    """Read an npz with x_train and y_train (for part "test", x_test and y_test), or x and y.

    Raises
    ------
    DatasetError
        It is no such file, its arrays have the wrong shape or type, or no picture can be used.
    """
    names, images, labels = _read_npz(path, part)
    if images.ndim != 3 or images.dtype != np.uint8 or 0 in images.shape[1:]:
        raise DatasetError(f"{path}: {names[0]} is {images.dtype} {images.shape}; it must be uint8 (N, height, width).")
    check_count(path, images, labels)
    name = f"{path.name} {names[0]}" if names[0] != "x" else path.name
    images = cleaned(images)
    return only_usable(
        path, images, labels, numbers=range(1, len(labels) + 1), word="picture", name=name, sha256=sha256_of(path)
    )


def has_test_part(path: Path) -> bool:
    """Whether the npz at path sets digits aside for a last measurement."""
    with np.load(path, allow_pickle=False) as arrays:
        return "x_test" in arrays


def _read_npz(path: Path, part: str) -> tuple[tuple[str, str], NDArray[np.uint8], NDArray[np.generic]]:
    """The names of the arrays of pictures and labels, and the arrays."""
    if not is_zipfile(path):
        raise DatasetError(f"{path}: not an npz of plain arrays. Save it with numpy.savez, without objects.")
    try:
        with np.load(path, allow_pickle=False) as arrays:
            names = (f"x_{part}", f"y_{part}") if f"x_{part}" in arrays else ("x", "y")
            if missing := [name for name in names if name not in arrays]:
                there = ", ".join(arrays.files) or "nothing"
                raise DatasetError(
                    f"{path}: no array {missing[0]} in it (there: {there}). Save x_train and y_train, or x and y."
                )
            return names, arrays[names[0]], arrays[names[1]]
    except (OSError, ValueError, EOFError, BadZipFile, NotImplementedError, zlib.error) as fault:
        raise DatasetError(
            f"{path}: not an npz of plain arrays: {fault}. Save it with numpy.savez, without objects."
        ) from None


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

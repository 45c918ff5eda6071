"""Reads sets of labelled digits, whatever they come in: what a path means, and the loader for it."""

from pathlib import Path

from digitd_trainer.data.arrays import has_test_part, load_idx, load_npz
from digitd_trainer.data.csv_file import load_csv
from digitd_trainer.data.digits import DatasetError, Digits, only_digits
from digitd_trainer.data.fetched import MNIST, load_mnist
from digitd_trainer.data.pictures import is_by_class, load_pictures
from digitd_trainer.data.verified import database_at, load_verified

#: What is taken from a folder, the first of these that is there, beside every npz and the pictures by class.
TRAIN_NAMES = ("train.csv", "train-images-idx3-ubyte", "train-images-idx3-ubyte.gz", "train-images.idx3-ubyte")


def load(path: Path, *, strangers: bool = False) -> list[Digits]:
    """Read what can be learnt from at path.

    That is a .csv, .npz or IDX file of pictures, digitd's database, a folder with any of these, a folder of pictures
    by class, or the word mnist. With strangers, what is no digit is given too, where the source has such, with the
    label 10.

    Raises
    ------
    DatasetError
        There is no such set, or nothing of it can be used.
    DigitdError
        A database or its configuration cannot be opened.
    """
    if _is_mnist(path):
        return [load_mnist()]
    sets = [_load_one(source) for source in _sources(path)]
    return sets if strangers else [only_digits(digits) for digits in sets]


def load_tests(path: Path) -> list[Digits]:
    """Read what is set aside for a last measurement at path: MNIST's, and x_test and y_test of npz files.

    Raises
    ------
    DatasetError
        As for `load`.
    """
    if _is_mnist(path):
        return [load_mnist(part="test")]
    sources = [source for source in _sources(path) if source.suffix == ".npz" and source.is_file()]
    return [load_npz(source, part="test") for source in sources if has_test_part(source)]


def _is_mnist(path: Path) -> bool:
    return str(path) == MNIST and not path.exists()


def _sources(path: Path) -> list[Path]:
    """The sets that path means: itself, or what lies in it."""
    if not path.is_dir():
        return [path]
    found = [path / name for name in TRAIN_NAMES if (path / name).is_file()][:1] + sorted(path.glob("*.npz"))
    if is_by_class(path):
        found.append(path)
    if (database := database_at(path)) is not None:
        found.append(database)
    if not found:
        raise DatasetError(
            f"{path}: no set of digits in it. It may hold {TRAIN_NAMES[0]}, {TRAIN_NAMES[1]}, *.npz, pictures in "
            "folders 0 to 9, or be a folder that `digitd init` made."
        )
    return found


def _load_one(source: Path) -> Digits:
    if source.is_dir():
        return load_pictures(source)
    if source.suffix == ".db":  # one that is not there yet is told of by the store
        return load_verified(source)
    if not source.is_file():
        raise DatasetError(f"{source}: no such file. Give a CSV as Kaggle's train.csv, an IDX file or an npz.")
    if source.suffix == ".csv":
        return load_csv(source)
    if source.suffix == ".npz":
        return load_npz(source)
    return load_idx(source) if database_at(source) is None else load_verified(source)

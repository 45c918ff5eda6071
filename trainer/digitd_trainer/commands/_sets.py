"""The option `--data` and what it gives: sets of digits, and on standard error what was left out of them."""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, TypeVar

import click

from digitd_trainer.data.digits import DatasetError, Digits
from digitd_trainer.data.load import load, load_tests

Command = TypeVar("Command", bound=Callable[..., Any])

WHAT_TO_GIVE = (
    "give the digits to learn from with --data: Kaggle's train.csv (label,pixel0,...,pixel783), "
    "MNIST's IDX files (train-images-idx3-ubyte[.gz]) or an npz (x_train and y_train, or x and y); "
    "a file or a folder, as often as you like"
)


def data_option(command: Command) -> Command:
    """Add `--data`, as often as one likes, passed as `data`."""
    return click.option(
        "--data", type=click.Path(path_type=Path), multiple=True, help="CSV, IDX, npz, or a folder of these."
    )(command)


def check_given(data: Sequence[Path]) -> None:
    """Raise DatasetError, which says what may be given, unless there is data."""
    if not data:
        raise DatasetError(f"nothing to learn from: {WHAT_TO_GIVE}")


def read_sets(data: Sequence[Path]) -> list[Digits]:
    """Read what is learnt from.

    Raises
    ------
    DatasetError
        A set cannot be used.
    """
    return [digits for path in data for digits in load(path)]


def read_tests(data: Sequence[Path]) -> list[Digits]:
    """Read what is only measured with, where data has such parts.

    Raises
    ------
    DatasetError
        As for `read_sets`.
    """
    return [digits for path in data for digits in load_tests(path)]

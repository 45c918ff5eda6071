"""The option `--data` and what it gives: sets of digits, and on standard error what was left out of them."""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

if TYPE_CHECKING:
    from digitd_trainer.data.digits import Digits
    from digitd_trainer.evaluation.sets import Source

Command = TypeVar("Command", bound=Callable[..., Any])

#: Faults of a set that are told one by one; of more, how many there are.
TOLD = 10

WHAT_TO_GIVE = (
    "give the digits to learn from with --data: Kaggle's train.csv (label,pixel0,...,pixel783), "
    "MNIST's IDX files (train-images-idx3-ubyte[.gz]), an npz (x_train and y_train, or x and y), a folder of pictures "
    "by class (0/ to 9/, and other/ for what is no digit), digitd's database or its folder for the labels in it, "
    "or the word mnist, which Keras fetches; as often as you like"
)


def data_option(command: Command) -> Command:
    """Add `--data`, as often as one likes, passed as `data`."""
    return click.option(
        "--data",
        type=click.Path(path_type=Path),
        multiple=True,
        help="CSV, IDX, npz, pictures by class, a digitd database, a folder of these, or mnist.",
    )(command)


def check_given(data: Sequence[Path]) -> None:
    """Raise DatasetError, which says what may be given, unless there is data."""
    from digitd_trainer.data.digits import DatasetError

    if not data:
        raise DatasetError(f"nothing to learn from: {WHAT_TO_GIVE}")


def read_sets(data: Sequence[Path], *, strangers: bool = False) -> list["Digits"]:
    """Read what is learnt from, and tell on standard error what was left out and which digits are missing.

    With strangers, what is no digit is given too, where a set has such.

    Raises
    ------
    DatasetError
        Nothing of a set can be used, it has no labels, or all together hold one class only.
    """
    from digitd_trainer.data.digits import classes_missing
    from digitd_trainer.data.load import load  # numpy, OpenCV and all: `--help` need not wait

    sets = [digits for path in data for digits in load(path, strangers=strangers)]
    tell_left_out(sets)
    if missing := classes_missing(sets):
        names = " and no ".join(map(str, missing))
        click.echo(f"digitd: warning: no {names} among the digits: a model learns only what it is shown", err=True)
    return sets


def read_tests(data: Sequence[Path]) -> list["Digits"]:
    """Read what is only measured with, where data has such parts; what was left out is told too.

    Raises
    ------
    DatasetError
        Nothing of a set can be used.
    """
    from digitd_trainer.data.load import load_tests

    sets = [digits for path in data for digits in load_tests(path)]
    tell_left_out(sets)
    return sets


def tell_shared(measured: Sequence["Digits"], learnt: Sequence["Digits"]) -> None:
    """Warn on standard error of sets that are measured with, though some of their pictures are learnt from."""
    from digitd_trainer.data.digits import shared

    for digits in measured:
        if count := shared(digits, learnt):
            click.echo(
                f"digitd: warning: {digits.name}: {count:,} of its {len(digits.images):,} pictures are learnt from too "
                "in another set: what is measured with them flatters",
                err=True,
            )


def tell_left_out(sets: Sequence["Digits | Source"]) -> None:
    """Name on standard error what was left out of sets: the first of each, and how many there are."""
    for digits in sets:
        if not digits.left_out:
            continue
        all_of_it = len(digits.images) + len(digits.left_out)
        click.echo(f"digitd: warning: {digits.name}: {len(digits.left_out):,} of {all_of_it:,} left out:", err=True)
        for fault in digits.left_out[:TOLD]:
            click.echo(f"  {fault}", err=True)
        if len(digits.left_out) > TOLD:
            click.echo(f"  and {len(digits.left_out) - TOLD:,} more", err=True)

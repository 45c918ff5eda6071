"""Measures a model on the sets of single digits: `python -m digitd_trainer.evaluate --data DIR`. Needs no TensorFlow.

Cells are given to `normalise` as they are, borders and all: only what is brighter than the paper is taken away. So the
figures of the cells tell what segmentation has to do, and they are low until it has.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import click
import numpy as np
from numpy.typing import NDArray

from digitd.cli._common import current_config, json_option, print_json
from digitd.models import find
from digitd.reading.classify import Classifier
from digitd.records import NOT_A_DIGIT
from digitd.report.intervals import wilson
from digitd_trainer.digits import DatasetError
from digitd_trainer.glyphs import normalised

#: A three-convolution network of 98.9 % on MNIST, per cent right: plain resize to 28x28; crop, 20x20, centre of mass.
#: Measured when the sets were gathered.
NAIVE = {
    "mnist x_test": (99.4, 99.3),
    "usps": (82.6, 97.2),
    "nsysu_digits": (39.1, 88.3),
    "paper_digits": (59.8, 85.7),
    "sjcet x_marks40": (9.0, 9.6),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Set:
    """A set to measure with: where it lies, whether it is dark on light, and where it was learnt from, if it was.

    y is None where nothing in it is a digit, so that *not a digit* (or a glyph without ink) is right.
    """

    name: str
    file: str
    x: str
    y: str | None
    dark_on_light: bool = False
    learnt: str = ""


SETS: Sequence[Set] = (
    Set(name="mnist x_test", file="mnist/mnist.npz", x="x_test", y="y_test"),
    Set(name="usps", file="usps/usps.npz", x="x", y="y", learnt="92 % of it learnt"),
    Set(name="nsysu_digits", file="nsysu_digits/nsysu.npz", x="x", y="y", learnt="92 % of it learnt"),
    Set(name="paper_digits", file="paper_digits/paper_digits.npz", x="x", y="y", dark_on_light=True),
    Set(name="sjcet x_marks40", file="sjcet_cells/cells.npz", x="x_marks40", y="y_marks40", dark_on_light=True),
    Set(name="sjcet x_cell64", file="sjcet_cells/cells.npz", x="x_cell64", y="y_cell64", dark_on_light=True),
    Set(name="sjcet x_half64", file="sjcet_cells/cells.npz", x="x_half64", y=None, dark_on_light=True),
    Set(name="sjcet x_blank40", file="sjcet_cells/cells.npz", x="x_blank40", y=None, dark_on_light=True),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Figure:
    """So many of a set right; rejected are the digits said to be none, digits the others taken for one."""

    set: Set
    right: int
    total: int
    rejected: int

    def as_json(self) -> dict[str, Any]:
        """Plain values; shares in [0, 1], the interval is Wilson's at 95 %."""
        return {
            "set": self.set.name,
            "what": "digits right" if self.set.y else "not taken for a digit",
            "examples": self.total,
            "right": self.right,
            "accuracy": self.right / self.total,
            "interval": wilson(self.right, self.total),
            "said not a digit": self.rejected,
            "learnt": self.set.learnt,
            "naive": NAIVE.get(self.set.name),
        }


def evaluate(classifier: Classifier, folder: Path) -> Iterator[Figure]:
    """Measure classifier on every set that lies in folder.

    Raises
    ------
    DatasetError
        None does, or one is not what it should be.
    """
    there = [each for each in SETS if (folder / each.file).is_file()]
    if not there:
        raise DatasetError(f"{folder}: none of the sets is in it. It should hold {SETS[0].file} or {SETS[1].file}.")
    for each in there:
        images, labels = _load(folder / each.file, each)
        yield _measured(each, classifier(normalised(light_on_black(images) if each.dark_on_light else images)), labels)


def _load(path: Path, which: Set) -> tuple[NDArray[np.uint8], NDArray[np.uint8] | None]:
    with np.load(path, allow_pickle=False) as arrays:
        if missing := {which.x, which.y or which.x} - set(arrays.files):
            raise DatasetError(f"{path}: no array {min(missing)} in it. It is not the set {which.name}.")
        return arrays[which.x], arrays[which.y] if which.y else None


def light_on_black(images: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """(N, h, w) uint8 dark on paper to light on black: what is darker than the paper, the median of each picture."""
    paper = np.median(images, axis=(1, 2), keepdims=True)
    return np.clip(paper - images, 0, 255).astype(np.uint8)


def _measured(which: Set, said: NDArray[np.float32], labels: NDArray[np.uint8] | None) -> Figure:
    likeliest = said.argmax(axis=1)
    rejected = int((likeliest == NOT_A_DIGIT).sum())
    right = rejected if labels is None else int((likeliest == labels).sum())
    return Figure(set=which, right=right, total=len(said), rejected=rejected)


@click.command()
@click.option("--data", type=click.Path(path_type=Path, file_okay=False), required=True, help="Where the sets lie.")
@click.option("--model", help="The model's name; by default the configured one.")
@json_option
def main(data: Path, model: str | None, *, as_json: bool) -> None:
    """Measure a model on the sets of single digits."""
    config = current_config(optional=True)
    found = find(model or config.reading.model, config.models)
    figures = list(evaluate(Classifier(found.litert, temperature=found.card["temperature"]), data))
    if as_json:
        print_json({"model": found.id, "sets": [figure.as_json() for figure in figures]})
        return
    click.echo(f"{found.id}\n{'':18}{'right':>15}{'%':>8}   {'95 %':16}{'rejected':>8}   naive: resize, mass")
    for figure in figures:
        click.echo(_line(figure))


def _line(figure: Figure) -> str:
    low, high = wilson(figure.right, figure.total)
    naive = NAIVE.get(figure.set.name)
    return (
        f"{figure.set.name:18}{f'{figure.right}/{figure.total}':>15}{100 * figure.right / figure.total:8.2f}   "
        f"{f'{100 * low:.2f} to {100 * high:.2f}':16}{figure.rejected:>8}   "
        + (f"{naive[0]:5.1f} {naive[1]:5.1f}  " if naive else f"{'':13}")
        + figure.set.learnt
    ).rstrip()


if __name__ == "__main__":
    main()

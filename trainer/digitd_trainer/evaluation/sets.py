"""Measures a model on sets of single digits: `python -m digitd_trainer.evaluation.sets --data DIR`. No TensorFlow.

Cells are measured twice: given to `normalise` as they are, borders and all, only what is brighter than the paper taken
away; and isolated first, as segmentation does on a page. The difference is what segmentation is worth.
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
from digitd.reading.normalise import normalise
from digitd.reading.segment import isolate
from digitd.records import NOT_A_DIGIT
from digitd.report.intervals import wilson
from digitd_trainer.augment.rounds import normalised
from digitd_trainer.data.digits import DatasetError

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
    isolated: bool = False
    learnt: str = ""


def _cells(name: str, file: str, x: str, y: str | None) -> tuple["Set", "Set"]:
    """A set of cells, as they are and isolated."""
    return (
        Set(name=name, file=file, x=x, y=y, dark_on_light=True),
        Set(name=f"  {name}, isolated", file=file, x=x, y=y, isolated=True),
    )


SETS: Sequence[Set] = (
    Set(name="mnist x_test", file="mnist/mnist.npz", x="x_test", y="y_test"),
    Set(name="usps", file="usps/usps.npz", x="x", y="y", learnt="92 % of it learnt"),
    Set(name="nsysu_digits", file="nsysu_digits/nsysu.npz", x="x", y="y", learnt="92 % of it learnt"),
    *_cells("paper_digits", "paper_digits/paper_digits.npz", "x", "y"),
    *_cells("sjcet x_marks40", "sjcet_cells/cells.npz", "x_marks40", "y_marks40"),
    *_cells("sjcet x_cell64", "sjcet_cells/cells.npz", "x_cell64", "y_cell64"),
    *_cells("sjcet x_half64", "sjcet_cells/cells.npz", "x_half64", None),
    *_cells("sjcet x_blank40", "sjcet_cells/cells.npz", "x_blank40", None),
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
        glyphs = _glyphs(images, each)
        said = classifier(glyphs).argmax(axis=1)
        said[~glyphs.any(axis=(1, 2))] = NOT_A_DIGIT  # a page's blank cells are never classified
        yield _measured(each, said, labels)


def _load(path: Path, which: Set) -> tuple[NDArray[np.uint8], NDArray[np.uint8] | None]:
    with np.load(path, allow_pickle=False) as arrays:
        if missing := {which.x, which.y or which.x} - set(arrays.files):
            raise DatasetError(f"{path}: no array {min(missing)} in it. It is not the set {which.name}.")
        return arrays[which.x], arrays[which.y] if which.y else None


def _glyphs(images: NDArray[np.uint8], which: Set) -> NDArray[np.uint8]:
    if which.isolated:
        return np.array([normalise(isolate(image)) for image in images])
    return normalised(light_on_black(images) if which.dark_on_light else images)


def light_on_black(images: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """(N, h, w) uint8 dark on paper to light on black: what is darker than the paper, the median of each picture."""
    paper = np.median(images, axis=(1, 2), keepdims=True)
    return np.clip(paper - images, 0, 255).astype(np.uint8)


def _measured(which: Set, said: NDArray[np.intp], labels: NDArray[np.uint8] | None) -> Figure:
    rejected = int((said == NOT_A_DIGIT).sum())
    right = rejected if labels is None else int((said == labels).sum())
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
    click.echo(f"{found.id}\n{'':26}{'right':>15}{'%':>8}   {'95 %':16}{'rejected':>8}   naive: resize, mass")
    for figure in figures:
        click.echo(_line(figure))


def _line(figure: Figure) -> str:
    low, high = wilson(figure.right, figure.total)
    naive = NAIVE.get(figure.set.name)
    return (
        f"{figure.set.name:26}{f'{figure.right}/{figure.total}':>15}{100 * figure.right / figure.total:8.2f}   "
        f"{f'{100 * low:.2f} to {100 * high:.2f}':16}{figure.rejected:>8}   "
        + (f"{naive[0]:5.1f} {naive[1]:5.1f}  " if naive else f"{'':13}")
        + figure.set.learnt
    ).rstrip()


if __name__ == "__main__":
    main()

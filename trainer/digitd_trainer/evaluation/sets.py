"""Which sets of single digits a model is measured on, and what it had to do with each while it was trained.

A set is light on black, as MNIST, or pictures of paper. Known by name are the shared sets of real handwriting; any
other is what the trainer can load.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from digitd.records import NOT_A_DIGIT
from digitd_trainer.data.digits import DatasetError, Digits, sha256_of


class Relation(StrEnum):
    """What a model had to do with a set."""

    #: Nothing: other writers, other paper.
    STRANGE = "never trained on"
    #: From the same hand-out as something learnt from: MNIST's x_test beside its x_train.
    KIN = "kin of what was learnt from"
    #: Not learnt from, but its confidences were fitted to it: how well they fit says nothing of other sets.
    CALIBRATED = "calibrated with"
    #: Learnt from, at least in part.
    LEARNT = "learnt from"


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """A set as it lies on disk.

    images is (N, h, w) uint8; labels is (N,) uint8, 0 to 9, or None where nothing in it is a digit. paper says that
    images are dark on light. part is the array it came from, where a file has several. kin are words in the names of
    other files that hold the same hands, and perhaps the same digits. left_out tells what could not be used.
    """

    name: str
    images: NDArray[np.uint8]
    labels: NDArray[np.uint8] | None
    sha256: str
    part: str = ""
    paper: bool = False
    naive: tuple[float, float] | None = None
    kin: tuple[str, ...] = ()
    left_out: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class _Known:
    """An array of the shared sets.

    naive is what a three-convolution network of 98.9 % on MNIST gets right, per cent: plain resize to 28x28; crop,
    20x20, centre of mass. Measured when the sets were gathered.
    """

    name: str
    file: str
    x: str
    y: str | None
    paper: bool = False
    naive: tuple[float, float] | None = None
    kin: tuple[str, ...] = ()


#: Under these names MNIST goes about; Kaggle's train.csv is MNIST parted anew, x_test among it.
MNIST = ("mnist", "train.csv", "train-images", "t10k-images")

KNOWN: Sequence[_Known] = (
    _Known(name="mnist x_test", file="mnist/mnist.npz", x="x_test", y="y_test", naive=(99.4, 99.3), kin=MNIST),
    _Known(name="usps", file="usps/usps.npz", x="x", y="y", naive=(82.6, 97.2)),
    _Known(name="nsysu_digits", file="nsysu_digits/nsysu.npz", x="x", y="y", naive=(39.1, 88.3)),
    _Known(name="paper_digits", file="paper_digits/paper_digits.npz", x="x", y="y", paper=True, naive=(59.8, 85.7)),
    _Known(
        name="sjcet x_marks40", file="sjcet_cells/cells.npz", x="x_marks40", y="y_marks40", paper=True, naive=(9, 9.6)
    ),
    _Known(name="sjcet x_cell64", file="sjcet_cells/cells.npz", x="x_cell64", y="y_cell64", paper=True),
    _Known(name="sjcet x_half64", file="sjcet_cells/cells.npz", x="x_half64", y=None, paper=True),
    _Known(name="sjcet x_blank40", file="sjcet_cells/cells.npz", x="x_blank40", y=None, paper=True),
)


def find_sets(path: Path) -> Iterator[Source]:
    """Every set at path: the shared sets where it is a folder of them, else whatever the trainer can load and clean.

    Of an npz with x_test only that part is given: the rest is there to be learnt from.

    Raises
    ------
    DatasetError
        There is none, or one is not what it should be.
    """
    known = [each for each in KNOWN if (path / each.file).is_file()]
    for each in known:
        yield _load_known(path / each.file, each)
    if not known:
        yield from _load_plain(path)


def _load_known(path: Path, which: _Known) -> Source:
    with np.load(path, allow_pickle=False) as arrays:
        if missing := {which.x, which.y or which.x} - set(arrays.files):
            raise DatasetError(f"{path}: no array {min(missing)} in it. It is not the set {which.name}.")
        return Source(
            name=which.name,
            images=arrays[which.x],
            labels=arrays[which.y] if which.y else None,
            sha256=sha256_of(path),
            part=which.x,
            paper=which.paper,
            naive=which.naive,
            kin=which.kin,
        )


def _load_plain(path: Path) -> Iterator[Source]:
    from digitd_trainer.data.load import load, load_tests

    tests = {digits.sha256: digits for digits in load_tests(path)}
    for digits in load(path, strangers=True):
        chosen = tests.get(digits.sha256, digits)
        none = chosen.labelled() == NOT_A_DIGIT
        if not none.all():
            yield _source(chosen, ~none, name=chosen.name)
        if none.any():
            yield _source(chosen, none, name=f"{chosen.name}, no digits", digits=False)


def _source(found: Digits, which: NDArray[np.bool_], *, name: str, digits: bool = True) -> Source:
    """Those of a set that which, (N,), says."""
    return Source(
        name=name,
        images=found.images[which],
        labels=found.labelled()[which] if digits else None,
        sha256=found.sha256,
        part=found.name.partition(" ")[2],
        kin=MNIST if any(word in found.name.lower() for word in MNIST) else (),
        left_out=found.left_out if digits or which.all() else (),
    )


def relation(source: Source, card: Mapping[str, Any]) -> tuple[Relation, float]:
    """What the model of card had to do with source, and the share of it that was learnt from, in [0, 1]."""
    kin = False
    for each in learnt_from(card):
        name = str(each.get("name", ""))
        if each.get("sha256") == source.sha256:
            if (name.partition(" ")[2] or "x") == (source.part or "x"):
                examples = int(each.get("examples") or 0)
                return Relation.LEARNT, 1 - int(each.get("held_out") or 0) / examples if examples else 1.0
            kin = True
        kin = kin or any(word in name.lower() for word in source.kin)
    if any(each.get("sha256") == source.sha256 for each in _listed(card, "calibrated_with")):
        return Relation.CALIBRATED, 0.0
    return Relation.KIN if kin else Relation.STRANGE, 0.0


def learnt_from(card: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    """What a card says was learnt from; empty where it says nothing."""
    return _listed(card, "data")


def _listed(card: Mapping[str, Any], key: str) -> list[Mapping[str, Any]]:
    named = card.get(key)
    return [each for each in named if isinstance(each, Mapping)] if isinstance(named, list) else []

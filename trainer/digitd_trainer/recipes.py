"""The recipes: everything that decides what a model becomes, but for the data. A new recipe is a new entry here."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

#: What a recipe calls NAME is the function NAME_network of `digitd_trainer.network`.
Network = Literal["seed", "paper", "teacher"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Recipe:
    """How to train.

    network names a function of `digitd_trainer.network`; classes is 10, or 11 with *not a digit*. Where normalised is
    false, pictures are taken as they are, which needs 28x28. distorted draws every digit anew for each epoch and adds
    strangers; penned is how many digits, written by a drawn pen, are learnt with those of the sets. held_out is the
    share of each set kept for choosing and calibrating, in (0, 1). rate is Adam's step: constant, or with decay the
    highest of a rise over the first tenth and a cosine down to 0.

    weight_decay is AdamW's, of kernels only; 0 is plain Adam. label_smoothing, in [0, 1), is the share of certainty
    taken from each label. average, in [0, 1), makes a network of the moving average of the weights, in which each step
    counts 1 - average; 0 makes it of the last weights. It needs several times 1 / (1 - average) steps.

    teachers are trained first, each with teacher_network for teacher_epochs; their mean opinion, at distil_temperature,
    has distil_weight in what the network learns, in [0, 1], and the labels have the rest. Without teachers these mean
    nothing.
    """

    name: str
    purpose: str
    network: Network
    classes: int
    normalised: bool
    distorted: bool
    held_out: float
    epochs: int
    batch: int
    rate: float
    decay: bool
    penned: int = 0
    weight_decay: float = 0.0
    label_smoothing: float = 0.0
    average: float = 0.0
    teachers: int = 0
    teacher_network: Network = "paper"
    teacher_epochs: int = 16
    distil_weight: float = 0.7
    distil_temperature: float = 3.0


RECIPES: Mapping[str, Recipe] = {
    recipe.name: recipe
    for recipe in (
        Recipe(
            name="seed",
            purpose="what the project began with, unchanged, to compare with",
            network="seed",
            classes=10,
            normalised=False,
            distorted=False,
            held_out=0.2,
            epochs=5,
            batch=128,
            rate=0.001,
            decay=False,
        ),
        Recipe(
            name="paper",
            purpose="the model that ships: knows other pens and scanners, and what is no digit",
            network="paper",
            classes=11,
            normalised=True,
            distorted=True,
            held_out=0.08,
            penned=24_000,
            epochs=16,
            batch=256,
            rate=0.004,
            decay=True,
            weight_decay=1e-4,
            average=0.998,
            teachers=1,
            teacher_network="teacher",
            teacher_epochs=18,
        ),
        Recipe(
            name="quick",
            purpose="a minute, to see that everything works",
            network="seed",
            classes=10,
            normalised=True,
            distorted=False,
            held_out=0.2,
            epochs=3,
            batch=64,
            rate=0.001,
            decay=False,
        ),
    )
}

#: Which part of the data is held out must be the same for every seed of training, so that runs can be compared.
SPLIT_SEED = 42

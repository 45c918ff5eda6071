"""Trains a model by a recipe: sets of digits go in, a network, its LiteRT bytes and its figures come out. No files."""

import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import repeat
from typing import Any

from digitd.reading.classify import Classifier
from digitd_trainer import network as networks
from digitd_trainer.augment.rounds import Glyphs, draw_rounds, joined, round_size
from digitd_trainer.data.digits import Digits
from digitd_trainer.evaluation.figures import SetFigures, as_input, measure
from digitd_trainer.export import find_temperature, to_litert
from digitd_trainer.frameworks import import_keras
from digitd_trainer.prepare import Prepared, as_read, prepare
from digitd_trainer.recipes import Recipe

#: Told after every batch: the share done in [0, 1], and the figures so far.
Told = Callable[[float, Mapping[str, float]], None]


@dataclass(frozen=True, slots=True, kw_only=True)
class Trained:
    """What came of it. history holds a number an epoch: accuracy, loss, val_accuracy, val_loss."""

    network: Any
    litert: bytes
    temperature: float
    epochs: int
    history: Mapping[str, Sequence[float]]
    held_out: tuple[SetFigures, ...]
    tests: tuple[SetFigures, ...]


def train(
    recipe: Recipe,
    sets: Sequence[Digits],
    *,
    tests: Sequence[Digits] = (),
    seed: int = 42,
    epochs: int | None = None,
    processes: int = 1,
    told: Told | None = None,
) -> Trained:
    """Train.

    Parameters
    ----------
    recipe
        How.
    sets
        What is learnt from; a share of each is held out.
    tests
        What the finished model is measured with, and nothing else.
    seed
        Decides the first weights, the order, and what is drawn; never what is held out.
    epochs
        Instead of the recipe's number.
    processes
        Worker processes that draw glyphs, where the recipe distorts.
    told
        Called after every batch.

    Raises
    ------
    DatasetError
        A set has no labels or too few digits, or its pictures do not suit the recipe.
    NotInstalled
        TensorFlow is not there.
    """
    import_keras().utils.set_random_seed(seed)
    epochs = epochs or recipe.epochs
    data = prepare(sets, recipe, seed=seed)
    network, history = fit(recipe, data, seed=seed, epochs=epochs, processes=processes, told=told)
    litert = to_litert(network, data.calibration.images)
    temperature = find_temperature(litert, data.calibration)
    classifier = Classifier(litert, temperature=temperature)
    asked = [(digits.name, as_read(digits, recipe)) for digits in tests]
    return Trained(
        network=network,
        litert=litert,
        temperature=temperature,
        epochs=epochs,
        history=history,
        held_out=tuple(measure(n, g, classifier=classifier, network=network) for n, g in data.held_out),
        tests=tuple(measure(n, g, classifier=classifier, network=network) for n, g in asked),
    )


def fit(
    recipe: Recipe, data: Prepared, *, seed: int, epochs: int, processes: int, told: Told | None
) -> tuple[Any, dict[str, list[float]]]:
    """Fit the recipe's network to data; the network, and its history, a number an epoch."""
    size = round_size(len(data.learnt.labels)) if recipe.distorted else len(data.learnt.labels)
    steps = math.ceil(size / recipe.batch)
    network = _compiled(recipe, steps=steps * epochs)
    rounds: Iterable[Glyphs] = repeat(data.learnt, epochs)
    if recipe.distorted:
        rounds = draw_rounds(data.learnt, epochs, seed=seed, processes=processes)
    kept = joined([glyphs for _, glyphs in data.held_out])
    validation = as_input(kept.images), kept.labels
    history: dict[str, list[float]] = {}
    for number, glyphs in enumerate(rounds):
        run = network.fit(
            as_input(glyphs.images),
            glyphs.labels,
            batch_size=recipe.batch,
            validation_data=validation,
            verbose=0,
            callbacks=[_teller(told, done=number * steps, total=epochs * steps)] if told else [],
        )
        for name, values in run.history.items():
            history.setdefault(name, []).append(round(float(values[0]), 6))
    return network, history


def _compiled(recipe: Recipe, *, steps: int) -> Any:
    keras = import_keras()
    build = {"seed": networks.seed_network, "paper": networks.paper_network}[recipe.network]
    network = build(recipe.classes)
    rate = recipe.rate
    if recipe.decay:
        rise = max(1, steps // 10)
        rate = keras.optimizers.schedules.CosineDecay(
            recipe.rate / 25, steps - rise, warmup_target=recipe.rate, warmup_steps=rise
        )
    network.compile(keras.optimizers.Adam(rate), "sparse_categorical_crossentropy", metrics=["accuracy"])
    return network


def _teller(told: Told, *, done: int, total: int) -> Any:
    def after_batch(batch: int, logs: Mapping[str, float] | None = None) -> None:
        told((done + batch + 1) / total, logs or {})

    return import_keras().callbacks.LambdaCallback(on_train_batch_end=after_batch)

"""Trains a model by a recipe: sets of digits go in, a network, its LiteRT bytes and its figures come out.

Its only files are those of the work folder, which lets a training that was killed go on.
"""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import digitd
from digitd.errors import ModelError
from digitd.reading.classify import Classifier
from digitd_trainer.augment.rounds import Glyphs, joined
from digitd_trainer.checkpoints import TrainingStopped
from digitd_trainer.data.digits import Digits
from digitd_trainer.distil import Teacher
from digitd_trainer.evaluation.figures import SetFigures, measure
from digitd_trainer.export import find_temperature, to_litert
from digitd_trainer.fit import Means, fit
from digitd_trainer.learner import build
from digitd_trainer.prepare import Prepared, as_read, prepare
from digitd_trainer.progress import Stopwatch
from digitd_trainer.recipes import Recipe
from digitd_trainer.teachers import measured, train_teachers


@dataclass(frozen=True, slots=True, kw_only=True)
class Trained:
    """What came of it. history holds a number an epoch, as `fit` gives it; seconds are by what they were spent on."""

    network: Any
    litert: bytes
    temperature: float
    epochs: int
    history: Mapping[str, Sequence[float]]
    seconds: Mapping[str, float]
    teachers: tuple[Teacher, ...]
    held_out: tuple[SetFigures, ...]
    left_out: tuple[SetFigures, ...]
    tests: tuple[SetFigures, ...]


def train(
    recipe: Recipe,
    sets: Sequence[Digits],
    *,
    means: Means,
    tests: Sequence[Digits] = (),
    left_out: Sequence[Digits] = (),
    teachers: Sequence[Teacher] = (),
    calibration: Sequence[Digits] = (),
    seed: int = 42,
    epochs: int | None = None,
) -> Trained:
    """Train.

    Parameters
    ----------
    recipe
        How.
    sets
        What is learnt from; a share of each is held out.
    means
        With what; a training that its work folder keeps is gone on with.
    tests, left_out
        What the finished model is measured with, and nothing else; the latter might have been learnt from.
    teachers
        Instead of those that the recipe would train.
    calibration
        What the temperature is found with: digits of other pens and papers, read as pages are. Where there are none,
        digits drawn from what is held out.
    seed
        Decides the first weights, the order, and what is drawn; never what is held out.
    epochs
        Instead of the recipe's number.

    Raises
    ------
    DatasetError
        A set has no labels or too few digits, or its pictures do not suit the recipe.
    TrainingStopped
        The loss became no number, there is no room for what is kept, or no file can be made of what was learnt.
    NotInstalled
        TensorFlow is not there.
    """
    means.work.check_room(bytes_needed(recipe, given=len(teachers)))
    clock, epochs = Stopwatch(), epochs or recipe.epochs
    with clock.on("preparing"):  # all sets: one that does not suit the recipe is told of now, not after an hour
        data = prepare(sets, recipe, seed=seed)
        asked, apart = ([(each.name, as_read(each, recipe)) for each in which] for which in (tests, left_out))
        strange = [as_read(digits, recipe) for digits in calibration]
    teachers = _teachers(recipe, data, sets, given=teachers, means=means, seed=seed, clock=clock)
    networks, part = [teacher.network for teacher in teachers], "student" if teachers else "training"
    fitted = fit(recipe, data, part=part, means=means, seed=seed, epochs=epochs, teachers=networks)
    clock.add(fitted.seconds)
    with clock.on("making the file"):
        litert = to_litert(fitted.network, data.calibration.images)
        temperature = _temperature(litert, joined(strange) if strange else data.calibration, rate=recipe.rate)
    with clock.on("measuring the file"):
        classifier = Classifier(litert, temperature=temperature)
        held_out, left_out_figures, test_figures = (
            tuple(measure(name, glyphs, classifier=classifier, network=fitted.network) for name, glyphs in which)
            for which in (data.held_out, apart, asked)
        )
    return Trained(
        network=fitted.network,
        litert=litert,
        temperature=temperature,
        epochs=epochs,
        history=fitted.history,
        seconds=clock.seconds,
        teachers=tuple(teachers),
        held_out=held_out,
        left_out=left_out_figures,
        tests=test_figures,
    )


def _teachers(
    recipe: Recipe,
    data: Prepared,
    sets: Sequence[Digits],
    *,
    given: Sequence[Teacher],
    means: Means,
    seed: int,
    clock: Stopwatch,
) -> list[Teacher]:
    """Those given, or else those of recipe, with their accuracy on what is held out."""
    learnt = [digits.sha256 for digits in sets]
    teachers = given or train_teachers(recipe, data, means=means, seed=seed, learnt=learnt, clock=clock)
    with clock.on("measuring teachers"):
        held_out = joined([glyphs for _, glyphs in data.held_out])
        return [measured(teacher, held_out) for teacher in teachers]


def _temperature(litert: bytes, glyphs: Glyphs, *, rate: float) -> float:
    """The temperature of a file that may not read at all. Raises TrainingStopped."""
    try:
        return find_temperature(litert, glyphs)
    except ModelError as fault:
        raise TrainingStopped(
            f"training is over, but what was learnt makes no file that reads ({fault}). Its weights have most likely "
            f"grown without bounds: train again with --fresh and a smaller --rate (it was {rate:g})."
        ) from None


def settings(
    recipe: Recipe,
    sets: Sequence[Digits],
    *,
    left_out: Sequence[Digits],
    teachers: Sequence[Teacher],
    seed: int,
    epochs: int | None,
) -> dict[str, Any]:
    """All that decides what comes of a training, by name: one that was killed is gone on with only if these agree."""
    of_recipe = {name: value for name, value in asdict(recipe).items() if name not in {"purpose", "epochs"}}
    return {
        **{f"recipe.{name}": value for name, value in of_recipe.items()},
        "epochs": epochs or recipe.epochs,
        "seed": seed,
        "data": [[digits.name, digits.sha256] for digits in sets],
        "left out": [[digits.name, digits.sha256] for digits in left_out],
        "teachers": [teacher.sha256 for teacher in teachers],
        "pipeline": digitd.PIPELINE_VERSION,
    }


def bytes_needed(recipe: Recipe, *, given: int) -> int:
    """About how much the work folder and the model folder take at their fullest, with so many teachers given.

    Of four bytes a weight: the weights, Adam's two moments, the average and what the network would be, twice while one
    state replaces another; a finished teacher its weights; the model folder its weights, those of 8 bits, and pictures.
    """
    own = int(build(recipe.network, recipe.classes).count_params())
    training = given or not recipe.teachers
    teacher = 0 if training else int(build(recipe.teacher_network, recipe.classes).count_params())
    return 4 * (2 * 5 * max(own, teacher) + recipe.teachers * teacher + 2 * own) + 2_000_000

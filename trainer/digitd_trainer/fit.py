"""Trains one network, a round at a time: each round is kept, and a training that was killed goes on after the last."""

import math
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import repeat
from typing import Any

import numpy as np
from numpy.typing import NDArray

from digitd_trainer.augment.rounds import Glyphs, draw_rounds, joined, round_size
from digitd_trainer.checkpoints import State, TrainingStopped, WorkFolder
from digitd_trainer.distil import opinion, said_by
from digitd_trainer.learner import AfterBatch, Learner, NotFinite
from digitd_trainer.prepare import Prepared
from digitd_trainer.progress import Reporter, Silent, Stopwatch
from digitd_trainer.recipes import Recipe


@dataclass(frozen=True, slots=True, kw_only=True)
class Means:
    """What a training is done with; none of it changes what comes out.

    work keeps what every round reached; processes draw the glyphs, where the recipe distorts; reporter is told.
    """

    work: WorkFolder
    processes: int = 1
    reporter: Reporter = field(default_factory=Silent)


@dataclass(frozen=True, slots=True, kw_only=True)
class Fitted:
    """A finished network. history holds a number a round: accuracy, loss, val_accuracy, val_loss, rate (at its end)."""

    network: Any
    history: Mapping[str, Sequence[float]]
    seconds: Mapping[str, float]


def fit(
    recipe: Recipe,
    data: Prepared,
    *,
    part: str,
    means: Means,
    seed: int,
    epochs: int,
    teachers: Sequence[Any] = (),
) -> Fitted:
    """Fit recipe's network to data, in epochs rounds; goes on with what the work folder keeps of part.

    Raises
    ------
    TrainingStopped
        The loss became no number, or what was reached cannot be kept.
    """
    steps = math.ceil(_round_size(recipe, data) / recipe.batch)
    learner = Learner(recipe, seed=seed, steps=steps * epochs, taught=bool(teachers))
    state = _take_up(learner, part, means=means, epochs=epochs)
    clock, history = Stopwatch(state.seconds), {name: list(values) for name, values in state.history.items()}
    held_out = joined([glyphs for _, glyphs in data.held_out])
    rounds = _rounds(recipe, data, first=state.rounds, epochs=epochs, seed=seed, processes=means.processes)
    for number, glyphs in enumerate(_timed(rounds, clock), start=state.rounds):
        told = _teller(means.reporter, part, done=number * steps, total=epochs * steps)
        try:
            figures, weights = _round(learner, glyphs, number, kept=held_out, teachers=teachers, clock=clock, told=told)
        except NotFinite as fault:
            where = f"{part}, round {number + 1} of {epochs}, step {fault.step} of {steps}"
            raise TrainingStopped(_advice(where, recipe, work=means.work, rounds=number)) from None
        for name, value in figures.items():
            history.setdefault(name, []).append(round(value, 6))
        state = State(
            rounds=number + 1,
            history=history,
            seconds=clock.seconds,
            variables=learner.variables(),
            weights=weights,
        )
        means.work.keep(part, state)
    learner.network.set_weights(list(state.weights))
    return Fitted(network=learner.network, history=history, seconds=clock.seconds)


def _take_up(learner: Learner, part: str, *, means: Means, epochs: int) -> State:
    """The state kept of part, which learner then has; or that of a beginning."""
    state = means.work.state(part)
    if state is None:
        return State(rounds=0, history={}, seconds={}, variables=(), weights=learner.network.get_weights())
    if not learner.restore(state.variables):
        raise TrainingStopped(f"{means.work.path}: {part} is of another network. Begin again with --fresh.")
    means.reporter.say(f"{part}: going on after round {state.rounds} of {epochs}")
    return state


def _round(
    learner: Learner,
    glyphs: Glyphs,
    number: int,
    *,
    kept: Glyphs,
    teachers: Sequence[Any],
    clock: Stopwatch,
    told: AfterBatch,
) -> tuple[dict[str, float], list[NDArray[Any]]]:
    """Learn glyphs; the figures, those of kept too, and the weights that a network finished now would have."""
    answers = None
    if teachers:
        with clock.on("asking teachers"):
            answers = opinion(teachers, glyphs.images, temperature=learner.recipe.distil_temperature)
    with clock.on("learning"):
        loss, accuracy = learner.learn(glyphs, number, answers=answers, told=told)
    with clock.on("measuring rounds"):
        weights = learner.weights(glyphs, number)
        held_out = _measured(learner.network, weights, kept)
    return {"accuracy": accuracy, "loss": loss, "rate": learner.rate()} | held_out, weights


def _measured(network: Any, weights: Sequence[NDArray[Any]], held_out: Glyphs) -> dict[str, float]:
    """What network gets right of held_out with weights; its own are put back. Raises NotFinite."""
    own = network.get_weights()
    network.set_weights(list(weights))
    said = said_by(network, held_out.images)
    network.set_weights(own)
    if not np.isfinite(said).all():
        raise NotFinite("the last")
    of_truth = said[np.arange(len(said)), held_out.labels]
    return {
        "val_accuracy": float((said.argmax(axis=1) == held_out.labels).mean()),
        "val_loss": float(-np.log(np.maximum(of_truth, 1e-7)).mean()),
    }


def _advice(where: str, recipe: Recipe, *, work: WorkFolder, rounds: int) -> str:
    kept, on = (f" What round {rounds} reached is kept in {work.path}.", " to go on from there") if rounds else ("", "")
    return (
        f"{where}: the loss is no longer a number, so nothing more can be learnt.{kept} Run the same command with a "
        f"smaller --rate (it was {recipe.rate:g}){on}; if that does not help, look at the data: digitd train preview."
    )


def _round_size(recipe: Recipe, data: Prepared) -> int:
    return round_size(len(data.learnt.labels)) if recipe.distorted else len(data.learnt.labels)


def _rounds(recipe: Recipe, data: Prepared, *, first: int, epochs: int, seed: int, processes: int) -> Iterable[Glyphs]:
    """The rounds from first on."""
    if not recipe.distorted or first >= epochs:
        return repeat(data.learnt, epochs - first)
    return draw_rounds(data.learnt, epochs - first, first=first, seed=seed, processes=processes)


def _timed(rounds: Iterable[Glyphs], clock: Stopwatch) -> Iterator[Glyphs]:
    waiting = iter(rounds)
    while True:
        with clock.on("waiting for drawn digits"):
            glyphs = next(waiting, None)
        if glyphs is None:
            return
        yield glyphs


def _teller(reporter: Reporter, part: str, *, done: int, total: int) -> Callable[[int, float, float], None]:
    def after_batch(step: int, loss: float, accuracy: float) -> None:
        reporter.show(part, (done + step) / total, figures={"accuracy": accuracy, "loss": loss})

    return after_batch

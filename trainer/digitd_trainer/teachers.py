"""Trains teachers, one after the other; each that is finished is kept, so that a killed run does not train it again."""

import hashlib
import json
from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from digitd_trainer.augment.rounds import Glyphs
from digitd_trainer.average import bare_copy
from digitd_trainer.checkpoints import WorkFolder, write_json
from digitd_trainer.distil import Teacher, said_by
from digitd_trainer.fit import Fitted, Means, fit
from digitd_trainer.frameworks import import_keras
from digitd_trainer.prepare import Prepared
from digitd_trainer.progress import Stopwatch
from digitd_trainer.recipes import Recipe


def train_teachers(
    recipe: Recipe,
    data: Prepared,
    *,
    means: Means,
    seed: int,
    learnt: Sequence[str],
    clock: Stopwatch,
) -> list[Teacher]:
    """Train the teachers of recipe, except for those that the work folder keeps; their seeds follow from seed.

    learnt are the hashes of what data was made of.

    Raises
    ------
    TrainingStopped
        As for `fit`.
    """
    own = recipe_of_teachers(recipe)
    teachers = []
    for number in range(recipe.teachers):
        part, own_seed = f"teacher-{number + 1}", seed_of_teacher(seed, number)
        path = means.work.path / f"{part}.keras"
        if path.is_file():
            means.reporter.say(f"{part}: is trained already")
        else:
            fitted = fit(own, data, part=part, means=means, seed=own_seed, epochs=own.epochs)
            _keep(part, fitted, work=means.work)
        clock.add(json.loads(path.with_suffix(".json").read_text(encoding="utf-8"))["seconds"], under="teachers")
        teachers.append(
            Teacher(
                name=part,
                sha256=hashlib.sha256(path.read_bytes()).hexdigest(),
                network=import_keras().models.load_model(path, compile=False),
                learnt=tuple(learnt),
                seed=own_seed,
                epochs=own.epochs,
            )
        )
    return teachers


def recipe_of_teachers(recipe: Recipe) -> Recipe:
    """How the teachers of recipe are trained."""
    return replace(recipe, network=recipe.teacher_network, epochs=recipe.teacher_epochs, teachers=0)


def seed_of_teacher(seed: int, number: int) -> int:
    """A seed for teacher number that no other run has, so that students of several seeds have teachers of their own."""
    return int(np.random.SeedSequence((seed, number)).generate_state(1)[0] >> 1)


def measured(teacher: Teacher, held_out: Glyphs) -> Teacher:
    """The teacher with its accuracy on held_out."""
    right = said_by(teacher.network, held_out.images).argmax(axis=1) == held_out.labels
    return replace(teacher, accuracy=float(right.mean()))


def _keep(part: str, fitted: Fitted, *, work: WorkFolder) -> None:
    """Keep the finished network in place of its rounds; the .keras file comes last, since it says that all is there."""
    told = {"seconds": dict(fitted.seconds), "history": dict(fitted.history)}
    work.place(f"{part}.json", lambda draft: write_json(draft, told))
    work.place(f"{part}.keras", bare_copy(fitted.network).save)
    work.forget(part)

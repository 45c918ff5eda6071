"""Writes what training gave as a model folder: the LiteRT file, the Keras file, the card, the figures and pictures."""

import hashlib
import platform
import shutil
import subprocess
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import digitd
from digitd.models import CARD, KERAS, LITERT
from digitd_trainer.average import bare_copy
from digitd_trainer.checkpoints import write_json
from digitd_trainer.data.digits import DatasetError, Digits
from digitd_trainer.distil import TEACHERS, Teacher
from digitd_trainer.evaluation.figures import together
from digitd_trainer.evaluation.plots import plot_curves, plot_held_out
from digitd_trainer.frameworks import versions
from digitd_trainer.recipes import Recipe
from digitd_trainer.train import Trained

METRICS, CURVES, CONFUSION = "metrics.json", "curves.png", "confusion.png"


def write_folder(
    folder: Path,
    trained: Trained,
    *,
    recipe: Recipe,
    sets: Sequence[Digits],
    left_out: Sequence[Digits] = (),
    calibration: Sequence[Digits] = (),
    seed: int,
    commit: str | None,
) -> None:
    """Write the model folder, all of it or nothing; one that is there is replaced.

    sets were learnt from, left_out were not, calibration gave the temperature and no more; commit is that of the code
    which ran, as `commit_here` gave it before.

    Raises
    ------
    DatasetError
        It cannot be written.
    """
    try:
        folder.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=folder.parent, prefix=f".{folder.name}-") as made:
            draft = Path(made) / folder.name
            draft.mkdir()
            (draft / LITERT).write_bytes(trained.litert)
            bare_copy(trained.network).save(draft / KERAS)
            card = _card(folder.name, draft, trained, recipe=recipe, sets=sets, seed=seed)
            card["left_out"] = [_named(digits) for digits in left_out]
            card["calibrated_with"] = [_named(digits) for digits in calibration]
            write_json(draft / CARD, card | {"commit": commit})
            write_json(draft / METRICS, _metrics(trained, recipe=recipe, seed=seed))
            plot_curves(trained.history, draft / CURVES, title=f"Training of {folder.name}")
            plot_held_out(together(trained.held_out, name="held out"), draft / CONFUSION, title=folder.name)
            with _replaced(folder):
                draft.rename(folder)
    except OSError as fault:
        raise DatasetError(
            f"{folder}: cannot be written: {fault.strerror}. Put that right and run the same command again: what was "
            "trained is kept."
        ) from None


@contextmanager
def _replaced(folder: Path) -> Iterator[None]:
    """Put folder aside while another is put in its place; it is deleted after that, and comes back where that fails.

    A kill meanwhile leaves it beside, as .NAME.before.
    """
    before = folder.with_name(f".{folder.name}.before")
    if folder.exists():
        shutil.rmtree(before, ignore_errors=True)  # left by a kill after its successor was in place
        folder.rename(before)
    try:
        yield
    except OSError:
        if before.exists() and not folder.exists():
            before.rename(folder)
        raise
    shutil.rmtree(before, ignore_errors=True)


def keep_teachers(work: Path, folder: Path, *, teachers: Sequence[Teacher] = ()) -> list[Path]:
    """Move the teachers that were trained in work into folder, for `--teacher`; where they are.

    What is known of teachers is written beside them: others must not learn through them from what they leave out.

    Raises
    ------
    DatasetError
        They cannot be moved.
    """
    trained = sorted(work.glob("teacher-*.keras"))
    try:
        if trained:
            with _replaced(folder):
                folder.mkdir()
                known = {f"{each.name}.keras": each.known() for each in teachers}
                write_json(folder / TEACHERS, {path.name: known.get(path.name, {}) for path in trained})
                for path in trained:
                    path.rename(folder / path.name)
    except OSError as fault:
        raise DatasetError(f"{folder}: {fault.strerror}. The teachers are in {work}.") from None
    return [folder / path.name for path in trained]


def _card(
    name: str, draft: Path, trained: Trained, *, recipe: Recipe, sets: Sequence[Digits], seed: int
) -> dict[str, Any]:
    """The facts that travel with the model. evaluation is of the LiteRT file; the test sets come first."""
    return {
        "name": name,
        "recipe": recipe.name,
        "classes": recipe.classes,
        "temperature": trained.temperature,
        "litert_sha256": hashlib.sha256(trained.litert).hexdigest(),
        "keras_sha256": hashlib.sha256((draft / KERAS).read_bytes()).hexdigest(),
        "litert_gives": "logits",
        "keras_gives": "probabilities",
        "seed": seed,
        "epochs": trained.epochs,
        "recipe_settings": asdict(recipe) | {"epochs": trained.epochs},
        "teachers": [teacher.as_json() for teacher in trained.teachers],
        "trained_at": datetime.now(UTC).isoformat(timespec="seconds"),
        "versions": {
            **versions(),
            "python": platform.python_version(),
            "digitd": digitd.__version__,
            "pipeline": digitd.PIPELINE_VERSION,
        },
        "data": [
            _named(digits) | {"unusable": len(digits.left_out), "held_out": figures.examples}
            for digits, figures in zip(sets, trained.held_out, strict=True)
        ],
        "evaluation": [figures.as_json() for figures in trained.tests]
        + [figures.as_json() | {"left_out": True} for figures in trained.left_out]
        + [figures.as_json() | {"held_out": True} for figures in trained.held_out],
    }


def _named(digits: Digits) -> dict[str, Any]:
    return {"name": digits.name, "sha256": digits.sha256, "examples": len(digits.images)}


def _metrics(trained: Trained, *, recipe: Recipe, seed: int) -> dict[str, Any]:
    return {
        "recipe": recipe.name,
        "seed": seed,
        "epochs": trained.epochs,
        "seconds": round(sum(trained.seconds.values()), 1),
        "seconds_by_part": {what: round(seconds, 1) for what, seconds in trained.seconds.items()},
        "weights": int(trained.network.count_params()),
        "history": trained.history,
        "held_out": together(trained.held_out, name="held out").as_json(),
        "tests": [figures.as_json() for figures in trained.tests],
        "left_out": [figures.as_json() for figures in trained.left_out],
    }


def commit_here() -> str | None:
    """The commit of this checkout; None where this is no checkout or git is not there."""
    root = Path(__file__).resolve().parents[2]
    git = shutil.which("git")
    if git is None or not (root / ".git").exists():
        return None
    found = subprocess.run(  # noqa: S603  (git of the path, with arguments of our own)
        [git, "-C", str(root), "rev-parse", "HEAD"], capture_output=True, text=True, check=False
    )
    return found.stdout.strip() or None

"""Parts the sets of digits by a recipe: to learn from, and held out to choose, calibrate and measure."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from digitd.reading.normalise import GLYPH_SIDE
from digitd.records import NOT_A_DIGIT
from digitd_trainer.augment.penned import penned
from digitd_trainer.augment.rounds import Glyphs, as_squares, balanced, draw_round, joined, normalised
from digitd_trainer.data.digits import DatasetError, Digits, only_digits
from digitd_trainer.recipes import SPLIT_SEED, Recipe

#: Fewer digits than this cannot be parted into something learnt from and something measured with.
FEWEST = 50

#: Number of the round drawn from what is held out; no training comes so far.
CALIBRATION_ROUND = 1_000_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Prepared:
    """Data ready for training.

    learnt are the digits learnt from, all sets in one, the small ones repeated, and those the recipe has written;
    held_out are the others by set, as pages are read; calibration is like what is trained on, but made of what is held
    out.
    """

    learnt: Glyphs
    held_out: Sequence[tuple[str, Glyphs]]
    calibration: Glyphs


def prepare(sets: Sequence[Digits], recipe: Recipe, *, seed: int) -> Prepared:
    """Part sets as recipe says. seed decides what calibration looks like, never what is held out.

    Raises
    ------
    DatasetError
        A set has no labels or too few digits, or its pictures do not suit the recipe.
    """
    parts = [split(digits, share=recipe.held_out) for digits in sets]
    held_out = [(kept.name, as_read(kept, recipe)) for _, kept in parts]
    if not recipe.distorted:
        learnt = joined([as_read(learnt, recipe) for learnt, _ in parts])
        return Prepared(learnt=learnt, held_out=held_out, calibration=joined([kept for _, kept in held_out]))
    squares = [
        [Glyphs(images=as_squares(digits.images), labels=digits.labelled()) for digits in part] for part in parts
    ]
    kept = joined([kept for _, kept in squares])
    return Prepared(
        learnt=joined([balanced([learnt for learnt, _ in squares]), *_written(recipe)]),
        held_out=held_out,
        calibration=draw_round(kept, CALIBRATION_ROUND, seed=seed),
    )


def _written(recipe: Recipe) -> list[Glyphs]:
    """The digits that recipe has written, the same for every seed of training."""
    return [penned(recipe.penned, seed=SPLIT_SEED)] if recipe.penned else []


def leave_out(sets: Sequence[Digits], names: Sequence[str]) -> tuple[list[Digits], list[Digits]]:
    """Part sets into those learnt from and those named: a set's name is that of its file, without suffix.

    Raises
    ------
    DatasetError
        No set has such a name, or nothing is left to learn from.
    """
    known = [_file_name(digits) for digits in sets]
    if unknown := [name for name in names if name not in known]:
        raise DatasetError(f"--leave-out {unknown[0]}: no set of this name (there: {', '.join(known)}).")
    learnt = [digits for digits, name in zip(sets, known, strict=True) if name not in names]
    if not learnt:
        raise DatasetError("nothing is left to learn from: give more sets with --data, or leave fewer out.")
    return learnt, [digits for digits, name in zip(sets, known, strict=True) if name in names]


def check_apart(calibration: Sequence[Digits], learnt: Sequence[Digits]) -> None:
    """See that confidences are not fitted to digits that were learnt from, of which a model is surer than of others.

    Raises
    ------
    DatasetError
        A set is among both.
    """
    known = {digits.sha256 for digits in learnt}
    for digits in calibration:
        if digits.sha256 in known:
            raise DatasetError(
                f"--calibrate {digits.name}: is learnt from too. Calibrate with another set, or learn nothing from it: "
                f"--leave-out {_file_name(digits)}."
            )


def _file_name(digits: Digits) -> str:
    return Path(digits.name.removesuffix(" x_train")).stem


def split(digits: Digits, *, share: float) -> tuple[Digits, Digits]:
    """Part digits into those learnt from and the share held out, as the seed did: shuffled with 42, not stratified.

    Raises
    ------
    DatasetError
        There are no labels, or too few digits.
    """
    from sklearn.model_selection import train_test_split  # a second: only what trains pays for it

    labels = digits.labelled()
    if (count := int((labels != NOT_A_DIGIT).sum())) < FEWEST:
        raise DatasetError(f"{digits.name}: {count} digits are too few to learn from; give {FEWEST} or more.")
    images, kept_images, labels, kept_labels = train_test_split(
        digits.images, labels, test_size=share, random_state=SPLIT_SEED
    )
    return replace(digits, images=images, labels=labels), replace(digits, images=kept_images, labels=kept_labels)


def as_read(digits: Digits, recipe: Recipe) -> Glyphs:
    """The glyphs of digits that the network of recipe sees: normalised, or the pictures themselves. Digits only.

    Raises
    ------
    DatasetError
        The recipe does not normalise, and the pictures are not 28x28; or none is a digit.
    """
    digits = only_digits(digits)
    labels = digits.labelled()
    if recipe.normalised:
        return Glyphs(images=normalised(digits.images), labels=labels)
    if digits.images.shape[1:] != (GLYPH_SIDE, GLYPH_SIDE):
        height, width = digits.images.shape[1:]
        raise DatasetError(
            f"{digits.name}: pictures of {height} x {width}, but the recipe {recipe.name} takes 28 x 28. "
            "Use --recipe paper."
        )
    return Glyphs(images=np.ascontiguousarray(digits.images), labels=labels)

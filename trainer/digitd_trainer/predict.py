"""Reads a set of digits with a finished model, and writes what Kaggle's Digit Recognizer wants. No TensorFlow."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from digitd.models import Model
from digitd.reading.classify import Classifier
from digitd.records import NOT_A_DIGIT
from digitd_trainer.augment.rounds import normalised
from digitd_trainer.data.csv_file import load_csv
from digitd_trainer.data.digits import DatasetError, Digits
from digitd_trainer.recipes import RECIPES


@dataclass(frozen=True, slots=True, kw_only=True)
class Predicted:
    """What a model says of a set: digits is (N,) uint8, 0 to 9; rejected counts those it holds to be no digit."""

    digits: NDArray[np.uint8]
    rejected: int


def load_whole(path: Path) -> Digits:
    """Read a CSV of which every line must be good: Kaggle numbers its digits by line.

    Raises
    ------
    DatasetError
        It cannot be used, or a line of it cannot.
    """
    digits = load_csv(path)
    if digits.left_out:
        more = f" (and {len(digits.left_out) - 1:,} more)" if len(digits.left_out) > 1 else ""
        raise DatasetError(
            f"{path}, {digits.left_out[0]}{more}. Every digit must be given an answer: correct the line, or download "
            "the file again."
        )
    return digits


def predict(digits: Digits, model: Model) -> Predicted:
    """Let model, by its LiteRT file, say which digit each is; the likeliest of the ten even where it sees none."""
    glyphs = normalised(digits.images) if sees_normalised(model.card) else digits.images
    said = Classifier(model.litert, temperature=model.card["temperature"])(glyphs)
    return Predicted(
        digits=said[:, :NOT_A_DIGIT].argmax(axis=1).astype(np.uint8),
        rejected=int((said.argmax(axis=1) == NOT_A_DIGIT).sum()),
    )


def sees_normalised(card: Mapping[str, Any]) -> bool:
    """Whether the model of card learnt from normalised glyphs: all but those of a recipe that takes pictures raw."""
    recipe = RECIPES.get(str(card.get("recipe")))
    return recipe is None or recipe.normalised


def check_writable(path: Path, *, force: bool) -> None:
    """Raise DatasetError where path is there already, unless force is given, or where its folder is not."""
    if path.exists() and not force:
        raise DatasetError(f"{path}: is there already. Name another file with --out, or replace it with --force.")
    if not path.parent.is_dir():
        raise DatasetError(f"{path}: its folder is not there. Name another file with --out.")


def write_submission(path: Path, digits: NDArray[np.uint8]) -> None:
    """Write ImageId,Label for each of digits, (N,) uint8, counted from 1; all of the file or nothing.

    Raises
    ------
    DatasetError
        It cannot be written.
    """
    draft = path.with_name(f".{path.name}.tmp")
    lines = (f"{number},{digit}\n" for number, digit in enumerate(digits.tolist(), start=1))
    try:
        with draft.open("w", encoding="ascii", newline="") as file:
            file.write("ImageId,Label\n")
            file.writelines(lines)
        draft.replace(path)
    except OSError as fault:
        draft.unlink(missing_ok=True)
        raise DatasetError(f"{path}: {fault.strerror}. Name another file with --out.") from None

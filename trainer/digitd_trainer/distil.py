"""Teachers: networks that are trained first, or given, and whose mean opinion of each glyph a smaller one learns."""

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from digitd.errors import ModelError
from digitd.models import CARD, KERAS, check_keras, open_model
from digitd.reading.normalise import GLYPH_SIDE
from digitd_trainer.frameworks import import_keras

#: Glyphs given to a network at a time: few enough that their float32 is no burden, enough that starting costs nothing.
HANDFUL, BATCH = 8192, 512

#: Beside teachers that `digitd train` keeps for others: what is known of each, by the name of its file.
TEACHERS = "teachers.json"


@dataclass(frozen=True, slots=True, kw_only=True)
class Teacher:
    """A network that teaches. learnt are the hashes of the sets it learnt from, where that is known."""

    name: str
    sha256: str
    network: Any
    learnt: tuple[str, ...] | None = None
    seed: int | None = None
    epochs: int | None = None
    accuracy: float | None = None

    def known(self) -> dict[str, Any]:
        """What a teacher that learns or is learnt from elsewhere must bring with it."""
        return {"learnt": None if self.learnt is None else list(self.learnt), "seed": self.seed, "epochs": self.epochs}

    def as_json(self) -> dict[str, Any]:
        """The facts for the card; held_out_accuracy is a share in [0, 1]."""
        return {
            "name": self.name,
            "sha256": self.sha256,
            "seed": self.seed,
            "epochs": self.epochs,
            "weights": int(self.network.count_params()),
            "held_out_accuracy": None if self.accuracy is None else round(self.accuracy, 6),
        }


def said_by(network: Any, images: NDArray[np.uint8]) -> NDArray[np.float32]:
    """What network, as Keras knows it, says of images, (N, 28, 28) uint8: probabilities, (N, classes)."""
    said = [
        network.predict(
            images[start : start + HANDFUL, :, :, None].astype(np.float32) / np.float32(255),
            batch_size=BATCH,
            verbose=0,
        )
        for start in range(0, len(images), HANDFUL)
    ]
    return np.concatenate(said)


def opinion(teachers: Sequence[Any], images: NDArray[np.uint8], *, temperature: float) -> NDArray[np.float32]:
    """The mean of what teachers say of images at temperature: (N, classes), rows sum to 1.

    The softmax of logits over a temperature T is the probabilities' T-th root, made to sum to 1.
    """
    total = np.zeros((), np.float32)
    for teacher in teachers:
        warm = said_by(teacher, images) ** np.float32(1 / temperature)
        total = total + warm / warm.sum(axis=1, keepdims=True)
    return np.asarray(total / np.float32(len(teachers)), np.float32)


def find_teachers(paths: Sequence[Path], *, classes: int, unseen: Sequence[str] = ()) -> list[Teacher]:
    """Open the teachers at paths: .keras files, model folders, or folders of .keras files.

    Parameters
    ----------
    paths
        Where they lie.
    classes
        What they must tell apart: 10, or 11 with *not a digit*.
    unseen
        Hashes of sets that they must not have learnt from, as far as is known of them.

    Raises
    ------
    ModelError
        There is none, it cannot be used, or it has learnt from what it must not.
    """
    teachers = [_open(file, classes=classes) for path in paths for file in _files(path)]
    for teacher in teachers:
        if set(teacher.learnt or ()) & set(unseen):
            raise ModelError(
                f"{teacher.name}: this teacher has learnt from a set that is left out or calibrated with. "
                "Take a teacher that has not, or another set."
            )
    return teachers


def _files(path: Path) -> list[Path]:
    if path.is_file():
        return [path]
    found = [path / KERAS] if (path / KERAS).is_file() else sorted(path.glob("*.keras"))
    if not found:
        raise ModelError(f"{path}: no teacher here. Give a .keras file, a model folder, or a folder of .keras files.")
    return found


def _open(path: Path, *, classes: int) -> Teacher:
    name, known = _known(path)
    try:
        network = import_keras().models.load_model(path, compile=False)
        shapes = network.input_shape, network.output_shape
    except (OSError, ValueError, TypeError, KeyError, AttributeError) as fault:
        reason = str(fault).partition("\n")[0]
        raise ModelError(f"{path}: Keras cannot open this teacher: {reason}. Give a .keras file.") from None
    if shapes != ((None, GLYPH_SIDE, GLYPH_SIDE, 1), (None, classes)):
        raise ModelError(
            f"{path}: takes {shapes[0]} and gives {shapes[1]}; this recipe needs teachers that tell {classes} classes "
            f"of {GLYPH_SIDE}x{GLYPH_SIDE}x1 apart. Use another teacher or another recipe."
        )
    sha256, learnt = hashlib.sha256(path.read_bytes()).hexdigest(), known.get("learnt")
    return Teacher(
        name=name,
        sha256=sha256,
        network=network,
        learnt=None if learnt is None else tuple(map(str, learnt)),
        seed=known.get("seed"),
        epochs=known.get("epochs"),
    )


def _known(path: Path) -> tuple[str, Mapping[str, Any]]:
    """The name of the teacher in the file path, and what its card or the list beside it tells: learnt, seed, epochs."""
    if (path.parent / CARD).is_file() and path.name == KERAS:
        model = open_model(path.parent)
        check_keras(model)
        learnt = [each["sha256"] for each in model.card.get("data", ())]
        return str(model.card["name"]), {**model.card, "learnt": learnt}
    beside = path.parent / TEACHERS
    if not beside.is_file():
        return path.name, {}
    try:
        told = json.loads(beside.read_text(encoding="utf-8")).get(path.name)
    except (OSError, ValueError, AttributeError) as fault:
        raise ModelError(f"{beside}: cannot be read: {fault}. Copy the whole folder of teachers again.") from None
    return path.name, told if isinstance(told, Mapping) else {}

"""Model folders: a LiteRT file, the Keras file it came from, and a card with the facts; all three must agree."""

import hashlib
import json
import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from digitd.errors import ModelError
from digitd.resources import shipped

LITERT, KERAS, CARD = "model.tflite", "model.keras", "card.json"

#: What a card must say; the rest is for people.
REQUIRED = ("name", "classes", "temperature", "litert_sha256")


@dataclass(frozen=True, slots=True, kw_only=True)
class Model:
    """A model whose card and LiteRT file agree. id is what the evidence names: the card's name and the file's hash."""

    id: str
    folder: Path
    card: Mapping[str, Any]
    litert: bytes


def open_model(folder: Path) -> Model:
    """Open the model in folder.

    Raises
    ------
    ModelError
        Something is missing, or the card and the file disagree.
    """
    card = _read_card(folder)
    try:
        litert = (folder / LITERT).read_bytes()
    except OSError as fault:
        raise ModelError(f"{folder / LITERT}: {fault.strerror}. Copy the whole model folder again.") from None
    found = hashlib.sha256(litert).hexdigest()
    if found != card["litert_sha256"]:
        raise ModelError(
            f"{folder / LITERT}: its hash is {found[:12]}, the card says {str(card['litert_sha256'])[:12]}: "
            "the file and its card do not belong together. Copy the whole model folder again, or train it anew."
        )
    return Model(id=f"{card['name']}@{found[:12]}", folder=folder, card=card, litert=litert)


def check_keras(model: Model) -> None:
    """Hold the Keras file, which reading never needs, against the card; nothing to hold where there is none.

    Raises
    ------
    ModelError
        They disagree.
    """
    path, said = model.folder / KERAS, model.card.get("keras_sha256")
    if said is not None and path.is_file() and (found := hashlib.sha256(path.read_bytes()).hexdigest()) != said:
        raise ModelError(
            f"{path}: its hash is {found[:12]}, the card says {str(said)[:12]}: the file and its card do not belong "
            "together. Copy the whole model folder again, or train it anew."
        )


def find(name: str, own: Path) -> Model:
    """Open the model called name, from the folder own or else from the shipped ones.

    Raises
    ------
    ModelError
        There is none, or it cannot be used.
    """
    for folder in (own / name, shipped("models") / name):
        if folder.is_dir():
            return open_model(folder)
    known = ", ".join(sorted(path.name for path in folders(own))) or "none"
    raise ModelError(
        f"no model called {name!r} in {own} or among the shipped ones (there: {known}). Name one of these; "
        "`digitd model use NAME` writes it into reading.model."
    )


def folders(own: Path) -> Iterator[Path]:
    """Every model folder: the operator's own, then the shipped ones that these do not hide."""
    seen = set()
    for root in (own, shipped("models")):
        for card in sorted(root.glob(f"*/{CARD}")):
            if card.parent.name not in seen:
                seen.add(card.parent.name)
                yield card.parent


def _read_card(folder: Path) -> dict[str, Any]:
    path = folder / CARD
    try:
        card = json.loads(path.read_text(encoding="utf-8"))
    except OSError as fault:
        raise ModelError(f"{path}: {fault.strerror}. A model is a folder with {LITERT}, {KERAS} and {CARD}.") from None
    except ValueError as fault:
        raise ModelError(f"{path}: not JSON: {fault}. Copy the whole model folder again.") from None
    missing = [key for key in REQUIRED if not isinstance(card, dict) or key not in card]
    if missing:
        raise ModelError(f"{path}: says nothing of {', '.join(missing)}. Copy the whole model folder again.")
    if card["classes"] not in (10, 11) or not _is_positive(card["temperature"]):
        raise ModelError(
            f"{path}: classes must be 10 or 11 (it is {card['classes']!r}) and temperature a number above 0 "
            f"(it is {card['temperature']!r}). Copy the whole model folder again."
        )
    return dict(card)


def _is_positive(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and 0 < value < math.inf

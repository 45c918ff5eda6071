"""Labels that are probably wrong: digits of which the machine is surer than it is of those that people agree on.

Confident learning (Northcutt, Jiang and Chuang, "Confident learning: estimating uncertainty in dataset labels", 2021):
a digit's label is doubtful where another digit is more probable than it is, on average, where it is the label. The
probabilities are of a model that was not trained on these labels.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from digitd.records import CellContent
from digitd.report.alignment import align, symbols
from digitd.store import Store
from digitd.stored import StoredField


@dataclass(frozen=True, slots=True, kw_only=True)
class Doubtful:
    """A labelled field whose label is probably wrong; margin in [0, 1] says how much more probable another digit is."""

    field: StoredField
    margin: float


def doubtful(labelled: Sequence[StoredField]) -> list[Doubtful]:
    """The fields of those whose label is probably wrong, the most doubtful first.

    Parameters
    ----------
    labelled
        Fields with glyphs and labels, as `Store.labelled_fields` gives them.
    """
    said = [(index, digit, glyph) for index, field in enumerate(labelled) for digit, glyph in _pairs(field)]
    if not said:
        return []
    fields = np.array([index for index, _, _ in said])
    given = np.array([digit for _, digit, _ in said])
    probabilities = np.stack([glyph for _, _, glyph in said])
    margins = confident_margins(given, probabilities)
    worst = {int(index): float(margins[fields == index].max()) for index in np.unique(fields[margins > 0])}
    return [Doubtful(field=labelled[index], margin=worst[index]) for index in sorted(worst, key=lambda i: -worst[i])]


def agreed(store: Store, field: StoredField) -> bool:
    """Whether more than one person says what the field's label says."""
    assert field.label is not None
    said = {label.verifier for label in store.keyings([field.id]) if label.value == field.label.value}
    return len(said) > 1


def confident_margins(given: NDArray[np.int64], probabilities: NDArray[np.float32]) -> NDArray[np.float64]:
    """How much more probable than its label another digit of each example is that is probable enough; 0 where none is.

    Parameters
    ----------
    given
        (n,) labels, 0 to 9.
    probabilities
        (n, 10 or more) of the digits, of a model that was not trained on these labels.

    Returns
    -------
    NDArray
        (n,) in [0, 1].
    """
    digits = probabilities[:, :10].astype(np.float64)
    own = digits[np.arange(len(given)), given]
    thresholds = np.array([own[given == digit].mean() if (given == digit).any() else np.inf for digit in range(10)])
    enough = digits >= thresholds
    enough[np.arange(len(given)), given] = False
    others = np.where(enough, digits, 0.0).max(axis=1)
    return np.maximum(others - own, 0.0) * (others > 0)


def _pairs(field: StoredField) -> Iterator[tuple[int, NDArray[np.float32]]]:
    """Each digit of a field's label with the probabilities of the glyph that stands for it."""
    assert field.label is not None
    shown = [glyph for glyph in field.glyphs if glyph.content is not CellContent.BLANK]
    place = 0
    for digit, symbol in align(field.label.value, symbols(field.glyphs)):
        if digit and symbol:
            yield int(digit), shown[place].probabilities
        place += bool(symbol)

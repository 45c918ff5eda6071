"""Labels that are probably wrong: digits of which the machine is surer than it is of those that people agree on.

Confident learning (Northcutt, Jiang and Chuang, "Confident learning: estimating uncertainty in dataset labels", 2021):
a digit's label is doubtful where another digit is more probable than it is, on average, where it is the label. The
probabilities are of a model that was not trained on these labels.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from digitd.records import CellContent
from digitd.report.alignment import align, symbols
from digitd.store import Store
from digitd.stored import Label, StoredField

#: Fields fetched at a time.
AT_ONCE = 500


@dataclass(frozen=True, slots=True, kw_only=True)
class Doubtful:
    """A labelled field whose label is probably wrong; margin in [0, 1] says how much more probable another digit is."""

    field: StoredField
    margin: float


def doubtful(store: Store, *, form: str | None = None) -> list[Doubtful]:
    """The labelled fields whose label is probably wrong, the most doubtful first.

    What more than one person has keyed alike is not among them: the machine is one voice against two.
    """
    fields, given, rows = [], [], []
    for field in store.labelled_fields(form=form):
        for digit, probabilities in _pairs(field):
            fields.append(field.id)
            given.append(digit)
            rows.append(probabilities)
    if not rows:
        return []
    margins = confident_margins(np.array(given), np.stack(rows))
    worst: dict[int, float] = {}
    for place in np.flatnonzero(margins > 0):
        worst[fields[place]] = max(worst.get(fields[place], 0.0), float(margins[place]))
    keys = sorted(worst, key=lambda key: -worst[key])
    found = []
    for start in range(0, len(keys), AT_ONCE):
        some = keys[start : start + AT_ONCE]
        said = store.keyings(some)
        found += [field for field in store.fields_of(some) if not agreed(field, said)]
    return [Doubtful(field=field, margin=worst[field.id]) for field in found]


def agreed(field: StoredField, said: Iterable[Label]) -> bool:
    """Whether more than one person says what the field's label says."""
    assert field.label is not None
    alike = (field.id, field.label.value)
    return len({label.verifier for label in said if (label.field_id, label.value) == alike}) > 1


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

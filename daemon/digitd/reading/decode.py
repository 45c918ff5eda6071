"""Class probabilities become the most probable strings of a field. Numbers only; no pictures."""

import heapq
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from digitd.records import NOT_A_DIGIT, Candidate

#: Strings kept for a field.
MOST_CANDIDATES = 5

#: A class less probable than this is not followed up.
LEAST_PROBABILITY = 1e-4


def decode(probabilities: NDArray[np.float32]) -> tuple[Candidate, ...]:
    """Return the most probable strings of a field, best first.

    Each symbol is a digit, or *not a digit* and then adds nothing to the string: different readings that give the
    same string add up. Symbols are taken as independent.

    Parameters
    ----------
    probabilities
        (N, 11) float32, in reading order, rows summing to 1. N may be 0: the empty string is then certain.

    Examples
    --------
    >>> sure = np.zeros((2, 11), np.float32); sure[0, 4] = 1; sure[1, [2, 10]] = 0.75, 0.25
    >>> [(c.value, round(c.probability, 2)) for c in decode(sure)]
    [('42', 0.75), ('4', 0.25)]
    """
    beam: dict[str, float] = {"": 1.0}
    for row in probabilities:
        grown: dict[str, float] = {}
        for value, chance in beam.items():
            for extra, share in _choices(row):
                grown[value + extra] = grown.get(value + extra, 0.0) + chance * share
        beam = dict(heapq.nlargest(4 * MOST_CANDIDATES, grown.items(), key=lambda item: item[1]))
    best = heapq.nlargest(MOST_CANDIDATES, beam.items(), key=lambda item: item[1])
    return tuple(Candidate(value=value, probability=min(1.0, chance)) for value, chance in best)


def _choices(row: NDArray[np.float32]) -> Sequence[tuple[str, float]]:
    likely = [index for index in np.argsort(row)[::-1] if row[index] >= LEAST_PROBABILITY] or [int(row.argmax())]
    return [("" if index == NOT_A_DIGIT else str(index), float(row[index])) for index in likely]

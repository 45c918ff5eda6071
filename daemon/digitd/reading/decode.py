"""Scores of what stands where become the most probable strings of a field. Numbers only; no pictures."""

import heapq
import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from digitd.records import NOT_A_DIGIT, Candidate

#: Strings kept for a field, and followed up on the way.
MOST_CANDIDATES, FOLLOWED = 10, 24

#: A class less probable than this, beside the likeliest of its symbol, is not followed up.
LEAST_PROBABILITY = 1e-4


@dataclass(frozen=True, slots=True, kw_only=True)
class Decoded:
    """The strings of a field, best first, and how each is made: places of symbols, and whether each is a digit."""

    candidates: tuple[Candidate, ...]
    paths: tuple[tuple[tuple[int, bool], ...], ...]


@dataclass(frozen=True, slots=True)
class _Way:
    """How a string comes about: log score of all ways together, of the best one, and its last step."""

    total: float
    best: float
    last: "tuple[int, bool, _Way] | None"


def decode(scores: NDArray[np.float32], spans: Sequence[tuple[int, int]] | None = None) -> Decoded:
    """Find the most probable strings of a field.

    Each symbol is a digit, or *not a digit* and then adds nothing to the string: different ways to the same string
    add up. Symbols are taken as independent. Where some exclude each other, as a piece of writing and the parts that
    it may be cut into, a string is made of symbols whose spans follow each other from the first slice to the last.

    Parameters
    ----------
    scores
        (N, 11) float32, logarithms: of probabilities where symbols only follow each other, else of whatever weighs
        them against each other. N may be 0: the empty string is then certain.
    spans
        First slice and the one behind the last, of each symbol; in the order of the first. One slice each where not
        given.

    Examples
    --------
    >>> sure = np.full((2, 11), 1e-9, np.float32); sure[0, 4] = 1; sure[1, [2, 10]] = 0.75, 0.25
    >>> [(c.value, round(c.probability, 2)) for c in decode(np.log(sure)).candidates]
    [('42', 0.75), ('4', 0.25)]
    """
    spans = spans if spans is not None else [(place, place + 1) for place in range(len(scores))]
    end = max((last for _, last in spans), default=0)
    beams: list[dict[str, _Way]] = [{} for _ in range(end + 1)]
    beams[0][""] = _Way(0.0, 0.0, None)
    of_all = [0.0] + [-math.inf] * end
    for place, (row, (first, last)) in enumerate(zip(scores, spans, strict=True)):
        if len(beams[first]) > FOLLOWED:
            beams[first] = dict(_likeliest(beams[first].items(), FOLLOWED))
        of_all[last] = _sum(of_all[last], of_all[first] + float(np.logaddexp.reduce(row)))
        _extend(beams[first], beams[last], row, place=place)
    best = _likeliest(beams[end].items(), MOST_CANDIDATES)
    return Decoded(
        candidates=tuple(
            Candidate(value=value, probability=min(1.0, math.exp(way.total - of_all[end]))) for value, way in best
        ),
        paths=tuple(_path(way) for _, way in best),
    )


def _extend(beam: dict[str, _Way], reached: dict[str, _Way], row: NDArray[np.float32], *, place: int) -> None:
    """Add to what is reached every string of beam with each likely class of row behind it."""
    choices = _choices(row)
    for value, way in beam.items():
        for extra, score in choices:
            step = _Way(way.total + score, way.best + score, (place, bool(extra), way))
            known = reached.get(value + extra)
            if known is not None:
                better = step if step.best > known.best else known
                step = _Way(_sum(step.total, known.total), better.best, better.last)
            reached[value + extra] = step


def _choices(row: NDArray[np.float32]) -> Sequence[tuple[str, float]]:
    least = float(row.max()) + math.log(LEAST_PROBABILITY)
    likely = [int(index) for index in np.flatnonzero(row >= least)]
    return [("" if index == NOT_A_DIGIT else str(index), float(row[index])) for index in likely]


def _likeliest(ways: Iterable[tuple[str, _Way]], most: int) -> list[tuple[str, _Way]]:
    return heapq.nlargest(most, ways, key=lambda item: item[1].total)


def _path(way: _Way) -> tuple[tuple[int, bool], ...]:
    steps: list[tuple[int, bool]] = []
    while way.last is not None:
        place, is_digit, way = way.last
        steps.append((place, is_digit))
    return tuple(reversed(steps))


def _sum(one: float, other: float) -> float:
    """The logarithm of the sum of what one and other are logarithms of."""
    high, low = max(one, other), min(one, other)
    return high if low == -math.inf else high + math.log1p(math.exp(low - high))

"""Scores of what stands where become the most probable strings of a field. Numbers only; no pictures."""

import heapq
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from digitd.records import NOT_A_DIGIT, Candidate

#: Strings kept for a field, and followed up on the way.
MOST_CANDIDATES, FOLLOWED = 10, 24

#: A class of a symbol through which less than this share of all ways goes is not followed up.
LEAST_PROBABILITY = 1e-4


@dataclass(frozen=True, slots=True, kw_only=True)
class Decoded:
    """The strings of a field, best first, and how each is made: places of symbols, and whether each is a digit."""

    candidates: tuple[Candidate, ...]
    paths: tuple[tuple[tuple[int, bool], ...], ...]


class _Way(NamedTuple):  # made a hundred times a field: a frozen dataclass takes twice as long
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
    share, of_all = _shares(scores, spans, end)
    likely = share >= math.log(LEAST_PROBABILITY)
    ways = _ways(scores, spans, likely, end=end) or _ways(scores, spans, np.isfinite(share), end=end)
    best = _likeliest(ways, MOST_CANDIDATES)
    return Decoded(
        candidates=tuple(
            Candidate(value=value, probability=min(1.0, math.exp(way.total - of_all))) for value, way in best.items()
        ),
        paths=tuple(_path(way) for way in best.values()),
    )


def _ways(
    scores: NDArray[np.float32], spans: Sequence[tuple[int, int]], likely: NDArray[np.bool_], *, end: int
) -> dict[str, _Way]:
    """The strings that likely classes, (N, 11) bool, give; none where they do not lead from the first slice to end."""
    beams: list[dict[str, _Way]] = [{} for _ in range(end + 1)]
    beams[0][""] = _Way(0.0, 0.0, None)
    for place, (first, last) in enumerate(spans):
        classes = np.flatnonzero(likely[place])
        if len(classes) and beams[first]:
            choices = [("" if index == NOT_A_DIGIT else str(index), float(scores[place, index])) for index in classes]
            if len(beams[first]) > FOLLOWED:
                beams[first] = _likeliest(beams[first], FOLLOWED)
            _extend(beams[first], beams[last], choices, place=place)
    return beams[end]


def _shares(
    scores: NDArray[np.float32], spans: Sequence[tuple[int, int]], end: int
) -> tuple[NDArray[np.float64], float]:
    """What share of all ways goes through each class of each symbol, (N, 11) logarithms; and the sum of all, its own.

    What goes before a symbol times what comes after it (forward-backward; L. R. Rabiner, "A tutorial on hidden Markov
    models", 1989, section III.A).
    """
    before, after = np.full(end + 1, -np.inf), np.full(end + 1, -np.inf)
    before[0] = after[end] = 0.0
    totals = np.logaddexp.reduce(scores.astype(np.float64), axis=1) if len(scores) else np.zeros(0)
    for (first, last), total in zip(spans, totals, strict=True):
        before[last] = np.logaddexp(before[last], before[first] + total)
    for (first, last), total in sorted(zip(spans, totals, strict=True), reverse=True):
        after[first] = np.logaddexp(after[first], after[last] + total)
    around = np.array([before[first] + after[last] for first, last in spans]) - before[end]
    return scores + around.reshape(-1, 1), float(before[end])


def _extend(
    beam: Mapping[str, _Way], reached: dict[str, _Way], choices: Sequence[tuple[str, float]], *, place: int
) -> None:
    """Add to what is reached every string of beam with each choice for the symbol at place behind it."""
    for value, way in beam.items():
        total, best, _ = way
        for extra, score in choices:
            step = _Way(total + score, best + score, (place, bool(extra), way))
            known = reached.get(value + extra)
            if known is not None:
                better = step if step.best > known.best else known
                step = _Way(_sum(step.total, known.total), better.best, better.last)
            reached[value + extra] = step


def _likeliest(ways: dict[str, _Way], most: int) -> dict[str, _Way]:
    """The most probable ones, best first."""
    return dict(heapq.nlargest(most, ways.items(), key=lambda item: item[1].total))


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

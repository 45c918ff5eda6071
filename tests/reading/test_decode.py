"""Class probabilities become strings with probabilities."""

import itertools

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from digitd.reading.decode import MOST_CANDIDATES, decode

probabilities = (
    st.integers(0, 5)
    .flatmap(lambda n: arrays.arrays(np.float32, (n, 11), elements=st.floats(0.015625, 1, width=32)))
    .map(lambda a: a / a.sum(axis=1, keepdims=True) if len(a) else a)
)


@given(probabilities)
def test_strings_are_sorted_and_distinct(rows):
    """The best comes first, none comes twice, and together they are at most certain."""
    found = decode(np.log(rows)).candidates
    chances = [c.probability for c in found]
    assert 1 <= len(found) <= MOST_CANDIDATES
    assert chances == sorted(chances, reverse=True)
    assert len({c.value for c in found}) == len(found)
    assert sum(chances) <= 1.001


@given(st.integers(0, 2**32 - 1))
def test_two_symbols_agree_with_trying_everything(seed):
    """For two symbols the probabilities are those of all 121 combinations, added up by string."""
    rows = np.random.default_rng(seed).dirichlet(np.full(11, 0.3), 2).astype(np.float32)
    total = {}
    for a, b in itertools.product(range(11), repeat=2):
        value = "".join(str(d) for d in (a, b) if d != 10)
        total[value] = total.get(value, 0) + float(rows[0, a]) * float(rows[1, b])
    best = decode(np.log(rows)).candidates[0]
    assert best.probability == pytest.approx(max(total.values()), abs=2e-3)
    assert total[best.value] == pytest.approx(best.probability, abs=2e-3)


def test_nothing_written_is_certainly_empty():
    """No symbols: the empty string, with probability 1."""
    (only,) = decode(np.zeros((0, 11), np.float32)).candidates
    assert (only.value, only.probability) == ("", 1.0)


def test_what_is_not_a_digit_adds_nothing():
    """A cross before 42 leaves 42."""
    rows = np.zeros((3, 11), np.float32)
    rows[0, 10] = rows[1, 4] = rows[2, 2] = 1.0
    assert decode(np.log(np.maximum(rows, 1e-9))).candidates[0].value == "42"


def test_what_excludes_each_other_is_weighed():
    """One symbol that is a 4, or two that are a 1 and a 7: each as probable as its weight beside all others'."""
    scores = np.full((3, 11), -30.0, np.float32)
    scores[0, 4], scores[1, 1], scores[2, 7] = np.log(0.6), np.log(0.5), np.log(0.4)
    found = decode(scores, [(0, 2), (0, 1), (1, 2)])
    assert [candidate.value for candidate in found.candidates[:2]] == ["4", "17"]
    assert found.candidates[0].probability == pytest.approx(0.75, abs=1e-3)
    assert found.candidates[1].probability == pytest.approx(0.25, abs=1e-3)
    assert found.paths[:2] == (((0, True),), ((1, True), (2, True)))


@given(st.integers(0, 2**32 - 1))
def test_a_lattice_agrees_with_trying_everything(seed):
    """Every way through three slices, every class: the probability of the best string is its share of all of them."""
    rng = np.random.default_rng(seed)
    spans = [(first, last) for first in range(3) for last in range(first + 1, 4)]
    scores = rng.normal(0, 4, (len(spans), 11)).astype(np.float32)
    total = {}

    def go(at, value, score):
        if at == 3:
            total[value] = total.get(value, 0.0) + np.exp(score)
        for place, (first, last) in enumerate(spans):
            for index in range(11) if first == at else ():
                go(last, value + (str(index) if index != 10 else ""), score + float(scores[place, index]))

    go(0, "", 0.0)
    best = decode(scores, spans).candidates[0]
    assert best.probability == pytest.approx(max(total.values()) / sum(total.values()), abs=5e-3)

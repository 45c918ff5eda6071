"""Whether estimates of unequal samples keep what their intervals promise, where the truth is known."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from digitd.report.estimates import Estimate, Share, difference, stratified, sums
from digitd.report.intervals import wilson, wilson_bounds

RUNS = 2_000

#: Fields read, share of them in review, share wrong in review and of what passes, share of what passes that is drawn.
SERVICES = [(4_000, 0.1, 0.3, 0.02, 0.05), (2_000, 0.3, 0.15, 0.03, 0.1), (20_000, 0.1, 0.2, 0.005, 0.02)]


@pytest.mark.parametrize(("read", "review", "wrong_there", "wrong_unseen", "drawn"), SERVICES)
def test_the_weighted_interval_covers_the_truth_and_the_unweighted_does_not(
    read: int, review: float, wrong_there: float, wrong_unseen: float, drawn: float
) -> None:
    """Of 2,000 runs the 95 % interval covers the truth in 93 to 97 %; that of the labels hardly ever."""
    rng = np.random.default_rng(7)
    truth = 1 - review * wrong_there - (1 - review) * wrong_unseen
    covered = unweighted = 0
    for _ in range(RUNS):
        in_review = int(rng.binomial(read, review))
        audits = int(rng.binomial(read - in_review, drawn))
        right = np.concatenate([rng.random(in_review) >= wrong_there, rng.random(audits) >= wrong_unseen])
        strata = np.repeat([0, 1], [in_review, audits])
        weights = np.where(strata == 1, 1 / drawn, 1.0)
        found = sums(weights, right.astype(float), np.ones(len(right)), strata=strata, of=2)
        (estimate,) = stratified(found, np.array([[in_review, read - in_review]], float))
        assert estimate is not None
        covered += estimate.low <= truth <= estimate.high
        low, high = wilson(int(right.sum()), len(right))
        unweighted += low <= truth <= high
    assert 0.93 <= covered / RUNS <= 0.97
    assert unweighted / RUNS < 0.05


def test_unequal_probabilities_within_what_passed_are_weighed() -> None:
    """Where the share drawn was changed half-way, and errors with it, the estimate is still of all; 2,000 runs."""
    rng = np.random.default_rng(8)
    covered = 0
    for _ in range(RUNS):
        probability = np.repeat([0.02, 0.1], 4_000)
        wrong = np.repeat([0.04, 0.01], 4_000)
        kept = rng.random(8_000) < probability
        right = (rng.random(8_000) >= wrong)[kept].astype(float)
        found = sums(1 / probability[kept], right, np.ones(len(right)), strata=np.zeros(len(right), np.intp), of=1)
        (estimate,) = stratified(found, np.array([[8_000.0]]))
        assert estimate is not None
        covered += estimate.low <= 0.975 <= estimate.high
    assert 0.93 <= covered / RUNS <= 0.97


def test_digits_of_one_field_are_not_independent() -> None:
    """Where a field's ten digits are wrong together, the interval is as wide as that of its fields."""
    right = np.array([10.0] * 90 + [0.0] * 10)
    found = sums(np.ones(100), right, np.full(100, 10.0), strata=np.zeros(100, np.intp), of=1)
    assert found.effective[0, 0] == pytest.approx(100, rel=0.02)
    (estimate,) = stratified(found)
    assert estimate is not None
    assert (estimate.low, estimate.high) == pytest.approx(wilson(90, 100), abs=1e-6)


def test_with_equal_weights_it_is_wilsons_interval() -> None:
    """One stratum of which all is keyed is a simple sample of the service."""
    right = np.array([1.0] * 17 + [0.0] * 3)
    (estimate,) = stratified(sums(np.ones(20), right, np.ones(20), strata=np.zeros(20, np.intp), of=1))
    assert estimate is not None
    assert (estimate.value, estimate.low, estimate.high) == pytest.approx((0.85, *wilson(17, 20)))


def test_a_stratum_without_an_example_leaves_the_whole_unknown() -> None:
    """Nothing keyed of what passed says nothing of it, whatever was keyed in review."""
    found = sums(np.ones(5), np.ones(5), np.ones(5), strata=np.zeros(5, np.intp), of=2)
    assert stratified(found, np.array([[5.0, 100.0]])) == [None]
    assert stratified(found, np.array([[5.0, 0.0]]))[0] is not None
    nothing = sums(*[np.zeros(0)] * 3, strata=np.zeros(0, np.intp), of=2)
    assert stratified(nothing, np.zeros((1, 2))) == [None]


@given(right=st.integers(0, 50), more=st.integers(0, 50))
def test_many_intervals_at_once_are_those_of_each(right: int, more: int) -> None:
    """The arrays' formula is the one of single shares."""
    total = right + more
    low, high = wilson_bounds(np.array([right / max(1, total)]), np.array([float(total)]))
    assert (low[0], high[0]) == pytest.approx(wilson(right, total), abs=1e-12)


def test_a_gap_is_wider_than_either() -> None:
    """The ends of a difference hold 0 where both are alike."""
    one = Estimate(value=0.9, low=0.85, high=0.94)
    gap, low, high = difference(one, one)
    assert (gap, low, high) == pytest.approx((0, -0.0640, 0.0640), abs=1e-3)
    assert Share(right=0, total=0).as_json()["share"] is None

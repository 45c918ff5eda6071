"""The tests that a report names, against what they are known to give, and figures against scikit-learn's."""

import math
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from digitd.report.calibration import calibration, passing
from digitd.report.drift import LAST, SENT, TREND, by_week, drifts
from digitd.report.people import agreement
from digitd.report.significance import holm, kappa, mcnemar, trend, two_shares


@given(one=st.integers(0, 60), other=st.integers(0, 60))
def test_mcnemar_is_the_exact_binomial_test(one: int, other: int) -> None:
    """Twice the smaller tail of a fair coin, at most 1."""
    total = one + other
    tail = sum(math.comb(total, k) for k in range(min(one, other) + 1)) / 2**total
    assert mcnemar(one, other) == pytest.approx(min(1.0, 2 * tail))


def test_mcnemar_of_large_counts_neither_overflows_nor_lies() -> None:
    """Digits come in millions."""
    assert mcnemar(50_000, 50_000) == 1.0
    assert 0 <= mcnemar(1_000, 2_000) < 1e-50


def test_a_trend_of_two_weeks_is_the_test_of_two_shares() -> None:
    """Both are the same chi-squared with one degree of freedom there."""
    assert trend([10, 30], [200, 220]) == pytest.approx(two_shares((10, 30), (200, 220)))
    scipy = pytest.importorskip("scipy.stats")
    table = [[10, 30], [190, 190]]
    assert two_shares((10, 30), (200, 220)) == pytest.approx(scipy.chi2_contingency(table, correction=False).pvalue)


def test_too_few_errors_are_not_tested() -> None:
    """What could only be chance is not called anything."""
    assert trend([0, 1, 0], [50, 50, 50]) is None
    assert two_shares((0, 3), (1000, 10)) is None
    assert trend([], []) is None


@given(st.lists(st.floats(0, 1), max_size=12))
def test_holm_keeps_the_order_and_never_lowers(probabilities: list[float]) -> None:
    """Corrected probabilities are in [0, 1], no smaller, and in the same order."""
    corrected = holm(probabilities)
    assert all(p <= c <= 1 for p, c in zip(probabilities, corrected, strict=True))
    ordered = [c for _, c in sorted(zip(probabilities, corrected, strict=True))]
    assert all(a <= b for a, b in pairwise(ordered))


def test_drift_is_found_where_it_is_and_seldom_where_it_is_not() -> None:
    """A share that doubles is told with both ends; of 300 steady series at most one in ten raises any alarm."""
    weeks = [f"2026-W{week:02d}" for week in range(10, 20)]
    risen = by_week({week: (40 + 8 * at, 400) for at, week in enumerate(weeks)}, form="tally", what=SENT)
    found = drifts([risen])
    assert {drift.test for drift in found if drift.found} == {TREND, LAST}
    assert (found[0].before < found[0].after, found[0].series.form) == (True, "tally")
    rng = np.random.default_rng(5)
    alarms = 0
    for _ in range(300):
        steady = by_week({week: (int(rng.binomial(400, 0.1)), 400) for week in weeks}, form="tally", what=SENT)
        alarms += any(drift.found for drift in drifts([steady]))
    assert alarms <= 30
    assert drifts([by_week({"2026-W01": (5, 10)}, form="a", what=SENT)]) == ()


def test_kappa_is_scikit_learns() -> None:
    """On random opinions, and undefined where both always say one thing."""
    metrics = pytest.importorskip("sklearn.metrics")
    rng = np.random.default_rng(3)
    one, other = rng.integers(0, 10, 300), rng.integers(0, 10, 300)
    other[:200] = one[:200]
    ours = agreement([(str(a), str(b)) for a, b in zip(one, other, strict=True)])
    assert ours == pytest.approx(metrics.cohen_kappa_score(one, other))
    assert kappa([[5, 0], [0, 0]]) is None
    assert agreement([]) is None
    assert agreement([("105", "15"), ("7", "7")]) is not None


def test_calibration_is_scikit_learns() -> None:
    """Bins' shares right and mean confidences, weighed alike; the error is their mean gap."""
    curve = pytest.importorskip("sklearn.calibration").calibration_curve
    rng = np.random.default_rng(4)
    confidence = rng.uniform(0.2, 0.999, 500)
    right = rng.random(500) < confidence**2
    found = calibration(confidence, right, np.ones(500))
    assert found is not None
    accuracy, mean = curve(right, confidence, n_bins=10)
    assert [each.accuracy for each in found.bins] == pytest.approx(accuracy)
    assert [each.confidence for each in found.bins] == pytest.approx(mean)
    counts = [each.examples for each in found.bins]
    assert found.error == pytest.approx(np.average(abs(accuracy - mean), weights=counts))
    assert calibration(confidence[:0], right[:0], confidence[:0]) is None


def test_what_passes_ends_with_everything() -> None:
    """At the lowest threshold all passes, and as much is wrong as is wrong; a weight of two is two fields."""
    curve = passing(np.array([0.9, 0.8, 0.7]), np.array([True, True, False]), np.array([1.0, 1.0, 2.0]))
    assert [(each.threshold, each.passed, each.wrong) for each in curve] == [
        (0.9, 0.25, 0),
        (0.8, 0.5, 0),
        (0.7, 1, 0.5),
    ]
    assert passing(np.zeros(0), np.zeros(0, np.bool_), np.zeros(0)) == ()

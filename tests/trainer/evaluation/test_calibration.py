"""Calibration: the error is a share, zero where confidences are true; the exact interval holds what was measured."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from digitd.report.intervals import wilson
from digitd_trainer.evaluation.calibration import BINS, calibration, clopper_pearson

Pairs = list[tuple[float, bool]]
pairs = st.lists(st.tuples(st.floats(0, 1), st.booleans()), max_size=80)


@given(pairs)
def test_the_error_is_a_share_and_the_bins_hold_everything(given_pairs: Pairs) -> None:
    """Whatever the confidences: both errors are in [0, 1], and every example is in one bin."""
    found = calibration(np.array([c for c, _ in given_pairs]), np.array([r for _, r in given_pairs], bool))
    assert 0 <= found.equal_width <= 1
    assert 0 <= found.equal_mass <= 1
    assert sum(each.examples for each in found.bins) == found.examples == len(given_pairs)
    assert sum(each.right for each in found.bins) == sum(right for _, right in given_pairs)
    assert found.bins[-1] == found.sure
    assert len(found.bins) == BINS + 1


@given(st.lists(st.booleans(), min_size=1, max_size=60))
def test_who_says_how_often_it_is_right_has_no_error(right: list[bool]) -> None:
    """One confidence for all, equal to the share right, is perfect calibration; its opposite is the worst."""
    share = np.mean(right)
    assert calibration(np.full(len(right), share), np.array(right)).equal_width == pytest.approx(0, abs=1e-12)
    sure = calibration(np.ones(len(right)), np.array(right))
    assert sure.equal_width == pytest.approx(1 - share)


def test_an_overconfident_half_is_seen() -> None:
    """Half of them said 0.95 and right, half said 0.75 and right 1 time in 2: the mean gap is (0.05 + 0.25) / 2."""
    confidence = np.repeat([0.95, 0.75], 100)
    right = np.concatenate([np.ones(100, bool), np.arange(100) % 2 == 0])
    assert calibration(confidence, right).equal_width == pytest.approx(0.15)


def test_about_99_is_looked_at_alone() -> None:
    """What says 0.985 to 0.995 is counted apart from what says more."""
    found = calibration(np.array([0.98, 0.99, 0.992, 0.999, 1.0]), np.array([True, True, False, True, True]))
    assert (found.about_99.examples, found.about_99.right) == (2, 1)
    assert (found.sure.examples, found.sure.right) == (4, 3)
    assert found.as_json()["at_least_0.99"]["interval"][0] < 0.75


@given(st.integers(0, 400), st.integers(0, 400))
def test_the_exact_interval_holds_the_share(right: int, wrong: int) -> None:
    """It lies in [0, 1], holds what was measured, and turns round with right and wrong."""
    low, high = clopper_pearson(right, right + wrong)
    assert 0 <= low <= high <= 1
    if right + wrong:
        assert low <= right / (right + wrong) <= high
    turned = clopper_pearson(wrong, right + wrong)
    assert (low, high) == pytest.approx((1 - turned[1], 1 - turned[0]), abs=1e-9)


@pytest.mark.parametrize(
    ("right", "total", "interval"),
    # by hand, where the binomial can be solved: 1 - 0.025^(1/n) with none right
    [(0, 10, (0, 1 - 0.025 ** (1 / 10))), (10, 10, (0.025 ** (1 / 10), 1)), (0, 0, (0, 1))],
)
def test_the_exact_interval_is_the_known_one(right: int, total: int, interval: tuple[float, float]) -> None:
    """Where the formula has a closed form, that is what comes out."""
    assert clopper_pearson(right, total) == pytest.approx(interval)


@given(st.integers(1, 300).flatmap(lambda n: st.tuples(st.integers(0, n), st.just(n))))
def test_the_exact_interval_is_no_narrower_than_it_must(counts: tuple[int, int]) -> None:
    """It never promises much more than Wilson's, which covers 95 % only on average."""
    exact, average = clopper_pearson(*counts), wilson(*counts)
    assert exact[1] - exact[0] >= average[1] - average[0] - 0.03

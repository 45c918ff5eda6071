"""Thresholds are proved in an order fixed beforehand, and no looser one than the labels speak for."""

import math

import numpy as np

from digitd.budget.ladder import STARTS, climb, loosest
from digitd.budget.promise import THRESHOLDS, Outcomes, Promise


def outcomes(confidence: np.ndarray, wrong: np.ndarray) -> Outcomes:
    n = len(confidence)
    return Outcomes(
        confidence=confidence,
        wrong=wrong,
        known=np.ones(n, bool),
        probability=np.ones(n),
        passed=np.zeros(n, bool),
        seen_at=np.arange(n, dtype=float),
        read_at=np.arange(n, dtype=float),
    )


def test_the_parts_of_what_may_fail_are_no_more_than_all() -> None:
    assert math.isclose(sum(STARTS.values()), 1.0)
    assert all(0 < share < 1 for share in STARTS)
    assert list(THRESHOLDS) == sorted(THRESHOLDS, reverse=True)
    assert THRESHOLDS[-1] == 0.0


def test_without_labels_nothing_passes() -> None:
    """Of nothing, and of one label, nothing is proved."""
    assert loosest(climb(outcomes(np.zeros(0), np.zeros(0, bool)), np.ones(0), Promise())) is None
    one = climb(outcomes(np.array([0.999]), np.array([False])), np.ones(1), Promise())
    assert loosest(one) is None
    assert one[-1].labels == 1
    assert one[-1].wrong_share == 0.0


def test_what_is_right_passes_and_what_is_not_does_not() -> None:
    """Fields at 0.97 and more are right, one in ten below is not: the threshold is at the edge."""
    confidence = np.tile([0.999, 0.98, 0.972, 0.965, 0.9], 400)
    wrong = (confidence < 0.97) & (np.arange(2000) % 20 < 10)
    assert loosest(climb(outcomes(confidence, wrong), np.ones(2000), Promise())) == 0.97


def test_a_stricter_promise_needs_more_labels() -> None:
    """600 labels prove 1 %, not 0.1 %; and less confidence needs fewer."""
    found = outcomes(np.full(600, 0.995), np.zeros(600, bool))
    assert loosest(climb(found, np.ones(600), Promise())) == 0.0
    assert loosest(climb(found, np.ones(600), Promise(wrong_fields=0.001))) is None
    few = outcomes(np.full(300, 0.995), np.zeros(300, bool))
    assert loosest(climb(few, np.ones(300), Promise())) is None
    assert loosest(climb(few, np.ones(300), Promise(confidence=0.5))) == 0.0


def test_nobody_that_sure_does_not_hold_up_the_others() -> None:
    """Where the model is never surer than 0.85 the test begins there."""
    found = outcomes(np.full(900, 0.82), np.zeros(900, bool))
    assert loosest(climb(found, np.ones(900), Promise())) == 0.0


def test_what_was_proved_stays_proved() -> None:
    """Labels that come later do not take back what earlier ones proved; it is for drift to find."""
    wrong = np.zeros(900, bool)
    wrong[800:] = True
    assert loosest(climb(outcomes(np.full(900, 0.995), wrong), np.ones(900), Promise())) == 0.0


def test_the_share_wrong_is_weighed() -> None:
    """A wrong field that was drawn with 0.1 stands for ten."""
    found = outcomes(np.full(11, 0.99), np.arange(11) == 0)
    found.probability[:1] = 0.1
    step = climb(found, np.full(11, 0.1), Promise())[-1]
    assert step.wrong_share == 0.5
    assert (step.labels, step.wrong) == (11, 1)

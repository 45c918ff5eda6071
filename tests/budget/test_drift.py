"""Drift among audited fields is found soon where much more is wrong than promised, and hardly ever where it is not."""

import numpy as np

from digitd.budget.drift import BETWEEN_FALSE_ALARMS, find_drift

ALLOWED = 0.01


def test_nothing_audited_is_no_drift() -> None:
    assert find_drift(np.zeros(0, bool), allowed=ALLOWED) is None
    assert find_drift(np.ones(1, bool), allowed=ALLOWED) is None


def test_a_row_of_errors_is_told_with_its_numbers() -> None:
    """After 500 right ones four of five are wrong: the alarm names those since it began."""
    wrong = np.concatenate([np.zeros(500, bool), [True, True, False, True, True]])
    found = find_drift(wrong, allowed=ALLOWED)
    assert found is not None
    assert (found.at, found.wrong, found.audited) == (503, 3, 4)


def test_false_alarms_are_rare() -> None:
    """With exactly the allowed share wrong it takes no less on average than promised; with half of it, far longer."""
    generator = np.random.default_rng(3)

    def alarms(share: float, runs: int, n: int) -> float:
        return float(
            np.mean([find_drift(generator.random(n) < share, allowed=ALLOWED) is not None for _ in range(runs)])
        )

    n = int(BETWEEN_FALSE_ALARMS)
    assert alarms(ALLOWED, 200, n) <= 0.63, "an alarm once in n on average comes within n in at most 1 - 1 / e"
    assert alarms(ALLOWED / 2, 200, n) <= 0.05


def test_worse_is_found_sooner() -> None:
    """Ten times the allowed share is found within some 60 audited fields, five times within some 200."""
    generator = np.random.default_rng(4)

    def delay(share: float) -> float:
        found = [find_drift(generator.random(4000) < share, allowed=ALLOWED) for _ in range(200)]
        assert None not in found
        return float(np.median([drift.at for drift in found if drift is not None]))

    assert delay(0.1) < 80
    assert delay(0.05) < 250

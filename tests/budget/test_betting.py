"""Bets that errors are rarer than allowed: nobody wins where they are not, whenever he stops and whatever is drawn."""

import math

import numpy as np
import pytest

from digitd.budget.betting import BETS, CAPITAL, growth, log_capital, log_factors

ALLOWED = 0.01


def best(wrong: np.ndarray, weight: np.ndarray) -> float:
    return log_capital(log_factors(wrong, weight, allowed=ALLOWED))[0]


def test_nothing_known_is_nothing_won() -> None:
    """No label leaves the capital as it was, and one that is right hardly adds to it."""
    assert log_capital(log_factors(np.zeros(0, bool), np.ones(0), allowed=ALLOWED)) == (0.0, 0.0)
    assert 0 < best(np.zeros(1, bool), np.ones(1)) < 0.01
    assert best(np.ones(1, bool), np.ones(1)) == 0.0


def test_the_capital_is_begun_with_one() -> None:
    assert math.isclose(sum(CAPITAL), 1.0)
    assert all(0 < bet < 1 for bet in BETS)


def test_who_looks_after_every_label_is_deceived_in_at_most_five_of_a_hundred_runs() -> None:
    """With exactly as many errors as allowed 1 / 0.05 is ever reached in at most 5 % of 2,000 runs of 3,000 labels."""
    generator = np.random.default_rng(1)
    reached = [best(generator.random(3000) < ALLOWED, np.ones(3000)) >= -math.log(0.05) for _ in range(2000)]
    assert np.mean(reached) <= 0.05


@pytest.mark.parametrize("drawn", [0.1, 0.5])
def test_errors_that_are_seldom_keyed_are_weighed(drawn: float) -> None:
    """Above, 2.2 % are wrong and few are keyed; below none is and all are: too much, though labels look fine."""
    generator = np.random.default_rng(2)
    deceived, looked_fine = [], []
    for _ in range(400):
        above = generator.random(3000) < 0.5
        wrong = above & (generator.random(3000) < 2.2 * ALLOWED)
        keyed = ~above | (generator.random(3000) < drawn)
        probability = np.where(above, drawn, 1.0)
        deceived.append(best(wrong[keyed], (drawn / probability)[keyed]) >= -math.log(0.05))
        looked_fine.append(best(wrong[keyed], np.ones(keyed.sum())) >= -math.log(0.05))
    assert np.mean(deceived) <= 0.05
    assert drawn > 0.1 or np.mean(looked_fine) > 0.5, "unweighed labels deceive"


def test_few_errors_are_outlived() -> None:
    """One wrong of 1,000 delays the proof, and does not prevent it."""
    wrong = np.zeros(1000, bool)
    wrong[100] = True
    assert best(wrong, np.ones(1000)) >= -math.log(0.05)
    assert best(wrong[:400], np.ones(400)) < -math.log(0.05)


def test_growth_is_none_where_as_much_is_wrong_as_is_allowed() -> None:
    assert growth(ALLOWED, allowed=ALLOWED) == 0.0
    assert growth(0.0, allowed=ALLOWED) > growth(ALLOWED / 2, allowed=ALLOWED) > 0

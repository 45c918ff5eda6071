"""What is no digit: the threshold keeps as many digits as it must, and what is drawn is the same for the same seed."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from digitd_trainer.data.digits import Digits
from digitd_trainer.evaluation.junk import KEPT, printed_letters, strangers, taken, threshold_keeping


@given(st.lists(st.floats(0, 1, width=32), min_size=1, max_size=500), st.sampled_from([KEPT, 0.9, 1.0]))
def test_the_threshold_keeps_enough_and_not_more_than_it_must(scores: list[float], share: float) -> None:
    """At it at least the share passes; at any higher one less does."""
    confidence = np.array(scores, np.float32)
    threshold = threshold_keeping(confidence, share)
    assert (confidence >= threshold).mean() >= share - 1e-9
    assert (confidence > threshold).mean() < share or threshold == confidence.max()


def test_nothing_sets_no_threshold() -> None:
    """Without digits everything passes."""
    assert threshold_keeping(np.zeros(0, np.float32)) == 0.0


def test_what_passes_is_counted_with_an_exact_interval() -> None:
    """Two of four reach the threshold; equality is enough, as for a digit."""
    found = taken("dots", np.array([0.1, 0.5, 0.7, 0.2], np.float32), threshold=0.5)
    assert (found.taken, found.examples, found.share) == (2, 4, 0.5)
    low, high = found.as_json()["interval"]
    assert low < 0.5 < high


def test_what_is_drawn_depends_on_the_seed_alone(digits: Digits) -> None:
    """The figures of two models are of the same strangers and letters; another seed draws others."""
    for draw in (
        lambda seed: strangers(digits.images, digits.labelled(), count=12, seed=seed),
        lambda seed: printed_letters(count=12, seed=seed),
    ):
        np.testing.assert_array_equal(draw(3), draw(3))
        assert (draw(3) != draw(4)).any()
        assert draw(3).any(axis=(1, 2)).all()

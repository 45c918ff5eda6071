"""Rejection: the more is demanded, the less passes; what passes within an allowed share of errors keeps to it."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from digitd_trainer.evaluation.rejection import at, best_digit, rejection

scores = st.lists(st.tuples(st.floats(0, 1, width=32), st.booleans()), max_size=60)


def arrays(pairs: list[tuple[float, bool]]) -> tuple[NDArray[np.float32], NDArray[np.bool_]]:
    return np.array([c for c, _ in pairs], np.float32), np.array([r for _, r in pairs], bool)


@given(scores)
def test_a_higher_threshold_lets_no_more_pass(pairs: list[tuple[float, bool]]) -> None:
    """Down the table shares fall; along the curve they rise, to everything; errors are shares."""
    found = rejection(*arrays(pairs))
    shares = [point.share for point in found.table]
    assert shares == sorted(shares, reverse=True)
    assert list(found.shares) == sorted(found.shares)
    assert all(0 <= error <= 1 for error in found.errors)
    assert found.shares[-1:] == ([1.0] if pairs else [])
    assert found.table[0].accepted == len(pairs)


@given(scores)
def test_what_is_allowed_is_kept(pairs: list[tuple[float, bool]]) -> None:
    """Within a share of errors no more than that is wrong, and the next lower threshold would break it."""
    confidence, right = arrays(pairs)
    for budget, point in rejection(confidence, right).within:
        assert point.accepted - point.right <= budget * point.accepted
        lower = confidence[confidence < point.threshold]
        for threshold in lower:
            more = at(confidence, right, float(threshold))
            assert more.accepted - more.right > budget * more.accepted


def test_equal_confidences_pass_together() -> None:
    """A threshold cannot part what is equal: the wrong one among three equals goes where they go."""
    found = rejection(np.array([0.9, 0.8, 0.8, 0.8], np.float32), np.array([True, True, True, False]))
    assert [(share, round(error, 3)) for share, error in zip(found.shares, found.errors, strict=True)] == [
        (0.25, 0.0),
        (1.0, 0.25),
    ]
    assert found.within[0][1].accepted == 1


def test_not_a_digit_never_passes_for_one() -> None:
    """The likeliest digit is taken, whatever *not a digit* gets."""
    said = np.zeros((1, 11), np.float32)
    said[0, 10], said[0, 4] = 0.9, 0.1
    digit, confidence = best_digit(said)
    assert (int(digit[0]), float(confidence[0])) == (4, np.float32(0.1))

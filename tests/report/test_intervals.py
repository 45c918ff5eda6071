import pytest
from hypothesis import given
from hypothesis import strategies as st

from digitd.report.intervals import wilson


@pytest.mark.parametrize(
    ("right", "total", "low", "high"),
    # Newcombe, "Two-sided confidence intervals for the single proportion", 1998, table I, method 3.
    [(81, 263, 0.2553, 0.3662), (15, 148, 0.0624, 0.1605), (0, 20, 0.0, 0.1611), (1, 29, 0.0061, 0.1718)],
)
def test_the_interval_is_the_published_one(right: int, total: int, low: float, high: float) -> None:
    """The formula gives the four examples of the literature to four places."""
    found = wilson(right, total)
    assert found == pytest.approx((low, high), abs=5e-5)


@given(total=st.integers(1, 10_000), data=st.data())
def test_the_interval_holds_the_share_and_stays_a_share(total: int, data: st.DataObject) -> None:
    """0 <= low <= share <= high <= 1, and everything mirrored for the share that is wrong."""
    right = data.draw(st.integers(0, total))
    low, high = wilson(right, total)
    assert 0 <= low <= right / total <= high <= 1
    assert wilson(total - right, total) == pytest.approx((1 - high, 1 - low))


def test_nothing_measured_says_nothing() -> None:
    """Of no examples every share is possible; more right than there are is refused."""
    assert wilson(0, 0) == (0.0, 1.0)
    with pytest.raises(ValueError, match="3 of 2"):
        wilson(3, 2)

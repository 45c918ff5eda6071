"""Whether two counts differ by more than chance: the tests that a report names. Pure functions."""

import math
from collections.abc import Sequence

#: A test is called significant below this, after Holm's correction where there are several.
LEVEL = 0.05

#: Fewer errors expected, or fewer right, and a chi-squared test is not to be trusted (Cochran, 1954).
EXPECTED = 5.0


def mcnemar(only_first: int, only_second: int) -> float:
    """The exact two-sided probability of such a gap where both are equally good (McNemar, 1947).

    only_first and only_second count the examples that only this one had right. What both have right or wrong says
    nothing. 1 where there are none.

    Examples
    --------
    >>> round(mcnemar(2, 8), 6), mcnemar(0, 0)
    (0.109375, 1.0)
    """
    total, few = only_first + only_second, min(only_first, only_second)
    if total == 0:
        return 1.0
    log_all = [_log_choose(total, k) - total * math.log(2) for k in range(few + 1)]
    most = max(log_all)
    return min(1.0, 2 * math.exp(most) * math.fsum(math.exp(each - most) for each in log_all))


def trend(wrong: Sequence[int], total: Sequence[int]) -> float | None:
    """The two-sided probability of such a trend of shares over equal steps where there is none.

    The chi-squared test for trend (Cochran, "Some methods for strengthening the common chi-squared tests", 1954;
    Armitage, "Tests for linear trends in proportions and frequencies", 1955). None where there are fewer than two
    steps with anything in them, or too few errors or too few others (`EXPECTED` a step, on average).
    """
    steps = [(step, w, t) for step, (w, t) in enumerate(zip(wrong, total, strict=True)) if t]
    errors, whole = sum(w for _, w, _ in steps), sum(t for _, _, t in steps)
    if len(steps) < 2 or min(errors, whole - errors) < EXPECTED * len(steps):
        return None
    share, middle = errors / whole, sum(step * t for step, _, t in steps) / whole
    score = sum((step - middle) * (w - t * share) for step, w, t in steps)
    variance = share * (1 - share) * sum(t * (step - middle) ** 2 for step, _, t in steps)
    return math.erfc(abs(score) / math.sqrt(2 * variance))


def two_shares(wrong: tuple[int, int], total: tuple[int, int]) -> float | None:
    """The two-sided probability of such a gap between two shares where there is none: the chi-squared test of a 2x2.

    None where one of the four counts is expected to be below `EXPECTED`.
    """
    errors, whole = sum(wrong), sum(total)
    if not all(total) or min(total) * min(errors, whole - errors) / whole < EXPECTED:
        return None
    share = errors / whole
    spread = math.sqrt(share * (1 - share) * (1 / total[0] + 1 / total[1]))
    return math.erfc(abs(wrong[0] / total[0] - wrong[1] / total[1]) / spread / math.sqrt(2))


def holm(probabilities: Sequence[float]) -> list[float]:
    """Probabilities of several tests, corrected so that their number raises no false alarm (Holm, 1979).

    Examples
    --------
    >>> holm([0.01, 0.04, 0.03])
    [0.03, 0.06, 0.06]
    """
    order = sorted(range(len(probabilities)), key=lambda at: probabilities[at])
    corrected, least = [0.0] * len(probabilities), 0.0
    for rank, at in enumerate(order):
        least = max(least, min(1.0, (len(probabilities) - rank) * probabilities[at]))
        corrected[at] = least
    return corrected


def kappa(matrix: Sequence[Sequence[float]]) -> float | None:
    """How far two people agree beyond chance (Cohen, "A coefficient of agreement for nominal scales", 1960).

    matrix counts what one said, by what the other said. 1 is always, 0 as often as by chance; None where nothing was
    said, or both always said one thing: then chance alone explains all of it.
    """
    whole = math.fsum(map(math.fsum, matrix))
    if not whole:
        return None
    agreed = math.fsum(row[at] for at, row in enumerate(matrix)) / whole
    rows = [math.fsum(row) / whole for row in matrix]
    columns = [math.fsum(column) / whole for column in zip(*matrix, strict=True)]
    chance = math.fsum(r * c for r, c in zip(rows, columns, strict=True))
    return None if chance >= 1 else (agreed - chance) / (1 - chance)


def _log_choose(n: int, k: int) -> float:
    return math.lgamma(n + 1) - math.lgamma(k + 1) - math.lgamma(n - k + 1)

"""How well people verify: how much, how fast, which known errors they caught, and how far they agree."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from digitd.report.alignment import align
from digitd.report.significance import kappa
from digitd.store import Store
from digitd.store.performance import KeyedTwice

#: What a digit is to each of two people: a digit, or none where the other saw one.
_KINDS = 11


@dataclass(frozen=True, slots=True, kw_only=True)
class VerifierFigures:
    """One verifier. labels are those keyed that stand; seconds the median of a field, None where nobody measured it.

    sown are known errors among look-alikes, caught those marked. kappa is how far the digits keyed agree with what
    others keyed blind in the same fields, 1 always and 0 as often as by chance, over so many pairs of values; None
    where there are none, or all are one digit. What two have keyed is mostly what the machine was not sure of.
    """

    name: str
    labels: int
    seconds: float | None
    sown: int
    caught: int
    kappa: float | None
    pairs: int

    def as_json(self) -> dict[str, Any]:
        return {
            "verifier": self.name,
            "labels": self.labels,
            "seconds": self.seconds,
            "sown": self.sown,
            "caught": self.caught,
            "kappa": self.kappa,
            "pairs": self.pairs,
        }


def verifiers(
    store: Store, *, form: str | None = None, since: datetime | None = None, until: datetime | None = None
) -> tuple[VerifierFigures, ...]:
    """Everybody who has keyed, or looked at look-alikes, by name; sown errors are counted whatever their form."""
    keyed = store.keyed_by_verifier(form=form, since=since, until=until)
    sown = store.sown_by_verifier(since=since, until=until)
    twice: defaultdict[str, list[tuple[str, str]]] = defaultdict(list)
    for pair in store.keyed_twice(form=form, since=since, until=until):
        twice[pair.first].append((pair.first_value, pair.second_value))
        twice[pair.second].append((pair.second_value, pair.first_value))
    return tuple(
        VerifierFigures(
            name=name,
            labels=keyed[name].labels if name in keyed else 0,
            seconds=_median_seconds(keyed[name].durations_ms) if name in keyed else None,
            sown=sown[name].sown if name in sown else 0,
            caught=sown[name].caught if name in sown else 0,
            kappa=agreement(twice[name]),
            pairs=len(twice[name]),
        )
        for name in sorted({*keyed, *sown})
    )


def agreement(pairs: Sequence[tuple[str, str]]) -> float | None:
    """Cohen's kappa of the digits of two people's values of the same fields, aligned as `align` does."""
    matrix = [[0] * _KINDS for _ in range(_KINDS)]
    for one, other in pairs:
        for digit, symbol in align(one, other):
            matrix[int(digit) if digit else _KINDS - 1][int(symbol) if symbol else _KINDS - 1] += 1
    return kappa(matrix)


def agreement_of_all(pairs: Sequence[KeyedTwice]) -> float | None:
    """Cohen's kappa over all pairs, the earlier label first."""
    return agreement([(pair.first_value, pair.second_value) for pair in pairs])


def _median_seconds(durations_ms: Mapping[int, int]) -> float | None:
    """The median of durations of which there are so many each."""
    total, seen = sum(durations_ms.values()), 0
    middle: list[int] = []
    for duration, count in sorted(durations_ms.items()):
        middle += [duration] * sum(seen <= place < seen + count for place in {(total - 1) // 2, total // 2})
        seen += count
    return sum(middle) / len(middle) / 1000 if middle else None

"""What is promised, to which fields, and what is known of fields: the words of this package, as frozen values."""

from collections.abc import Collection, Iterable
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

if TYPE_CHECKING:  # the store speaks of outcomes, and counts without it
    import numpy as np
    from numpy.typing import NDArray

#: Every threshold that may be set, strictest first. They are fixed beforehand, as the test of them asks for: closer
#: together where confidences of a model with a fitted temperature lie.
THRESHOLDS = (
    0.9995, 0.999, 0.998, 0.995, 0.99, 0.985, 0.98, 0.97, 0.96, 0.95, 0.93, 0.9,
    0.87, 0.83, 0.8, 0.75, 0.7, 0.6, 0.5, 0.4, 0.3, 0.2, 0.1, 0.0,
)  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class Promise:
    """Of the fields that pass untouched at most wrong_fields are wrong, (0, 1); this fails with 1 - confidence."""

    wrong_fields: float = 0.01
    confidence: float = 0.95

    def __str__(self) -> str:
        return f"at most {100 * self.wrong_fields:g} % of what passes is wrong, {100 * self.confidence:g} % sure"


@dataclass(frozen=True, slots=True, kw_only=True, order=True)
class Group:
    """Fields with a threshold in common: those of a form, or one of its fields that has a budget of its own.

    form is "" for pages that were read without one; field is "" for all fields of the form without one of their own.
    """

    form: str
    field: str = ""

    def __str__(self) -> str:
        return (self.form or "(no form)") + (f"/{self.field}" if self.field else "")


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """A field that its confidence alone decides on, and that people keyed or are to key.

    probability is that with which it came to be keyed, (0, 1]: 1 in review. right is None while nobody has settled it.
    Times are seconds since 1970.
    """

    form: str
    field: str
    confidence: float
    right: bool | None
    probability: float
    passed: bool
    seen_at: float
    read_at: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcomes:
    """Outcomes of one group as arrays (n,), in the order in which they were read.

    wrong is True too where a label is still waited for: what is not known is never counted in favour of the machine,
    and who differs from the machine waits longest, for a second verifier.
    """

    confidence: "NDArray[np.float64]"
    wrong: "NDArray[np.bool_]"
    known: "NDArray[np.bool_]"
    probability: "NDArray[np.float64]"
    passed: "NDArray[np.bool_]"
    seen_at: "NDArray[np.float64]"
    read_at: "NDArray[np.float64]"

    def __len__(self) -> int:
        return len(self.confidence)

    def where(self, chosen: "NDArray[np.bool_]") -> "Outcomes":
        """Those that are chosen, (n,) bool."""
        return replace(self, **{name: getattr(self, name)[chosen] for name in self.__slots__})


def gathered(found: list[Outcome]) -> Outcomes:
    """Outcomes as arrays, in their order."""
    import numpy as np

    return Outcomes(
        confidence=np.array([one.confidence for one in found], np.float64),
        wrong=np.array([one.right is not True for one in found], np.bool_),
        known=np.array([one.right is not None for one in found], np.bool_),
        probability=np.array([one.probability for one in found], np.float64),
        passed=np.array([one.passed for one in found], np.bool_),
        seen_at=np.array([one.seen_at for one in found], np.float64),
        read_at=np.array([one.read_at for one in found], np.float64),
    )


def group_of(form: str, field: str, own: Collection[Group]) -> Group:
    """The group of a field; own are those fields with a budget of their own."""
    itself = Group(form=form, field=field)
    return itself if itself in own else Group(form=form)


def by_group(found: Iterable[Outcome], own: Collection[Group]) -> dict[Group, Outcomes]:
    """Outcomes of each group, in their order; of fields with a budget of their own even where there are none."""
    lists: dict[Group, list[Outcome]] = {group: [] for group in own}
    of_field: dict[tuple[str, str], list[Outcome]] = {}
    for one in found:
        name = one.form, one.field
        if name not in of_field:
            of_field[name] = lists.setdefault(group_of(*name, own), [])
        of_field[name].append(one)
    return {group: gathered(members) for group, members in sorted(lists.items())}


@dataclass(frozen=True, slots=True, kw_only=True)
class Passing:
    """How many fields would pass at each of `THRESHOLDS`, and how many there are, blank ones left out."""

    at: tuple[int, ...] = (0,) * len(THRESHOLDS)
    fields: int = 0

    def __add__(self, other: "Passing") -> "Passing":
        at = tuple(a + b for a, b in zip(self.at, other.at, strict=True))
        return Passing(at=at, fields=self.fields + other.fields)

    def share(self, threshold: float | None) -> float:
        """The share that passes at a threshold, [0, 1]; 0 at None, and where there are no fields."""
        return self.at[THRESHOLDS.index(threshold)] / self.fields if self.fields and threshold is not None else 0.0


def passing_by_group(found: Iterable[tuple[str, str, Passing]], own: Collection[Group]) -> dict[Group, Passing]:
    """What passes of each group, from that of each form and field."""
    sums: dict[Group, Passing] = {}
    for form, name, passing in found:
        group = group_of(form, name, own)
        sums[group] = sums.get(group, Passing()) + passing
    return sums

"""A rule over several fields: parts that add up to a total, or two fields that are equal."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Context, Decimal
from enum import StrEnum

from digitd.rules.fields import number_of

#: How often writers keep a rule over fields where a form does not say: they add up and copy wrongly, too. On 14 pages
#: of public tallies 39 of 39 sums hold; one in 41 is then the next to fail, after Laplace.
HOLDS = 0.97

#: How many wrong totals there are to get when one adds up wrongly: one digit in two or three is another. What is read
#: and obeys speaks for itself the more, the more totals it could have been.
WRONG_TOTALS = 20

#: Digits that sums are carried out with; more than any field has.
_EXACTLY = Context(prec=400)

#: Names and numbers told in full; of longer sums the middle is left out.
MOST_TOLD = 6


class Blanks(StrEnum):
    """What a field in which nothing is written means for a rule."""

    #: It counts as 0.
    ZERO = "zero"
    #: The rule is not looked at.
    SKIP = "skip"


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """A field of a sum; sign is 1, or -1 for one that is taken away."""

    name: str
    sign: int = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class FormRule:
    """The parts add up to the field total; equality is a sum of one part.

    holds is the probability that a writer keeps it, in (0, 1). A rule that only warns changes no value and sends no
    field to review.
    """

    parts: tuple[Part, ...]
    total: str
    holds: float = HOLDS
    blanks: Blanks = Blanks.ZERO
    warn: bool = False

    @property
    def is_equality(self) -> bool:
        return len(self.parts) == 1 and self.parts[0].sign == 1

    def names(self) -> tuple[str, ...]:
        """Every field it speaks of, the total last."""
        return (*(part.name for part in self.parts), self.total)

    def words(self) -> str:
        """What it asks for: "r1 + r2 should be total".

        >>> FormRule(parts=(Part(name="in"), Part(name="out", sign=-1)), total="left").words()
        'in - out should be left'
        """
        return f"{self.told([part.name for part in self.parts])} should be {self.total}"

    def number(self, value: str, decimals: int) -> Decimal | None:
        """What a field's value counts for; None where that cannot be told and the rule says nothing."""
        if value:
            return number_of(value, decimals)
        return Decimal(0) if self.blanks is Blanks.ZERO else None

    def fault(self, values: Mapping[str, str], decimals: Mapping[str, int]) -> str:
        """How values break it, in words, or "" where they do not or it says nothing of them.

        >>> rule = FormRule(parts=(Part(name="r1"), Part(name="r2")), total="total")
        >>> rule.fault({"r1": "12", "r2": "30", "total": "43"}, {})
        'r1 + r2 should be total (12 + 30 = 42, not 43)'
        """
        numbers = [self.number(values[name], decimals.get(name, 0)) for name in self.names()]
        known = [number for number in numbers if number is not None]
        if len(known) < len(numbers) or self.added(known) == known[-1]:
            return ""
        *terms, total = (
            f"{number:f}" if values[name] else "blank" for name, number in zip(self.names(), known, strict=True)
        )
        result = "" if self.is_equality else f" = {self.added(known):f}"
        return f"{self.words()} ({self.told(terms)}{result}, not {total})"

    def added(self, numbers: Sequence[Decimal]) -> Decimal:
        """The sum of the parts' numbers, which come first and in their order."""
        found = Decimal(0)
        for part, number in zip(self.parts, numbers, strict=False):
            found = _EXACTLY.add(found, number) if part.sign > 0 else _EXACTLY.subtract(found, number)
        return found

    def weight(self, *, obeyed: bool | None) -> float:
        """How probable it makes a combination of strings, up to a common factor; None: it is not known.

        A writer keeps the rule with probability `holds`, and else gives one of WRONG_TOTALS other totals. A string
        that is not known obeys by chance, once in all of them.
        """
        if obeyed is None:
            return 1 / (WRONG_TOTALS + 1)
        return self.holds if obeyed else (1 - self.holds) / WRONG_TOTALS

    def told(self, terms: Sequence[str]) -> str:
        """The parts' terms with their signs between them, the middle left out where they are many."""
        signed = [f"{'-' if part.sign < 0 else '+'} {term}" for part, term in zip(self.parts, terms, strict=True)]
        if len(signed) > MOST_TOLD:
            signed = [*signed[: MOST_TOLD - 2], "+ ...", signed[-1]]
        return " ".join(signed).removeprefix("+ ")

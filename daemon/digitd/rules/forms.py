"""A rule over several fields: parts that add up to a total, or two fields that are equal."""

from dataclasses import dataclass
from enum import StrEnum

#: How often writers keep a rule over fields: they add up and copy wrongly, too. An assumption where a form says none.
HOLDS = 0.97

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

    def told(self, terms: list[str]) -> str:
        """The parts' terms with their signs between them, the middle left out where they are many."""
        signed = [f"{'-' if part.sign < 0 else '+'} {term}" for part, term in zip(self.parts, terms, strict=True)]
        if len(signed) > MOST_TOLD:
            signed = [*signed[: MOST_TOLD - 2], "+ ...", signed[-1]]
        return " ".join(signed).removeprefix("+ ")

"""The rules for one field, and which of them a value breaks, in words."""

from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum

from digitd.rules.checks import is_date, luhn, mod97, verhoeff
from digitd.rules.pattern import compiled


class Check(StrEnum):
    """What the last digits of a number guard it with."""

    #: One digit, as on payment cards (ISO/IEC 7812-1).
    LUHN = "luhn"
    #: Two digits, the whole leaving 1 when divided by 97 (ISO 7064, MOD 97-10).
    MOD97 = "mod97"
    #: One digit that also finds every swap of neighbours (Verhoeff 1969).
    VERHOEFF = "verhoeff"

    def holds(self, digits: str) -> bool:
        return {Check.LUHN: luhn, Check.MOD97: mod97, Check.VERHOEFF: verhoeff}[self](digits)


@dataclass(frozen=True, slots=True, kw_only=True)
class FieldRules:
    """What the value of a field must be; None or empty says nothing.

    Where nothing is written, only required says anything: that something must be. digits is the fewest and the most
    digits; minimum and maximum bound its number, of which the last `decimals` digits stand after the point; pattern is
    a regular expression for the whole value; date a format such as DDMMYYYY. warn names the rules that change no value
    and send nobody to review: what they say is only told.
    """

    digits: tuple[int, int] | None = None
    minimum: Decimal | None = None
    maximum: Decimal | None = None
    pattern: str | None = None
    allowed: tuple[str, ...] = ()
    date: str | None = None
    check: Check | None = None
    decimals: int = 0
    required: bool = False
    warn: frozenset[str] = frozenset()

    def faults(self, value: str) -> Iterator[tuple[str, str]]:
        """Each rule that value breaks, by its key, with words that follow the value; "" is nothing written."""
        if not value:
            if self.required:
                yield "required", "must be filled in"
            return
        yield from self._faults_as_written(value)
        number = number_of(value, self.decimals)
        if number is None:
            return
        if self.minimum is not None and number < self.minimum:
            yield "minimum", f"is below {self.minimum:f}"
        if self.maximum is not None and number > self.maximum:
            yield "maximum", f"is above {self.maximum:f}"

    def _faults_as_written(self, value: str) -> Iterator[tuple[str, str]]:
        count = sum(character.isdigit() for character in value)
        if self.digits is not None and not self.digits[0] <= count <= self.digits[1]:
            yield "digits", f"has {count} digit{'s' * (count != 1)}, not {span(self.digits)}"
        if self.pattern is not None and not compiled(self.pattern).matches(value):
            yield "pattern", f"does not match {self.pattern}"
        if self.allowed and value not in self.allowed:
            yield "allowed", "is none of the allowed values"
        if self.date is not None and not (_plain(value) and is_date(value, self.date)):
            yield "date", f"is no date {self.date}"
        if self.check is not None and not (_plain(value) and self.check.holds(value)):
            yield "check", f"does not agree with its check digits ({self.check})"

    def fault(self, value: str, *, warnings: bool = False) -> str:
        """What value breaks, in words that follow it, or ""; of the rules that only warn instead, where asked."""
        return " and ".join(words for key, words in self.faults(value) if (key in self.warn) == warnings)


#: A field without rules.
NO_RULES = FieldRules()


def number_of(value: str, decimals: int = 0) -> Decimal | None:
    """The number that a value stands for, or None where it is none.

    A value that holds no point itself has its last `decimals` digits after it.

    >>> number_of("1250", 2), number_of("-7"), number_of("")
    (Decimal('12.50'), Decimal('-7'), None)
    """
    unsigned = value[1:] if value[:1] in {"+", "-"} else value
    whole, point, rest = unsigned.partition(".")
    if not _plain(whole + rest):
        return None
    exponent = -len(rest) if point else -decimals
    return Decimal((int(value.startswith("-")), tuple(map(int, whole + rest)), exponent))


def span(digits: tuple[int, int]) -> str:
    """A number of digits in words: "8", or "6 to 8"."""
    low, high = digits
    return f"{low}" if low == high else f"{low} to {high}"


def _plain(value: str) -> bool:
    return value.isascii() and value.isdigit()

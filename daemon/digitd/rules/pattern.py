"""Regular expressions for whole values, of the plain kind, matched in time that grows only with their length.

Python's `re` tries one way after the other, and for some expressions that takes years on a hundred characters; a
template must not be able to do that to the service. Here all ways are followed at once (K. Thompson, Regular
Expression Search Algorithm, 1968), which rules out look-ahead and back-references, and nothing a form needs.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field
from functools import lru_cache

#: States an expression may need; [0-9]{100} takes 101.
MOST_STATES = 2000

#: Brackets within brackets.
DEEPEST = 20

_DIGITS = frozenset("0123456789")
_ANY = frozenset(map(chr, range(32, 127)))
_SPECIAL = frozenset(r"\()[]{}|?*+.^$")


@dataclass(frozen=True, slots=True)
class Pattern:
    """An expression as states: from state i one of steps[i] leads on by a character, or free[i] by none."""

    steps: tuple[tuple[frozenset[str], int] | None, ...]
    free: tuple[tuple[int, ...], ...]
    start: int
    end: int

    def matches(self, text: str) -> bool:
        """Whether the expression is the whole of text.

        >>> compiled("[12][0-9]{3}").matches("1984"), compiled("[12][0-9]{3}").matches("3000")
        (True, False)
        """
        states = self._closed({self.start})
        for character in text:
            states = self._after(states, frozenset(character))
        return self.end in states

    def lengths(self, most: int) -> frozenset[int]:
        """How many digits a value of digits alone can have, up to most."""
        found, states = set(), self._closed({self.start})
        for length in range(most + 1):
            if self.end in states:
                found.add(length)
            states = self._after(states, _DIGITS)
        return frozenset(found)

    def _after(self, states: Iterable[int], characters: frozenset[str]) -> set[int]:
        steps = (self.steps[state] for state in states)
        return self._closed({step[1] for step in steps if step is not None and not step[0].isdisjoint(characters)})

    def _closed(self, states: set[int]) -> set[int]:
        waiting = list(states)
        while waiting:
            for target in self.free[waiting.pop()]:
                if target not in states:
                    states.add(target)
                    waiting.append(target)
        return states


@lru_cache(maxsize=256)
def compiled(text: str) -> Pattern:
    """The expression that text writes down.

    Raises
    ------
    ValueError
        It is none, or one that is not understood here; the message says where.
    """
    parser = _Parser(text=text)
    start, end = parser.either(0)
    if parser.at < len(text):
        raise ValueError(f"pattern {text!r}: {text[parser.at]!r} at character {parser.at + 1} is not understood")
    return Pattern(tuple(parser.steps), tuple(map(tuple, parser.free)), start, end)


@dataclass(slots=True)
class _Parser:
    """Reads an expression from left to right; every part read is a pair of states, where it begins and ends."""

    text: str
    at: int = 0
    steps: list[tuple[frozenset[str], int] | None] = field(default_factory=list)
    free: list[list[int]] = field(default_factory=list)

    def either(self, depth: int) -> tuple[int, int]:
        if depth > DEEPEST:
            raise self.fault("too many brackets within brackets")
        start, end = self.state(), self.state()
        while True:
            first, last = self.sequence(depth)
            self.free[start].append(first)
            self.free[last].append(end)
            if not self.taken("|"):
                return start, end

    def sequence(self, depth: int) -> tuple[int, int]:
        start = end = self.state()
        while self.at < len(self.text) and self.text[self.at] not in "|)":
            first, last = self.repeated(depth)
            self.free[end].append(first)
            end = last
        return start, end

    def repeated(self, depth: int) -> tuple[int, int]:
        """An item and how often it stands there: as often as it may, the item is written down again."""
        begin = self.at
        part = self.item(depth)
        least, most = self.times()
        resume = self.at
        start = end = self.state()
        ends = [start] if least == 0 else []
        for count in range(1, max(least, most or 1, 1) + 1):
            if count > 1:
                self.at = begin
                part = self.item(depth)
            self.free[end].append(part[0])
            end = part[1]
            if count >= least:
                ends.append(end)
        if most is None:
            self.free[part[1]].append(part[0])
        self.at = resume
        last = self.state()
        for state in ends if most != 0 else [start]:
            self.free[state].append(last)
        return start, last

    def times(self) -> tuple[int, int | None]:
        """The least and the most repetitions asked for after an item; None is no limit."""
        found: tuple[int, int | None] = (1, 1)
        for sign, times in (("?", (0, 1)), ("*", (0, None)), ("+", (1, None))):
            if self.taken(sign):
                found = times
                break
        else:
            if self.taken("{"):
                inside, closed, _ = self.text[self.at :].partition("}")
                low, comma, high = inside.partition(",")
                if not (closed and low.isdecimal() and (high.isdecimal() or not high)) or len(inside) > 9:
                    raise self.fault("repetitions are written {3}, {2,4} or {2,}")
                self.at += len(inside) + 1
                found = (int(low), int(high) if high else None if comma else int(low))
                if found[1] is not None and found[0] > found[1]:
                    raise self.fault("at least more than at most")
        if self.text[self.at : self.at + 1] in {"?", "*", "+", "{"}:
            raise self.fault("repeated twice: set brackets around what is repeated")
        return found

    def item(self, depth: int) -> tuple[int, int]:
        if self.taken("("):
            self.taken("?:")
            part = self.either(depth + 1)
            if not self.taken(")"):
                raise self.fault("a bracket is not closed")
            return part
        characters = self.characters()
        start, end = self.state(), self.state()
        self.steps[start] = (characters, end)
        return start, end

    def characters(self) -> frozenset[str]:
        if self.taken("["):
            return self.choice()
        if self.taken("."):
            return _ANY
        return self.literal()

    def literal(self) -> frozenset[str]:
        character = self.text[self.at : self.at + 1]
        if character == "\\":
            self.at += 1
            character = self.text[self.at : self.at + 1]
            if character == "d":
                self.at += 1
                return _DIGITS
            if character.isalnum() or not character:
                raise self.fault(f"\\{character} is not understood")
        elif character in _SPECIAL or not character:
            raise self.fault(f"{character or 'the end'} is not understood here")
        self.at += 1
        return frozenset(character)

    def choice(self) -> frozenset[str]:
        """What stands between [ and ]."""
        negated, found = self.taken("^"), set[str]()
        while not self.taken("]"):
            low = self.one()
            if (
                len(low) == 1
                and self.text[self.at : self.at + 1] == "-"
                and self.text[self.at + 1 : self.at + 2] != "]"
            ):
                self.at += 1
                high = self.one()
                if len(high) != 1 or min(high) < min(low):
                    raise self.fault("a range that runs backwards")
                low = frozenset(map(chr, range(ord(min(low)), ord(min(high)) + 1)))
            found |= low
        if not found:
            raise self.fault("nothing stands between [ and ]")
        return frozenset(_ANY - found if negated else found)

    def one(self) -> frozenset[str]:
        if self.text[self.at : self.at + 1] == "\\":
            return self.literal()
        if self.at >= len(self.text):
            raise self.fault("a [ is not closed")
        self.at += 1
        return frozenset(self.text[self.at - 1 : self.at])

    def taken(self, sign: str) -> bool:
        if not self.text.startswith(sign, self.at):
            return False
        self.at += len(sign)
        return True

    def state(self) -> int:
        if len(self.steps) >= MOST_STATES:
            raise self.fault("too large; ask for less")
        self.steps.append(None)
        self.free.append([])
        return len(self.steps) - 1

    def fault(self, words: str) -> ValueError:
        return ValueError(f"pattern {self.text!r}: {words} (character {self.at + 1})")

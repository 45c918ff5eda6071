"""The most probable strings of several fields at once, under rules that speak of more than one. Numbers only.

The writer of a form keeps a rule with the probability the rule states, and else writes one of a number of other totals
(`FormRule.weight`). A combination of strings is thus as probable as its strings are by themselves times a weight for
each rule. Fields that no rule joins are apart. The others are gone through one after the other with the sums so far:
combinations with equal open sums have an equal future and are counted as one, which makes the result exact without
looking at every combination (forward-backward and Viterbi over a trellis; L. R. Rabiner, 1989, sections III.A-B).

Sums are pruned so that a field costs at most MOST_WORK steps (sums x strings x open rules), and joined fields together
ALL_WORK, or FEWEST_SUMS sums a field where that is more. Less probable sums are not dropped: they become *unknown*, as
strings are that were never among a field's best, and stay in the denominator.
"""

import heapq
import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from digitd.rules import FormRule

#: Sums x strings x open rules looked at for a field; a row of three fields with twenty strings each stays exact.
MOST_WORK = 10_000

#: The same for all fields that rules join; from 20 fields on each has less.
ALL_WORK = 200_000

#: Different sums that are told apart whatever they cost.
FEWEST_SUMS = 8

#: Sums less probable than this, beside the most probable, are not told apart either.
LEAST_SHARE = 1e-9

#: A string less probable than this, beside the field's best, joins what is left out.
LEAST_STRING = 1e-5

#: A string cannot be less probable than this: where all others are impossible it must still be taken.
_LEAST = 1e-12

#: The sums so far of the open rules; None is unknown.
_Sums = tuple[int | None, ...]

#: Sums before a field, its string, the probability of the way, sums after.
_Edge = tuple[_Sums, str | None, float, _Sums]


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """What a field may say: strings with their probabilities, and what each counts for in a sum (None: unknown).

    left_out is the probability that it says none of them. numbers are whole: all fields of a page are counted in the
    same smallest unit.
    """

    name: str
    strings: Mapping[str, float]
    numbers: Mapping[str, int | None]
    left_out: float = 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Belief:
    """What a field says, and how probable each of its strings is after all rules; what is left out is missing to 1."""

    value: str
    posterior: Mapping[str, float]


def agree(fields: Sequence[Options], rules: Sequence[FormRule]) -> tuple[Belief, ...]:
    """Return what each field says under the rules.

    Parameters
    ----------
    fields
        Each with at least one string; names differ.
    rules
        Rules over these fields; every field they name is among them.

    Returns
    -------
    A belief a field. The values together are the most probable combination; each posterior is that of its string
    alone, over all combinations.
    """
    named = {field.name: field for field in fields}
    joint: dict[str, Belief] = {}
    for joined in _components(rules):
        joint |= _Trellis([named[name] for name in _order(joined)], joined).beliefs()
    return tuple(joint.get(field.name) or _alone(field) for field in fields)


def _alone(field: Options) -> Belief:
    """What a field says where no rule joins it to another: its most probable string."""
    total = sum(field.strings.values()) + field.left_out
    scale = 1.0 if abs(total - 1) < 1e-6 or not total else total
    posterior = {value: min(1.0, chance / scale) for value, chance in field.strings.items()}
    return Belief(value=max(posterior, key=posterior.__getitem__), posterior=posterior)


def _components(rules: Sequence[FormRule]) -> Iterator[tuple[FormRule, ...]]:
    """The rules in groups that share no field with each other."""
    waiting = list(rules)
    while waiting:
        joined = [waiting.pop(0)]
        names = set(joined[0].names())
        while touching := [rule for rule in waiting if not names.isdisjoint(rule.names())]:
            joined += touching
            waiting = [rule for rule in waiting if names.isdisjoint(rule.names())]
            names.update(name for rule in touching for name in rule.names())
        yield tuple(joined)


def _order(rules: Sequence[FormRule]) -> list[str]:
    """The fields of rules, so that few rules are open at a time: always that rule next which lacks fewest fields."""
    placed: dict[str, None] = {}
    waiting = list(rules)
    while waiting:
        rule = min(waiting, key=lambda rule: sum(name not in placed for name in rule.names()))
        placed |= dict.fromkeys(rule.names())
        waiting.remove(rule)
    return list(placed)


@dataclass(frozen=True, slots=True)
class _Move:
    """What a field does to one open rule: at is the rule's place among the sums so far (None: it opens here)."""

    at: int | None
    sign: int

    def after(self, sums: _Sums, number: int | None) -> int | None:
        so_far = 0 if self.at is None else sums[self.at]
        if self.sign == 0 or so_far is None:
            return so_far
        return None if number is None else so_far + self.sign * number


@dataclass(frozen=True, slots=True)
class _Step:
    """One field of the trellis: what it may say (None: something else), and what that does to the open rules."""

    name: str
    choices: tuple[tuple[str | None, float, int | None], ...]
    #: Of each string its part of what is left out, should it be.
    parts: Mapping[str, float]
    staying: tuple[_Move, ...]
    closing: tuple[tuple[_Move, tuple[float, float, float]], ...]

    @property
    def cost(self) -> int:
        """What one sum costs."""
        return len(self.choices) * (len(self.staying) + len(self.closing))

    def follow(self, sums: _Sums, number: int | None) -> tuple[_Sums, float]:
        """The sums after a choice, and the weight of the rules that are complete with it."""
        weight = 1.0
        for move, (obeyed, broken, unknown) in self.closing:
            left = move.after(sums, number)
            weight *= unknown if left is None else broken if left else obeyed
        return tuple(move.after(sums, number) for move in self.staying), weight


class _Trellis:
    """Fields joined by rules, gone through forwards once and backwards once."""

    def __init__(self, fields: Sequence[Options], rules: Sequence[FormRule]) -> None:
        self._steps = list(_steps(fields, rules))
        self._masses: list[dict[_Sums, float]] = [{(): 1.0}]
        self._leads: list[dict[_Sums, tuple[float, _Sums, str]]] = [{(): (0.0, (), "")}]
        self._edges: list[list[_Edge]] = []
        work = min(MOST_WORK, ALL_WORK // len(fields))
        costs = [step.cost for step in self._steps[1:]] + [work]
        for step, cost in zip(self._steps, costs, strict=True):
            self._grow(step, most=max(FEWEST_SUMS, work // cost))

    def beliefs(self) -> dict[str, Belief]:
        """What each field says; a string that was not followed has its part of what is left out."""
        return {
            step.name: Belief(
                value=value,
                posterior={v: shares[v] if v in shares else shares[None] * part for v, part in step.parts.items()},
            )
            for step, value, shares in zip(self._steps, self._best(), self._posteriors(), strict=True)
        }

    def _grow(self, step: _Step, *, most: int) -> None:
        """One field further: the probability of each sum, and the best way to it through strings that are known."""
        edges = list(self._edges_of(step))
        grown: dict[_Sums, float] = {}
        leads: dict[_Sums, tuple[float, _Sums, str]] = {}
        for sums, value, share, target in edges:
            grown[target] = grown.get(target, 0.0) + self._masses[-1][sums] * share
            lead = self._leads[-1].get(sums)
            if value is not None and lead is not None:
                height = lead[0] + math.log(share)
                if target not in leads or height > leads[target][0]:
                    leads[target] = (height, sums, value)
        kept = _kept(grown, most, always=max(leads, key=lambda target: leads[target][0]))
        unknown = (None,) * len(step.staying)
        masses: dict[_Sums, float] = {}
        top = max(grown.values())
        for sums, mass in grown.items():
            target = sums if sums in kept else unknown
            masses[target] = masses.get(target, 0.0) + mass / top
        self._edges.append(edges)
        self._masses.append(masses)
        self._leads.append({sums: lead for sums, lead in leads.items() if sums in kept})

    def _edges_of(self, step: _Step) -> Iterator[_Edge]:
        """Every way through a field: sums before, string, its probability times the weight of rules, sums after."""
        for sums in self._masses[-1]:
            for value, chance, number in step.choices:
                target, weight = step.follow(sums, number)
                yield sums, value, chance * weight, target

    def _best(self) -> list[str]:
        """The most probable combination of known strings, in the order of the steps."""
        sums: _Sums = ()
        found = []
        for leads in reversed(self._leads[1:]):
            _, sums, value = leads[sums]
            found.append(value)
        return found[::-1]

    def _posteriors(self) -> list[dict[str | None, float]]:
        """Of each field the probability of each string, and of what is left out (None), over all combinations."""
        ahead: dict[_Sums, float] = {(): 1.0}
        found: list[dict[str | None, float]] = []
        for step, edges, masses in zip(
            reversed(self._steps), reversed(self._edges), reversed(self._masses[:-1]), strict=True
        ):
            unknown = ahead.get((None,) * len(step.staying), 0.0)
            here = dict.fromkeys(masses, 0.0)
            shares: dict[str | None, float] = dict.fromkeys((choice[0] for choice in step.choices), 0.0)
            for sums, value, share, target in edges:
                onward = share * ahead.get(target, unknown)
                here[sums] += onward
                shares[value] += masses[sums] * onward
            total, top = sum(shares.values()), max(here.values())
            found.append({value: min(1.0, share / total) for value, share in shares.items()})
            ahead = {sums: share / top for sums, share in here.items()}
        return found[::-1]


def _kept(masses: Mapping[_Sums, float], most: int, *, always: _Sums) -> set[_Sums]:
    """The sums that stay told apart."""
    least = max(masses.values()) * LEAST_SHARE
    kept = {sums for sums, mass in masses.items() if mass >= least}
    if len(kept) > most:
        kept = set(heapq.nlargest(most, kept, key=masses.__getitem__))
    return kept | {always}


def _steps(fields: Sequence[Options], rules: Sequence[FormRule]) -> Iterator[_Step]:
    """The steps through fields; a rule is open from its first field to its last."""
    place = {field.name: number for number, field in enumerate(fields)}
    last = [max(place[name] for name in rule.names()) for rule in rules]
    signs = [{part.name: part.sign for part in rule.parts} | {rule.total: -1} for rule in rules]
    weights = [(rule.weight(obeyed=True), rule.weight(obeyed=False), rule.weight(obeyed=None)) for rule in rules]
    was_open: list[int] = []
    for number, field in enumerate(fields):
        opening = [r for r in range(len(rules)) if field.name in signs[r] and r not in was_open]
        moves = {
            r: _Move(was_open.index(r) if r in was_open else None, signs[r].get(field.name, 0))
            for r in (*was_open, *opening)
        }
        was_open = [r for r in moves if last[r] > number]
        choices = tuple(_choices(field))
        left_out = next((chance for value, chance, _ in choices if value is None), 1.0)
        yield _Step(
            name=field.name,
            choices=choices,
            parts={value: chance / left_out for value, chance in field.strings.items()},
            staying=tuple(moves[r] for r in was_open),
            closing=tuple((moves[r], weights[r]) for r in moves if last[r] == number),
        )


def _choices(field: Options) -> Iterator[tuple[str | None, float, int | None]]:
    """What the trellis follows: the strings that are not hopeless, and everything else as one."""
    least = max(max(field.strings.values()) * LEAST_STRING, _LEAST)
    left_out = field.left_out
    for value, chance in field.strings.items():
        if chance >= least or max(field.strings.values()) < _LEAST:
            yield value, max(chance, _LEAST), field.numbers[value]
        else:
            left_out += chance
    if left_out > 0:
        yield None, left_out, None

"""Whether a field's best string may pass untouched, or a person has to look, with the reason in words."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from digitd.reading.agree import Belief, Options, agree
from digitd.records import CUT_OFF, INTERRUPTED, NO_DIGIT, UNSURE, Candidate, CellContent, FieldState
from digitd.rules import NO_RULES, Blanks, FieldRules, FormRule

#: A string that only rules put first, and that by itself is less probable than this, is for a person to look at: so far
#: down the list a decoder's probabilities are least to be trusted.
IMPROBABLE = 0.1


@dataclass(frozen=True, slots=True, kw_only=True)
class FieldCandidates:
    """A field before the rules.

    candidates are its strings, best first, at least one; contents what stands in each cell, or what each symbol is;
    cut_off says that part of it lies outside the page, so that what is missing is not blank.
    """

    name: str
    candidates: tuple[Candidate, ...]
    contents: tuple[CellContent, ...]
    rules: FieldRules = NO_RULES
    cut_off: bool = False

    @property
    def blank(self) -> bool:
        return not self.cut_off and all(content is CellContent.BLANK for content in self.contents)


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """A field after the rules: candidates are its strings with their probabilities now, the value first."""

    value: str
    confidence: float
    candidates: tuple[Candidate, ...]
    state: FieldState
    reason: str = ""


def validate_page(
    reads: Sequence[FieldCandidates], *, rules: Sequence[FormRule], accept_confidence: float | Mapping[str, float]
) -> tuple[Verdict, ...]:
    """Return a verdict on each field of a page, in the order of reads.

    A field's own rules leave out the strings that break them, but not their probability's complement: what is not
    among the candidates may be right. Rules over fields then weigh combinations, as `agree` says. Where no string
    obeys, or the most probable combination breaks a rule, the values stay and the fields go to review.

    Parameters
    ----------
    reads
        The fields found on the page, each name once.
    rules
        The form's rules over fields; one that names a field that is not among reads, or is cut off, is not looked at.
    accept_confidence
        Below this probability a field goes to review; a number, or one for each name in reads.
    """
    by_name = {read.name: read for read in reads}
    speaking = [rule for rule in rules if _speaks(rule, by_name)]
    deciding = [rule for rule in speaking if not rule.warn]
    unit = max((read.rules.decimals for read in reads), default=0)
    beliefs = agree([_options(read, deciding, unit) for read in reads], deciding)
    values = {read.name: belief.value for read, belief in zip(reads, beliefs, strict=True)}
    told = _Told(speaking, values, {read.name: read.rules.decimals for read in reads})
    each = accept_confidence if isinstance(accept_confidence, Mapping) else dict.fromkeys(by_name, accept_confidence)
    return tuple(
        _verdict(read, belief, told, accept_confidence=each[read.name])
        for read, belief in zip(reads, beliefs, strict=True)
    )


def validate(
    candidates: Sequence[Candidate],
    contents: Sequence[CellContent],
    *,
    accept_confidence: float,
    cut_off: bool = False,
) -> tuple[FieldState, str]:
    """Return a field's state and the reason for it, no rules considered.

    Parameters
    ----------
    candidates
        The field's strings, best first; at least one.
    contents
        What stands in each cell, or what each symbol is.
    accept_confidence
        Below this probability a field goes to review; every field, where it is above 1.
    cut_off
        Part of the field lies outside the page: what is missing is not blank.
    """
    if cut_off:
        return FieldState.REVIEW, CUT_OFF
    if all(content is CellContent.BLANK for content in contents):
        return FieldState.BLANK, ""
    best = candidates[0]
    faults = [
        *([NO_DIGIT] if not best.value else ()),
        *([INTERRUPTED] if _interrupted(contents) else ()),
        *([_unsure(candidates, accept_confidence)] if best.probability < accept_confidence else ()),
    ]
    return (FieldState.REVIEW, "; ".join(faults)) if faults else (FieldState.ACCEPTED, "")


def _unsure(candidates: Sequence[Candidate], accept_confidence: float) -> str:
    """That the best string is not probable enough; last of the reasons, and first only where it is the only one."""
    found = f"{UNSURE}{candidates[0].probability:.2f}"
    if accept_confidence > 1:
        return f"{found} is not enough: nothing like it is proved to keep the budget{_rival(candidates)}"
    return f"{found} is below {accept_confidence:g}{_rival(candidates)}"


def _rival(candidates: Sequence[Candidate]) -> str:
    if len(candidates) < 2 or not candidates[1].value or candidates[1].probability <= 0:
        return ""
    return f" (perhaps {candidates[1].value})"


def _interrupted(contents: Sequence[CellContent]) -> bool:
    digits = [index for index, content in enumerate(contents) if content is CellContent.DIGIT]
    return bool(digits) and digits[-1] - digits[0] + 1 != len(digits)


def _speaks(rule: FormRule, reads: Mapping[str, FieldCandidates]) -> bool:
    """Whether a rule says anything of these fields."""
    named = [reads.get(name) for name in rule.names()]
    return all(
        read is not None and not read.cut_off and not (read.blank and rule.blanks is Blanks.SKIP) for read in named
    )


def _obeying(read: FieldCandidates) -> tuple[Candidate, ...]:
    """The strings that the field's own rules allow; all, where they allow none."""
    if read.cut_off or read.blank or read.rules == NO_RULES:
        return read.candidates
    return tuple(c for c in read.candidates if not _own_fault(read, c.value)) or read.candidates


def _own_fault(read: FieldCandidates, value: str, *, warnings: bool = False) -> str:
    """What value breaks of the field's own rules; writing without a digit is something else than nothing written."""
    return read.rules.fault(value, warnings=warnings) if value or read.blank else ""


def _options(read: FieldCandidates, rules: Sequence[FormRule], unit: int) -> Options:
    obeying = _obeying(read)
    own = [rule for rule in rules if read.name in rule.names()]
    return Options(
        name=read.name,
        strings={candidate.value: candidate.probability for candidate in obeying},
        numbers={c.value: _whole(c.value, read.rules.decimals, own, unit) for c in obeying},
        left_out=max(0.0, 1.0 - sum(candidate.probability for candidate in read.candidates)),
    )


def _whole(value: str, decimals: int, rules: Sequence[FormRule], unit: int) -> int | None:
    """What value counts for in rules, in the smallest unit of the page, of which 10**unit make 1."""
    numbers = [rule.number(value, decimals) for rule in rules]
    if not numbers or numbers[0] is None or None in numbers:
        return None
    ratio, per = numbers[0].as_integer_ratio()
    return ratio * 10**unit // per if 10**unit % per == 0 else None


@dataclass(frozen=True, slots=True)
class _Told:
    """What the rules over fields say of the values taken."""

    rules: Sequence[FormRule]
    values: Mapping[str, str]
    decimals: Mapping[str, int]

    def faults(self, name: str, *, warnings: bool) -> list[str]:
        """In words, how the values break the rules that name a field."""
        found = (rule.fault(self.values, self.decimals) for rule in self.naming(name, warnings=warnings))
        return [words for words in found if words]

    def naming(self, name: str, *, warnings: bool) -> list[FormRule]:
        return [rule for rule in self.rules if rule.warn == warnings and name in rule.names()]


def _verdict(read: FieldCandidates, belief: Belief, told: _Told, *, accept_confidence: float) -> Verdict:
    candidates = _reordered(read, belief)
    contents = _contents(read, belief.value)
    state, reason = validate(candidates, contents, accept_confidence=accept_confidence, cut_off=read.cut_off)
    against = [] if read.cut_off else list(_against(read, belief.value, told))
    warnings = [] if read.cut_off else list(_warnings(read, belief.value, told))
    if against:
        state = FieldState.REVIEW
    return Verdict(
        value=candidates[0].value,
        confidence=candidates[0].probability,
        candidates=() if state is FieldState.BLANK else candidates,
        state=state,
        reason="; ".join([*against, *([reason] if reason else ()), *warnings]),
    )


def _contents(read: FieldCandidates, value: str) -> tuple[CellContent, ...]:
    """What stands in each cell, if value is right.

    Where rules put first a string with a digit for all ink, no ink is anything else.
    """
    inked = sum(content is not CellContent.BLANK for content in read.contents)
    if value == read.candidates[0].value or len(value) != inked:
        return read.contents
    return tuple(CellContent.BLANK if c is CellContent.BLANK else CellContent.DIGIT for c in read.contents)


def _reordered(read: FieldCandidates, belief: Belief) -> tuple[Candidate, ...]:
    """The strings as they are after the rules: the value first; those that no rule allows last, with probability 0."""
    first = belief.value == read.candidates[0].value
    if first and all(belief.posterior.get(c.value) == c.probability for c in read.candidates):
        return read.candidates
    after = [Candidate(value=c.value, probability=belief.posterior.get(c.value, 0.0)) for c in read.candidates]
    return tuple(sorted(after, key=lambda c: (c.value != belief.value, -c.probability)))


def _against(read: FieldCandidates, value: str, told: _Told) -> Iterator[str]:
    """What the rules have against a value, and against the way it was come by."""
    if fault := _own_fault(read, value):
        yield f"{value or 'it'} {fault}"
    yield from told.faults(read.name, warnings=False)
    first = read.candidates[0].value
    itself = next(c.probability for c in read.candidates if c.value == value)
    if value != first and itself < IMPROBABLE:
        fault = _own_fault(read, first)
        why = f"{first} {fault}" if fault else _asked(told.naming(read.name, warnings=False))
        yield f"{why}: {first or 'blank'} taken for {value or 'blank'}, which by itself has probability {itself:.2g}"


def _asked(rules: Sequence[FormRule]) -> str:
    return " and ".join(rule.words() for rule in rules)


def _warnings(read: FieldCandidates, value: str, told: _Told) -> Iterator[str]:
    if fault := _own_fault(read, value, warnings=True):
        yield f"{value or 'it'} {fault}"
    yield from told.faults(read.name, warnings=True)

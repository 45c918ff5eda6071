"""How right it is by form, field, place, week, model and verifier, and whether that changes. No files, no SQL."""

from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from digitd.records import FieldState
from digitd.report.alignment import EXTRA
from digitd.report.drift import SENT, WRONG, Drift, by_week, drifts
from digitd.report.estimates import Estimate, Share, stratified, sums
from digitd.report.sample import PASSED, STRATA, Sample
from digitd.store.columns import Coded
from digitd.store.labelled import ReadCount

#: Places of the digit in a field that are told apart; the last stands for all behind it.
PLACES = 12


@dataclass(frozen=True, slots=True, kw_only=True)
class Group:
    """Labelled fields that have something in common. read counts all such fields, None where that is unknown.

    fields and digits are of the labels; all_fields is estimated of what was read, and passed the share that passed.
    """

    name: str
    read: int | None
    passed: Share
    fields: Share
    digits: Share
    all_fields: Estimate | None


def groups_of(found: Sample) -> dict[str, tuple[Group, ...]]:
    """The groups of fields by each of what they may have in common."""
    fields = found.fields
    alone = len({each.form for each in found.read}) < 2  # then no field's name needs that of its form
    forms, names, models, weeks = (
        _renamed(fields.forms, lambda form: form or "no form"),
        fields.names if alone else _pairs(fields.forms, fields.names),
        fields.models,
        _renamed(fields.weeks, week_of),
    )
    return {
        "form": _grouped(found, forms, lambda each: each.form or "no form"),
        "field": _grouped(found, names, lambda each: named("" if alone else each.form or "", each.field)),
        "place": _by_place(found),
        "week": tuple(sorted(_grouped(found, weeks, lambda each: week_of(each.week)), key=lambda group: group.name)),
        "model": _grouped(found, models, lambda each: each.model),
        "mode": _grouped(found, fields.modes, None),
        "verifier": _grouped(found, fields.verifiers, None),
    }


def named(form: str, field: str) -> str:
    """A field's name with its form's."""
    return f"{form}: {field}" if form else field


@lru_cache(maxsize=4096)
def week_of(day: str) -> str:
    """The ISO 8601 week of a day in ISO 8601, as 2026-W47."""
    if not day:
        return "unknown"
    year, week, _ = date.fromisoformat(day).isocalendar()
    return f"{year}-W{week:02d}"


def _renamed(coded: Coded, name: Callable[[str], str]) -> Coded:
    words: dict[str, int] = {}
    codes = np.array([words.setdefault(name(word), len(words)) for word in coded.words], np.int32)
    return Coded(codes=codes[coded.codes], words=tuple(words))


def _pairs(forms: Coded, names: Coded) -> Coded:
    together = forms.codes.astype(np.int64) * max(1, len(names.words)) + names.codes
    values, codes = np.unique(together, return_inverse=True)
    pairs = [divmod(value, max(1, len(names.words))) for value in values.tolist()]
    return Coded(codes=codes.astype(np.int32), words=tuple(named(forms.words[f], names.words[n]) for f, n in pairs))


def _grouped(found: Sample, coded: Coded, name: Callable[[ReadCount], str] | None) -> tuple[Group, ...]:
    """Figures of each group that has a label or was read, the largest first; without name only labels are known."""
    words = list(coded.words)
    if name is not None:
        words += sorted({name(each) for each in found.read} - set(words))
    at, groups = {word: place for place, word in enumerate(words)}, len(words)
    sizes, blank = np.zeros((groups, len(STRATA))), np.zeros(groups)
    if name is not None:
        for each in found.read:
            if (stratum := STRATA.get(each.state)) is None:
                blank[at[name(each)]] += each.count
            else:
                sizes[at[name(each)], stratum] += each.count
    codes, counted, kept = coded.codes.astype(np.intp), found.counted, found.weighed
    estimates: Sequence[Estimate | None] = [None] * groups
    if name is not None:
        by_group = sums(
            found.weights[kept], found.right[kept].astype(float), np.ones(int(kept.sum())),
            strata=found.strata[kept], of=len(STRATA), groups=codes[kept], group_count=groups,
        )  # fmt: skip
        estimates = stratified(by_group, sizes)
    fields = _counts(codes[counted], found.right[counted], groups)
    of_digits = counted[found.digits.fields] & (found.digits.truth != EXTRA)
    digits = _counts(codes[found.digits.fields[of_digits]], ~found.digits.wrong[of_digits], groups)
    made = [
        Group(
            name=word,
            read=None if name is None else int(sizes[place].sum() + blank[place]),
            passed=Share(right=int(sizes[place, PASSED] + blank[place]), total=int(sizes[place].sum() + blank[place])),
            fields=fields[place],
            digits=digits[place],
            all_fields=estimates[place],
        )
        for place, word in enumerate(words)
    ]
    shown = [group for group in made if group.read or group.fields.total]
    return tuple(sorted(shown, key=lambda group: (-group.fields.total, -(group.read or 0))))


def _counts(codes: NDArray[np.intp], right: NDArray[np.bool_], groups: int) -> list[Share]:
    totals = np.bincount(codes, minlength=groups)
    rights = np.bincount(codes, right, minlength=groups)
    return [Share(right=int(r), total=int(t)) for r, t in zip(rights, totals, strict=True)]


def _by_place(found: Sample) -> tuple[Group, ...]:
    """Digits by their place in the label, from the left."""
    kept = found.counted[found.digits.fields] & (found.digits.truth != EXTRA)
    places = np.minimum(found.digits.places[kept], PLACES - 1).astype(np.intp)
    nothing = Share(right=0, total=0)
    return tuple(
        Group(
            name=f"{place + 1}{' and on' * (place == PLACES - 1)}",
            read=None,
            passed=nothing,
            fields=nothing,
            digits=digits,
            all_fields=None,
        )
        for place, digits in enumerate(_counts(places, ~found.digits.wrong[kept], PLACES))
        if digits.total
    )


def drift_of(found: Sample) -> tuple[Drift, ...]:
    """What is sent to review, and what is wrong of what passed, by form and week."""
    sent: defaultdict[str, defaultdict[str, list[int]]] = defaultdict(lambda: defaultdict(lambda: [0, 0]))
    for each in found.read:
        cell = sent[each.form or "no form"][week_of(each.week)]
        cell[0] += each.count * (each.state is FieldState.REVIEW)
        cell[1] += each.count
    wrong: defaultdict[str, defaultdict[str, list[int]]] = defaultdict(lambda: defaultdict(lambda: [0, 0]))
    inside = found.weighed & (found.strata == PASSED)
    forms, weeks = found.fields.forms, _renamed(found.fields.weeks, week_of)
    together = forms.codes[inside].astype(np.int64) * max(1, len(weeks.words)) + weeks.codes[inside]
    values, codes = np.unique(together, return_inverse=True)
    for value, share in zip(values.tolist(), _counts(codes, found.right[inside], len(values)), strict=True):
        form, week = divmod(value, max(1, len(weeks.words)))
        wrong[forms.words[form] or "no form"][weeks.words[week]] = [share.total - share.right, share.total]
    return drifts(
        [
            by_week({week: (w, t) for week, (w, t) in by.items()}, form=form, what=what)
            for what, all_forms in ((SENT, sent), (WRONG, wrong))
            for form, by in sorted(all_forms.items())
        ]
    )

"""Two models on the same labels, or two samples of what was read, beside each other."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from digitd.report.alignment import EXTRA
from digitd.report.estimates import Estimate, difference, estimate_of
from digitd.report.figures import Figures
from digitd.report.sample import Digits, Sample, digits_of
from digitd.report.significance import mcnemar
from digitd.store.columns import BLANK_CELL, LabelledGlyphs

#: Labelled fields that another model reads at most, drawn at random: some 20,000 glyphs take a second or two.
FIELDS_READ_AGAIN = 5_000

#: The chance that they are drawn with.
SEED = 7

#: Glyphs, (N, 28, 28) uint8, to (N, 11) probabilities.
Classify = Callable[[NDArray[np.uint8]], NDArray[np.float32]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Both:
    """How often both were right, only one of them, or neither; probability is of such a gap by chance (McNemar)."""

    both: int
    only_first: int
    only_second: int
    neither: int

    @property
    def total(self) -> int:
        return self.both + self.only_first + self.only_second + self.neither

    @property
    def probability(self) -> float:
        return mcnemar(self.only_first, self.only_second)

    def as_json(self) -> dict[str, Any]:
        return {
            "both": self.both,
            "only_here": self.only_first,
            "only_there": self.only_second,
            "neither": self.neither,
            "p": self.probability,
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class Paired:
    """Another model on the same glyphs. Digits of one field are seldom independent: the fields' test is the safer."""

    name: str
    notes: tuple[str, ...]
    fields: Both
    digits: Both

    def as_json(self) -> dict[str, Any]:
        return {"against": self.name, "paired": True, "fields": self.fields.as_json(), "digits": self.digits.as_json()}


@dataclass(frozen=True, slots=True, kw_only=True)
class Unpaired:
    """Other fields: what is compared, here, there, and the gap with its ends, None where one is unknown."""

    name: str
    notes: tuple[str, ...]
    rows: tuple[tuple[str, Estimate | None, Estimate | None, tuple[float, float, float] | None], ...]

    def as_json(self) -> dict[str, Any]:
        return {
            "against": self.name,
            "paired": False,
            "rows": [
                {
                    "what": what,
                    "here": one and one.as_json(),
                    "there": other and other.as_json(),
                    "gap": None if gap is None else dict(zip(("gap", "low", "high"), gap, strict=True)),
                }
                for what, one, other, gap in self.rows
            ],
        }


Compared = Paired | Unpaired


def unpaired(name: str, here: Figures, there: Figures) -> Unpaired:
    """Compare what is estimated of two samples, and what their labels say."""
    pairs = (
        ("fields right of all read", here.weighted.fields, there.weighted.fields),
        ("wrong of what passed", here.weighted.unseen, there.weighted.unseen),
        ("digits right of all read", here.weighted.digits, there.weighted.digits),
        ("straight through", estimate_of(here.load.straight_through), estimate_of(there.load.straight_through)),
        ("labelled fields right", estimate_of(here.fields), estimate_of(there.fields)),
    )
    rows = tuple(
        (what, one, other, difference(one, other) if one is not None and other is not None else None)
        for what, one, other in pairs
    )
    differ = [what for what, _, _, gap in rows[:4] if gap is not None and (gap[1] > 0 or gap[2] < 0)]
    said = f"Beyond chance differ: {', '.join(differ)}." if differ else "No gap between the two is beyond chance."
    return Unpaired(
        name=name, notes=(f"Here {here.load.read:,} fields were read, there {there.load.read:,}. {said}",), rows=rows
    )


def paired(
    name: str,
    found: Sample,
    glyphs: LabelledGlyphs,
    *,
    classify: Classify,
    pictures: Callable[[Sequence[tuple[int, int]]], Mapping[tuple[int, int], NDArray[np.uint8]]],
) -> Paired:
    """Let another model read glyphs of labelled fields, and compare digit by digit and field by field.

    A field is right where each digit of its label has its glyph and no glyph is left over; the rules of its form have
    no say, since they had none on the other side. Fields with a glyph whose picture was deleted are left out. pictures
    gives (28, 28) uint8 arrays by field and position.
    """
    among = _drawn(found)
    owner = np.searchsorted(found.fields.ids, glyphs.field_ids)
    owner[owner == len(found.fields)] = 0
    wanted = (glyphs.said != BLANK_CELL) & among[owner] & (found.fields.ids[owner] == glyphs.field_ids)
    places = list(zip(glyphs.field_ids[wanted].tolist(), glyphs.positions[wanted].tolist(), strict=True))
    shown = pictures(places)
    there = np.array([place in shown for place in places], np.bool_)
    gone = np.zeros(len(found.fields), np.bool_)
    gone[owner[wanted][~there]] = True
    among &= ~gone
    said = glyphs.said.copy()
    at = np.flatnonzero(wanted)[there]
    if len(at):
        read = classify(np.stack([shown[place] for place in places if place in shown]))
        said[at] = read.argmax(axis=1)
    other = LabelledGlyphs(
        field_ids=glyphs.field_ids, positions=glyphs.positions, said=said, confidences=glyphs.confidences
    )
    first, second = found.digits.chosen(among[found.digits.fields]), digits_of(found.fields, other, among=among)
    notes = [
        f"Both on the same glyphs of {int(among.sum()):,} labelled fields; what the rules of a form say is left aside."
    ]
    if (left := int(found.counted.sum()) - int(among.sum())) > 0:
        notes.append(f"{left:,} more labelled fields were not drawn, or their pictures are gone.")
    count = len(found.fields)
    return Paired(
        name=name,
        notes=tuple(notes),
        fields=_both(_fields_right(first, count)[among], _fields_right(second, count)[among]),
        digits=_both(*(_digits_right(each) for each in (first, second))),
    )


def _drawn(found: Sample) -> NDArray[np.bool_]:
    places = np.flatnonzero(found.counted)
    if len(places) > FIELDS_READ_AGAIN:
        places = np.random.default_rng(SEED).choice(places, FIELDS_READ_AGAIN, replace=False)
    among = np.zeros(len(found.fields), np.bool_)
    among[places] = True
    return among


def _fields_right(digits: Digits, count: int) -> NDArray[np.bool_]:
    return np.bincount(digits.fields[digits.wrong], minlength=count) == 0


def _digits_right(digits: Digits) -> NDArray[np.bool_]:
    """Whether each digit of the labels was right, in the order of fields and places."""
    there = digits.chosen(digits.truth != EXTRA)
    order = np.lexsort((there.places, there.fields))
    return ~there.wrong[order]


def _both(first: NDArray[np.bool_], second: NDArray[np.bool_]) -> Both:
    return Both(
        both=int((first & second).sum()),
        only_first=int((first & ~second).sum()),
        only_second=int((~first & second).sum()),
        neither=int((~first & ~second).sum()),
    )

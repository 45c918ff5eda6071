"""Labelled fields as a sample of all that was read: what each stands for, and its digits beside what was said of them.

What was read falls into strata. REVIEW: the machine was not sure, and people key all of it in time. PASSED: nobody
looks, but for what was drawn at random, each field with a probability that is known. What was left blank is never
drawn, and is of neither; nor are labels that came from looking at look-alikes, from doubts raised there, or from a
file, unless the file labels all that passed: these were not drawn.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from digitd.records import NOT_A_DIGIT, Box, FieldState, LabelMode, Verdict
from digitd.report.alignment import EXTRA, MISSED, REJECTED, align
from digitd.store import Store
from digitd.store.columns import BLANK_CELL, LabelledFields, LabelledGlyphs
from digitd.store.labelled import ReadCount, Scope

#: The strata, as places in every array of them; and what is in none.
REVIEW, PASSED, NEITHER = 0, 1, -1

#: Fields whose place on the page is asked for, at most.
MOST_BOXES = 500

STRATA = {FieldState.REVIEW: REVIEW, FieldState.ACCEPTED: PASSED}


@dataclass(frozen=True, slots=True, kw_only=True)
class Digits:
    """P pairs of a digit of a label and a glyph: truth and said are (P,) int8 rows and columns of `alignment`.

    fields are the places of their fields in the sample; places count a label's digits from 0, positions are those of
    glyphs in the database; either is -1 where there is none. confidences are of the glyphs, 0 where there is none.
    """

    fields: NDArray[np.intp]
    truth: NDArray[np.int8]
    said: NDArray[np.int8]
    places: NDArray[np.int32]
    positions: NDArray[np.int32]
    confidences: NDArray[np.float32]

    def chosen(self, kept: NDArray[Any]) -> "Digits":
        """Those that kept says."""
        return Digits(
            fields=self.fields[kept],
            truth=self.truth[kept],
            said=self.said[kept],
            places=self.places[kept],
            positions=self.positions[kept],
            confidences=self.confidences[kept],
        )

    @property
    def wrong(self) -> NDArray[np.bool_]:
        """Whether a pair is an error; what is rejected where nothing stands is none."""
        return (self.truth != self.said) & ~((self.truth == EXTRA) & (self.said == NOT_A_DIGIT))


@dataclass(frozen=True, slots=True, kw_only=True)
class Sample:
    """F labelled fields, as a sample of what was read.

    valued says that a person gave a value, and right that it is the machine's; counted are the valued whose label is
    the last word, which is what raw figures are of. strata is (F,), NEITHER for what is in no estimate; weights is
    (F,), how many fields of its stratum each stands for. sizes are how many were read of each stratum, drawn how many
    of PASSED were drawn, keyed how many of either have a label. census says that all that passed has labels. boxes are
    of the newest field of each name on each form, by id, in shares of the page.
    """

    fields: LabelledFields
    digits: Digits
    read: Sequence[ReadCount]
    valued: NDArray[np.bool_]
    right: NDArray[np.bool_]
    strata: NDArray[np.intp]
    weights: NDArray[np.float64]
    sizes: tuple[int, int]
    keyed: tuple[int, int]
    drawn: int
    census: bool
    boxes: Mapping[int, Box]

    @property
    def counted(self) -> NDArray[np.bool_]:
        return self.valued & self.fields.settled

    @property
    def weighed(self) -> NDArray[np.bool_]:
        """Which fields estimates are of."""
        return self.valued & (self.strata != NEITHER)


def sample(store: Store, scope: Scope) -> Sample:
    """The labelled fields of scope, from the database."""
    fields = store.labelled_columns(scope)
    return sampled(
        fields,
        store.labelled_glyphs(scope, field_ids=fields.ids),
        read=store.read_counts(scope),
        drawn=store.drawn_counts(scope),
        boxes=store.boxes(_newest(fields)),
    )


def sampled(
    fields: LabelledFields,
    glyphs: LabelledGlyphs,
    *,
    read: Sequence[ReadCount],
    drawn: Mapping[str | None, int],
    boxes: Mapping[int, Box],
) -> Sample:
    """Fields and their glyphs, among so many that were read and drawn, as a sample."""
    valued = fields.verdicts.are(Verdict.VALUE)
    sizes = [sum(each.count for each in read if each.state is state) for state in STRATA]
    strata, census = _strata(fields, passed=sizes[PASSED])
    return Sample(
        fields=fields,
        digits=digits_of(fields, glyphs, among=valued),
        read=read,
        valued=valued,
        right=valued & fields.as_read,
        strata=strata,
        weights=_weights(fields, strata, read=read, drawn=drawn, census=census),
        sizes=(sizes[REVIEW], sizes[PASSED]),
        keyed=(int((strata == REVIEW).sum()), int((strata == PASSED).sum())),
        drawn=sum(drawn.values()),
        census=census,
        boxes=boxes,
    )


def _newest(fields: LabelledFields) -> list[int]:
    """The newest labelled field of each name on each form."""
    together = fields.forms.codes.astype(np.int64) * max(1, len(fields.names.words)) + fields.names.codes
    _, last = np.unique(together[::-1], return_index=True)
    return [int(key) for key in fields.ids[::-1][last]][:MOST_BOXES]


def _strata(fields: LabelledFields, *, passed: int) -> tuple[NDArray[np.intp], bool]:
    """The stratum of each field, and whether what passed is known whole."""
    looked_at = fields.modes.are(LabelMode.LOOKALIKE)
    is_passed = fields.machine_states.are(FieldState.ACCEPTED) & ~looked_at
    census = 0 < passed == int(is_passed.sum())
    chosen = is_passed if census else is_passed & ~np.isnan(fields.drawn)
    strata = np.where(fields.machine_states.are(FieldState.REVIEW), REVIEW, NEITHER)
    return np.where(chosen, PASSED, strata).astype(np.intp), census


def _weights(
    fields: LabelledFields,
    strata: NDArray[np.intp],
    *,
    read: Sequence[ReadCount],
    drawn: Mapping[str | None, int],
    census: bool,
) -> NDArray[np.float64]:
    """What each field stands for; those that wait to be keyed are shared out among the keyed of their form."""
    weights = np.zeros(len(fields), np.float64)
    for code, word in enumerate(fields.forms.words):
        of_form = fields.forms.codes == code
        in_review, passed = of_form & (strata == REVIEW), of_form & (strata == PASSED)
        waiting = sum(each.count for each in read if (each.form or "") == word and each.state is FieldState.REVIEW)
        weights[in_review] = waiting / max(1, int(in_review.sum()))
        if census:
            weights[passed] = 1.0
        else:
            share_keyed = int(passed.sum()) / max(1, drawn.get(word or None, 0))
            weights[passed] = 1.0 / (fields.drawn[passed] * share_keyed)
    return weights


def digits_of(fields: LabelledFields, glyphs: LabelledGlyphs, *, among: NDArray[np.bool_]) -> Digits:
    """The digits of the labels of fields beside their glyphs, as `align` pairs them.

    Where there are as many of either and no more than one differs, they are paired from the left: any other way costs
    more. So a million of them need no loop; among is (F,), which fields are wanted.
    """
    labels = [_only_digits(value) for value in fields.values]
    lengths = np.array([len(label) for label in labels], np.int64) * among
    truth = np.frombuffer(
        "".join(label for label, kept in zip(labels, among.tolist(), strict=True) if kept).encode(), np.uint8
    )
    owner = np.repeat(np.arange(len(fields)), lengths)
    place = np.arange(len(owner)) - np.repeat(np.cumsum(lengths) - lengths, lengths)
    at = np.searchsorted(fields.ids, glyphs.field_ids)
    at[at == len(fields)] = 0
    wanted = (glyphs.said != BLANK_CELL) & (len(fields) > 0)
    if len(fields):
        wanted &= (fields.ids[at] == glyphs.field_ids) & among[at]
    of, said = at[wanted], glyphs.said[wanted]
    positions, confidences = glyphs.positions[wanted], glyphs.confidences[wanted]
    counts = np.bincount(of, minlength=len(fields))
    same = among & (counts == lengths)
    left, right = same[owner], same[of]
    differ = np.bincount(owner[left], truth[left] - 48 != said[right], minlength=len(fields))
    plain = same & (differ <= 1)
    left, right = plain[owner], plain[of]
    first = np.cumsum(counts) - counts
    rest = [
        pair
        for field in np.flatnonzero(among & ~plain).tolist()
        for pair in _paired(field, labels[field], said, int(first[field]), int(counts[field]))
    ]
    other = np.array(rest, np.int64).reshape(-1, 5)
    glyph = other[:, 4]
    known = glyph >= 0
    return Digits(
        fields=np.concatenate([owner[left], other[:, 0]]).astype(np.intp),
        truth=np.concatenate([truth[left] - 48, other[:, 1]]).astype(np.int8),
        said=np.concatenate([said[right], other[:, 2]]).astype(np.int8),
        places=np.concatenate([place[left], other[:, 3]]).astype(np.int32),
        positions=np.concatenate([positions[right], _taken(positions, glyph, known, -1)]).astype(np.int32),
        confidences=np.concatenate([confidences[right], _taken(confidences, glyph, known, 0)]).astype(np.float32),
    )


def _taken(values: NDArray[Any], places: NDArray[np.int64], known: NDArray[np.bool_], otherwise: float) -> NDArray[Any]:
    taken = np.full(len(places), otherwise, values.dtype)
    taken[known] = values[places[known]]
    return taken


def _paired(
    field: int, label: str, said: NDArray[np.int8], first: int, count: int
) -> list[tuple[int, int, int, int, int]]:
    """(field, truth, said, place in the label, place among the glyphs) of each pair."""
    symbols = "".join(REJECTED if each == NOT_A_DIGIT else str(each) for each in said[first : first + count].tolist())
    found, place, glyph = [], 0, first
    for digit, symbol in _aligned(label, symbols):
        column = MISSED if not symbol else NOT_A_DIGIT if symbol == REJECTED else int(symbol)
        found.append((field, int(digit) if digit else EXTRA, column, place if digit else -1, glyph if symbol else -1))
        place, glyph = place + bool(digit), glyph + bool(symbol)
    return found


_aligned = lru_cache(maxsize=1 << 16)(align)


@lru_cache(maxsize=1 << 16)
def _only_digits(value: str) -> str:
    return value if value.isascii() and value.isdigit() else "".join(str(int(c)) for c in value if c.isdecimal())

"""Labelled fields and their glyphs in columns: a million glyphs are a few arrays here, and no object each.

A row that is asked for costs more the more values it has, so what has few values is packed into one number; this module
asks for it and takes it apart. No connection is opened here.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import ColumnElement, Select, String, case, select

from digitd.records import NOT_A_DIGIT, CellContent, FieldState, LabelMode, Verdict
from digitd.store.tables import fields, glyphs, labels

#: Rows of a database, as its driver gives them.
Rows = Sequence[tuple[Any, ...]]

#: More glyphs than a field has.
POSITIONS = 1 << 16

#: In `LabelledGlyphs.said`: a blank cell, which nothing was said of.
BLANK_CELL = -1

#: What is said of a glyph, as a row has it: a digit, NOT_A_DIGIT, one of these, or less than KINDS.
_BLANK, _TO_BE_SEEN, KINDS = 11, 12, 16


@dataclass(frozen=True, slots=True, kw_only=True)
class Coded:
    """N words as numbers: codes is (N,) int32, each the place of its word in words."""

    codes: NDArray[np.int32]
    words: tuple[str, ...]

    def are(self, word: str) -> NDArray[np.bool_]:
        """Which of them are word."""
        return np.array([each == word for each in self.words], np.bool_)[self.codes]


@dataclass(frozen=True, slots=True, kw_only=True)
class LabelledFields:
    """F fields with a label that stands, in the order of id; the last such label says what each is.

    values are of the labels; as_read says that the machine read the same, settled that a label is the last word, while
    other fields wait for another verifier. weeks are named by their Mondays, in ISO 8601 (UTC).
    drawn is the probability with which a field that passed was drawn to be keyed, NaN where it was not drawn.
    """

    ids: NDArray[np.int64]
    forms: Coded
    names: Coded
    models: Coded
    weeks: Coded
    modes: Coded
    verifiers: Coded
    machine_states: Coded
    verdicts: Coded
    values: Sequence[str]
    as_read: NDArray[np.bool_]
    confidences: NDArray[np.float64]
    settled: NDArray[np.bool_]
    drawn: NDArray[np.float64]

    def __len__(self) -> int:
        return len(self.ids)


@dataclass(frozen=True, slots=True, kw_only=True)
class LabelledGlyphs:
    """G glyphs of labelled fields, by field and from the left; positions are as stored, and count blank cells.

    said is (G,) int8: the likeliest class, 10 for *not a digit* and for what is struck out, `BLANK_CELL` for a blank
    cell; confidences its probability.
    """

    field_ids: NDArray[np.int64]
    positions: NDArray[np.int32]
    said: NDArray[np.int8]
    confidences: NDArray[np.float32]


class _Places(dict[str | None, int]):
    """Words with the places in which they were first asked for."""

    def __missing__(self, word: str | None) -> int:
        return self.setdefault(word, len(self))


class Columns:
    """The rows of a query by column: numbers in arrays, words coded, so that a row costs a few bytes."""

    def __init__(self, query: Select[Any], batches: Iterable[Rows]) -> None:
        self._parts: defaultdict[str, list[NDArray[Any]]] = defaultdict(list)
        self._words = {column.name: _Places() for column in query.selected_columns if isinstance(column.type, String)}
        for rows in batches:
            for name, values in zip(query.selected_columns.keys(), zip(*rows, strict=True), strict=True):
                self._parts[name].append(self._packed(name, values))

    def numbers(self, name: str, kind: type[np.generic]) -> NDArray[Any]:
        return np.concatenate([np.zeros(0, kind), *self._parts[name]]).astype(kind)

    def coded(self, name: str, kept: NDArray[np.intp]) -> Coded:
        return Coded(codes=self.numbers(name, np.int32)[kept], words=tuple(word or "" for word in self._words[name]))

    def words(self, name: str, kept: NDArray[np.intp]) -> Sequence[str]:
        coded = self.coded(name, kept)
        return [coded.words[code] for code in coded.codes.tolist()]

    def _packed(self, name: str, values: Sequence[Any]) -> NDArray[Any]:
        if name in self._words:
            return np.fromiter(map(self._words[name].__getitem__, values), np.int32, len(values))
        return np.array(values, type(values[0]))


def of_labels() -> Select[Any]:
    """What is asked of fields and their labels, a row a label; crops are behind it, and stay unread."""
    flags = (
        case((labels.c.value == fields.c.value, 1), else_=0)
        + case((fields.c.state.concat("") == FieldState.VERIFIED, 2), else_=0)
        + _numbered(fields.c.machine_state, FieldState, 1 << 4)
        + _numbered(labels.c.mode, LabelMode, 1 << 8)
        + _numbered(labels.c.verdict, Verdict, 1 << 12)
    )
    return select(
        fields.c.id,
        labels.c.id.label("label_id"),
        fields.c.page_id,
        fields.c.name,
        fields.c.confidence,
        labels.c.value,
        labels.c.verifier,
        flags.label("flags"),
    )


def labelled_fields(
    found: Columns, of_pages: Columns, *, drawn: Mapping[int, float], taken_back: Sequence[int], verifier: str | None
) -> LabelledFields:
    """The fields of rows of `of_labels`, with what is known of pages.

    taken_back are the ids of labels that stand no more; verifier keeps the fields whose last label is theirs.
    """
    kept = _last_labels(found, taken_back)
    if verifier is not None:
        kept = kept[found.coded("verifier", kept).are(verifier)]
    page_ids = of_pages.numbers("id", np.int64)
    rows = np.argsort(page_ids)
    places = rows[np.searchsorted(page_ids[rows], found.numbers("page_id", np.int64)[kept])]
    ids, flags = found.numbers("id", np.int64)[kept], found.numbers("flags", np.int32)[kept]
    return LabelledFields(
        ids=ids,
        forms=of_pages.coded("form", places),
        models=of_pages.coded("model_id", places),
        weeks=of_pages.coded("week", places),
        names=found.coded("name", kept),
        modes=_flagged(flags >> 8, LabelMode),
        verifiers=found.coded("verifier", kept),
        machine_states=_flagged(flags >> 4, FieldState),
        verdicts=_flagged(flags >> 12, Verdict),
        values=found.words("value", kept),
        as_read=(flags & 1).astype(np.bool_),
        confidences=found.numbers("confidence", np.float64)[kept],
        settled=(flags & 2).astype(np.bool_),
        drawn=np.array([drawn.get(key, np.nan) for key in ids.tolist()], np.float64),
    )


def _last_labels(found: Columns, taken_back: Sequence[int]) -> NDArray[np.intp]:
    """The rows of the newest label of each field that stands, by field."""
    ids, label_ids = found.numbers("id", np.int64), found.numbers("label_id", np.int64)
    order = np.lexsort((label_ids, ids))
    order = order[~np.isin(label_ids[order], np.array(taken_back, np.int64))]
    last = np.ones(len(order), np.bool_)
    last[:-1] = ids[order][1:] != ids[order][:-1]
    return order[last]


def _numbered(column: ColumnElement[str], words: type[StrEnum], step: int) -> ColumnElement[int]:
    """The place of a word among words, times step."""
    return case({str(word): place * step for place, word in enumerate(words)}, value=column, else_=0)


def _flagged(flags: NDArray[np.int32], words: type[StrEnum]) -> Coded:
    """The words whose places are the lowest four bits of flags."""
    return Coded(codes=flags & 15, words=tuple(str(word) for word in words))


def of_glyphs() -> Select[Any]:
    """What is asked of glyphs: field, position and what is said of it as one number, how sure that is, and all else.

    What is more probable than everything else together is the likeliest, whatever that is. Only where nothing is, which
    is told by -1, are all probabilities given: reading them takes as long again.
    """
    sure = glyphs.c.sure > 0.5
    said = case(
        (sure, glyphs.c.digit),
        (glyphs.c.content == CellContent.BLANK, _BLANK),
        (glyphs.c.content == CellContent.OTHER, NOT_A_DIGIT),
        else_=_TO_BE_SEEN,
    )
    place = (glyphs.c.field_id * POSITIONS + glyphs.c.position) * KINDS + said
    return select(place, case((sure, glyphs.c.sure), else_=-1.0), case((sure, None), else_=glyphs.c.probabilities))


def labelled_glyphs(batches: Iterable[Rows]) -> LabelledGlyphs:
    """The glyphs of rows of `of_glyphs`."""
    parts = [_glyph_arrays(*zip(*rows, strict=True)) for rows in batches] or [_glyph_arrays((), (), ())]
    places, said, confidences = (np.concatenate(some) for some in zip(*parts, strict=True))
    order = np.argsort(places, kind="stable")
    places = places[order]
    return LabelledGlyphs(
        field_ids=places // POSITIONS,
        positions=(places % POSITIONS).astype(np.int32),
        said=said[order],
        confidences=confidences[order],
    )


def _glyph_arrays(
    numbers: Sequence[int], sure: Sequence[float], unsure: Sequence[bytes | None]
) -> tuple[NDArray[np.int64], NDArray[np.int8], NDArray[np.float32]]:
    """Fields and positions as one number, what was said, and how surely."""
    packed, confidences = np.array(numbers, np.int64), np.array(sure, np.float32)
    said, unknown = (packed % KINDS).astype(np.int8), confidences < 0
    probabilities = np.frombuffer(b"".join(filter(None, unsure)), "<f4").reshape(-1, NOT_A_DIGIT + 1)
    confidences[unknown] = probabilities.max(axis=1)
    said[unknown] = np.where(said[unknown] == _TO_BE_SEEN, probabilities.argmax(axis=1), said[unknown])
    said[said == _BLANK] = BLANK_CELL
    return packed // KINDS, said, confidences

"""What verified labels say about the machine: counts, shares with intervals, the confusion matrix. No files, no SQL."""

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from digitd.records import NOT_A_DIGIT, CellContent, DocumentState, FieldState
from digitd.report.alignment import REJECTED, TRUTH, confusion
from digitd.report.intervals import wilson
from digitd.stored import StoredField, StoredGlyph


@dataclass(frozen=True, slots=True, kw_only=True)
class Share:
    """So many right of so many; low and high are its 95 % interval."""

    right: int
    total: int

    @property
    def value(self) -> float | None:
        """In [0, 1]; None where nothing was counted."""
        return self.right / self.total if self.total else None

    @property
    def interval(self) -> tuple[float, float]:
        return wilson(self.right, self.total)


@dataclass(frozen=True, slots=True, kw_only=True)
class ClassFigures:
    """One digit: of those that are this digit, how many are said to be (recall); and the other way (precision)."""

    digit: str
    recall: Share
    precision: Share


@dataclass(frozen=True, slots=True, kw_only=True)
class GroupFigures:
    """The labelled fields that have something in common: a form, a way of labelling, a model."""

    name: str
    fields: Share
    digits: Share


@dataclass(frozen=True, slots=True, kw_only=True)
class Figures:
    """Everything a report tells.

    documents and field_states count what is in the database, labelled or not. The rest is of labelled fields: fields
    counts values that equal their label; digits counts the digits of the labels whose glyph was taken for that digit,
    so that a digit no glyph was found for is wrong, while extra is the number of glyphs taken for a digit where there
    is none. matrix is (11, 12) int64, as in `digitd.report.alignment`. passed are the labelled fields that the
    machine had no reason to send to review: what is wrong there would have gone unseen.
    """

    documents: Mapping[DocumentState, int]
    field_states: Mapping[FieldState, int]
    fields: Share
    passed: Share
    digits: Share
    extra: int
    matrix: NDArray[np.int64]
    classes: tuple[ClassFigures, ...]
    forms: tuple[GroupFigures, ...]
    modes: tuple[GroupFigures, ...]
    models: tuple[GroupFigures, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Case:
    """A labelled field boiled down: what it is, what the machine made of it, and the groups it belongs to."""

    label: str
    value: str
    symbols: str
    passed: bool
    form: str
    mode: str
    model: str


def figures(
    labelled: Iterable[StoredField],
    *,
    documents: Mapping[DocumentState, int],
    field_states: Mapping[FieldState, int],
) -> Figures:
    """Work out a report.

    Parameters
    ----------
    labelled
        Fields with their glyphs and their last label, as `Store.labelled_fields` gives them; others are passed over.
    documents, field_states
        What is in the database.
    """
    cases = [_case(field) for field in labelled if field.label is not None]
    matrix = _matrix(cases)
    return Figures(
        documents=documents,
        field_states=field_states,
        fields=_fields(cases),
        passed=_fields([case for case in cases if case.passed]),
        digits=_digits(matrix),
        extra=int(matrix[-1, :NOT_A_DIGIT].sum()),
        matrix=matrix,
        classes=tuple(_class(matrix, digit) for digit in range(10)),
        forms=_groups(cases, lambda case: case.form),
        modes=_groups(cases, lambda case: case.mode),
        models=_groups(cases, lambda case: case.model),
    )


def symbols(glyphs: Sequence[StoredGlyph]) -> str:
    """What the classifier took each glyph for, a symbol a glyph; blank cells are left out.

    This is before the rules of the template: the value of the field may differ.
    """
    return "".join(_symbol(glyph) for glyph in glyphs if glyph.content is not CellContent.BLANK)


def _symbol(glyph: StoredGlyph) -> str:
    likeliest = int(glyph.probabilities.argmax())
    return REJECTED if glyph.content is CellContent.OTHER or likeliest == NOT_A_DIGIT else str(likeliest)


def _case(field: StoredField) -> _Case:
    assert field.label is not None
    return _Case(
        label=field.label.value,
        value=field.machine_value,
        symbols=symbols(field.glyphs),
        passed=not field.reason,
        form=field.form or "no form",
        mode=str(field.label.mode),
        model=field.model,
    )


def _matrix(cases: Iterable[_Case]) -> NDArray[np.int64]:
    return confusion((case.label, case.symbols) for case in cases)


def _fields(cases: Sequence[_Case]) -> Share:
    return Share(right=sum(case.value == case.label for case in cases), total=len(cases))


def _digits(matrix: NDArray[np.int64]) -> Share:
    return Share(right=int(np.trace(matrix[:10, :10])), total=int(matrix[:10].sum()))


def _class(matrix: NDArray[np.int64], digit: int) -> ClassFigures:
    right = int(matrix[digit, digit])
    return ClassFigures(
        digit=TRUTH[digit],
        recall=Share(right=right, total=int(matrix[digit].sum())),
        precision=Share(right=right, total=int(matrix[:, digit].sum())),
    )


def _groups(cases: Sequence[_Case], name: Callable[[_Case], str]) -> tuple[GroupFigures, ...]:
    """Figures of each group, the largest first."""
    sizes = Counter(map(name, cases)).most_common()
    members = {each: [case for case in cases if name(case) == each] for each, _ in sizes}
    return tuple(
        GroupFigures(name=each, fields=_fields(group), digits=_digits(_matrix(group)))
        for each, group in members.items()
    )

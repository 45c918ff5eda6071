"""Which labels stand for what: strata, weights, and digits beside glyphs."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from digitd.records import NOT_A_DIGIT, LabelMode, Verdict
from digitd.report.alignment import REJECTED, confusion
from digitd.report.figures import figures
from digitd.report.people import verifiers
from digitd.report.sample import NEITHER, PASSED, REVIEW, Sample, digits_of, sample
from digitd.store import Store
from digitd.store.columns import Coded, LabelledFields, LabelledGlyphs
from digitd.store.labelled import Scope
from digitd.verify.keying import Keying

SYMBOLS = st.text("0123456789" + REJECTED, max_size=6)


def columns(labels: Sequence[str]) -> LabelledFields:
    nothing = Coded(codes=np.zeros(len(labels), np.int32), words=("",))
    names = ("forms", "names", "models", "weeks", "modes", "verifiers", "machine_states", "verdicts")
    return LabelledFields(
        ids=np.arange(len(labels)) * 3 + 5,
        values=labels,
        as_read=np.ones(len(labels), np.bool_),
        confidences=np.ones(len(labels)),
        settled=np.ones(len(labels), np.bool_),
        drawn=np.full(len(labels), np.nan),
        **dict.fromkeys(names, nothing),
    )


@given(st.lists(st.tuples(st.text("0123456789", max_size=6), SYMBOLS), max_size=8))
def test_digits_in_columns_are_paired_as_one_by_one(pairs: list[tuple[str, str]]) -> None:
    """However labels and glyphs differ, the matrix is that of `align`; each glyph is used once."""
    fields = columns([label for label, _ in pairs])
    owners = [
        (int(key), at, symbol)
        for key, (_, said) in zip(fields.ids, pairs, strict=True)
        for at, symbol in enumerate(said)
    ]
    glyphs = LabelledGlyphs(
        field_ids=np.array([key for key, _, _ in owners], np.int64),
        positions=np.array([at for _, at, _ in owners], np.int32),
        said=np.array([NOT_A_DIGIT if s == REJECTED else int(s) for _, _, s in owners], np.int8),
        confidences=np.ones(len(owners), np.float32),
    )
    found = digits_of(fields, glyphs, among=np.ones(len(pairs), np.bool_))
    matrix = np.zeros((11, 12), np.int64)
    np.add.at(matrix, (found.truth, found.said), 1)
    assert np.array_equal(matrix, confusion(pairs))
    used = [(field, at) for field, at in zip(found.fields, found.positions, strict=True) if at >= 0]
    assert len(used) == len(set(used)) == len(owners)


def strata_by_name(found: Sample) -> dict[str, int]:
    names = found.fields.names
    return {names.words[code]: int(s) for code, s in zip(names.codes, found.strata, strict=True)}


def test_only_what_was_drawn_stands_for_what_passed(store: Store, make_field: Any, record: Any) -> None:
    """A file's label of a field that passed, a doubt and a look-alike stand for nothing but themselves."""
    record("a.png", [make_field("drawn", "1")], audit_share=1.0)
    passed = ("imported", "doubted", "alike", "nobody")
    record("b.png", [make_field("unsure", "2", reason="unsure"), *(make_field(name, "3") for name in passed)])
    modes = {
        "drawn": LabelMode.AUDIT,
        "unsure": LabelMode.BLIND,
        "imported": LabelMode.IMPORTED,
        "doubted": LabelMode.BLIND,
        "alike": LabelMode.LOOKALIKE,
    }
    for field in list(store.fields()):
        if field.name in modes:
            store.add_label(field.id, field.machine_value, verifier="ada", mode=modes[field.name])
    found = sample(store, Scope())
    assert strata_by_name(found) == {
        "drawn": PASSED,
        "unsure": REVIEW,
        "imported": NEITHER,
        "doubted": NEITHER,
        "alike": NEITHER,
    }
    assert (found.sizes, found.drawn, found.census) == ((1, 5), 1, False)


def test_where_all_that_passed_has_labels_nothing_is_left_to_chance(store: Store, make_field: Any, record: Any) -> None:
    """A file with the truth of everything is a census: the estimate is the count."""
    record("a.png", [make_field("one", "1"), make_field("two", "2"), make_field("three", "3", reason="unsure")])
    for field, value in zip(list(store.fields()), "123", strict=True):
        store.add_label(field.id, value if value != "2" else "7", verifier="file", mode=LabelMode.IMPORTED)
    told = figures(sample(store, Scope()))
    assert told.census
    assert told.weighted.fields is not None
    assert told.weighted.unseen is not None
    assert (told.weighted.fields.value, told.weighted.unseen.value) == pytest.approx((2 / 3, 1 / 2))


def test_a_field_counts_for_as_many_as_it_stands_for(store: Store, make_field: Any, record: Any) -> None:
    """One wrong of two drawn among forty that passed is half of these, whatever review holds."""
    for number in range(4):
        fields = [make_field(f"f{place}", "1") for place in range(10)]
        record(f"{number}.png", [*fields, make_field("doubt", "5", reason="unsure")], audit_share=float(number == 0))
    drawn = [field for field in store.fields() if field.audit_probability is not None]
    assert len(drawn) == 10
    for field, value in zip(drawn, "1111177777", strict=True):
        store.add_label(field.id, value, verifier="ada", mode=LabelMode.AUDIT, sampling_probability=1.0)
    for field in [field for field in store.fields() if field.name == "doubt"]:
        store.add_label(field.id, "6", verifier="ada", mode=LabelMode.BLIND, sampling_probability=1.0)
    told = figures(sample(store, Scope()))
    assert told.weighted.unseen is not None
    assert told.weighted.fields is not None
    assert told.weighted.unseen.value == pytest.approx(0.5)
    assert told.weighted.fields.value == pytest.approx(20 / 44)
    assert told.weighted.matrix[7, 1] == pytest.approx(20)
    assert told.weighted.matrix[6, 5] == pytest.approx(4)
    assert (told.fields.right, told.fields.total) == (5, 14)


def test_who_differs_from_the_machine_counts_before_a_second_has_keyed(
    store: Store, make_field: Any, record: Any
) -> None:
    """Else an estimate would hold only what agrees; counts of labels wait for the last word."""
    record("a.png", [make_field("one", "1"), make_field("two", "2"), make_field("three", "3")], audit_share=1.0)
    ada = Keying(store=store, verifier="ada", second_keying=True)
    said = {"one": ("1", Verdict.VALUE), "two": ("9", Verdict.VALUE), "three": ("", Verdict.UNREADABLE)}
    for field in ada.next(count=3):
        ada.save(field, said[field.name][0], verdict=said[field.name][1])
    told = figures(sample(store, Scope()))
    assert (told.fields.right, told.fields.total, told.unsettled, told.without_value) == (1, 1, 1, 1)
    assert told.weighted.unseen is not None
    assert told.weighted.unseen.value == pytest.approx(0.5)


def test_people_are_told_with_their_pace_their_catches_and_their_agreement(
    store: Store, make_field: Any, record: Any
) -> None:
    """Seconds are the median; kappa is over fields that two keyed blind; a sown error that was missed is not caught."""
    record("a.png", [make_field(f"f{place}", str(place), reason="unsure") for place in range(4)])
    for name, values in (("ada", "0173"), ("bob", "0193")):
        keying = Keying(store=store, verifier=name, second_keying=True)
        for field in keying.next(count=9):
            keying.save(field, values[int(field.name[1:])], duration_ms=2000 if name == "ada" else 3000)
    record("b.png", [make_field("passed", "0")])
    now = datetime.now(UTC)
    screen = store.open_screen(0, "ada", now=now, lasting=timedelta(minutes=1), sown_share=0.5)
    assert screen is not None
    store.close_screen(screen.id, "ada", not_that_digit=[], now=now, duration_ms=1)
    ada, bob = verifiers(store)
    assert (ada.name, ada.labels, ada.seconds, ada.sown, ada.caught) == ("ada", 4, 2.0, 1, 0)
    assert (bob.labels, bob.seconds, bob.pairs, bob.kappa) == (1, 3.0, 1, 0.0)
    assert verifiers(store, since=now + timedelta(days=1)) == ()
    assert verifiers(store, form="another")[0].labels == 0

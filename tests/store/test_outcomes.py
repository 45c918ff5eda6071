"""What counts for a budget: fields that their confidence alone decides on, with their probability to be keyed."""

from typing import Any

import pytest

from digitd.budget.promise import THRESHOLDS, Group, by_group, passing_by_group
from digitd.records import UNSURE, LabelMode, Verdict
from digitd.store import Store

MODEL = "fake@1"
UNSURE_REASON = f"{UNSURE}0.80 is below 0.97"


def key(store: Store, name: str, value: str, **named: Any) -> int:
    """Settle the field of that name."""
    (field,) = [field for field in store.fields() if field.name == name]
    return store.add_label(field.id, value, verifier="ada", mode=LabelMode.BLIND, **named)


def found(store: Store, **named: Any) -> dict[str, tuple[bool | None, float, bool]]:
    return {one.field: (one.right, one.probability, one.passed) for one in store.outcomes(model=MODEL, **named)}


def test_an_empty_database_holds_none(store: Store) -> None:
    assert list(store.outcomes(model=MODEL)) == []
    assert list(store.passing(model=MODEL, thresholds=THRESHOLDS)) == []
    assert store.last_label_id() == 0


def test_only_what_confidence_decides_on_counts(store: Store, record: Any, make_field: Any) -> None:
    """Not what broke a rule or is blank, nor what passed and was not drawn, even where somebody labelled it."""
    unsure = make_field("unsure", "12", confidence=0.8, reason=UNSURE_REASON)
    broken = make_field("broken", "13", confidence=0.8, reason=f"13 is no date; {UNSURE_REASON}")
    record("a.png", [unsure, broken, make_field("blank", ""), make_field("passed", "14")], audit_share=0.0)
    key(store, "passed", "14")
    assert found(store) == {"unsure": (None, 1.0, False)}


def test_the_draw_tells_the_probability(store: Store, record: Any, make_field: Any) -> None:
    record("a.png", [make_field("drawn", "12")], audit_share=1.0)
    assert found(store) == {"drawn": (None, 1.0, True)}
    key(store, "drawn", "12")
    assert found(store) == {"drawn": (True, 1.0, True)}


@pytest.mark.parametrize(
    ("said", "right"),
    [
        (("12", Verdict.VALUE), True),
        (("13", Verdict.VALUE), False),
        (("", Verdict.VALUE), False),
        (("", Verdict.UNREADABLE), False),
        (("", Verdict.MISPLACED), False),
    ],
)
def test_right_is_what_a_person_read_too(
    store: Store, record: Any, make_field: Any, said: tuple[str, Verdict], right: bool
) -> None:
    """What nobody can read, or stands elsewhere, was read wrongly."""
    record("a.png", [make_field("f", "12", confidence=0.8, reason=UNSURE_REASON)])
    label = key(store, "f", said[0], verdict=said[1])
    assert found(store)["f"][0] is right
    store.retract_label(label, verifier="ada")
    assert found(store)["f"][0] is None


def test_who_differs_waits_for_another(store: Store, record: Any, make_field: Any) -> None:
    """A field that is not settled is not known, whatever one person said of it."""
    record("a.png", [make_field("f", "12", confidence=0.8, reason=UNSURE_REASON)])
    key(store, "f", "13", alone=False)
    assert found(store)["f"][0] is None
    assert store.last_label_id() == 1


def test_shares_are_of_all_but_blank_fields(store: Store, record: Any, make_field: Any) -> None:
    """What broke a rule passes at no threshold, and is one of all; forms and models stand for themselves."""
    fields = [
        make_field("a", "1", confidence=0.999),
        make_field("b", "2", confidence=0.8, reason=UNSURE_REASON),
        make_field("c", "3", confidence=0.999, reason="3 is no date"),
        make_field("d", ""),
    ]
    record("a.png", fields)
    record("b.png", [make_field("a", "1", confidence=0.9)], form=None)
    own = {Group(form="sheet", field="a")}
    shares = passing_by_group(store.passing(model=MODEL, thresholds=THRESHOLDS), own)
    assert set(shares) == {Group(form="sheet"), Group(form="sheet", field="a"), Group(form="")}
    assert shares[Group(form="sheet")].fields == 2
    assert [shares[Group(form="sheet")].share(at) for at in (0.97, 0.8, 0.0, None)] == [0.0, 0.5, 0.5, 0.0]
    assert shares[Group(form="sheet", field="a")].share(0.999) == 1.0
    assert list(store.passing(model="other", thresholds=THRESHOLDS)) == []
    assert [form for form, _, _ in store.passing(model=MODEL, thresholds=THRESHOLDS, form="sheet")] == ["sheet"] * 3


def test_a_field_with_a_budget_of_its_own_is_a_group(store: Store, record: Any, make_field: Any) -> None:
    fields = [make_field(name, "12", confidence=0.8, reason=UNSURE_REASON) for name in ("a", "b", "total")]
    record("a.png", fields)
    groups = by_group(store.outcomes(model=MODEL), {Group(form="sheet", field="total"), Group(form="x", field="y")})
    assert {str(group): len(found) for group, found in groups.items()} == {"sheet": 2, "sheet/total": 1, "x/y": 0}

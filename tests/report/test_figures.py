from typing import Any

from digitd.records import LabelMode
from digitd.report.alignment import SAID
from digitd.report.figures import Figures, figures
from digitd.report.sample import sample
from digitd.store import Store
from digitd.store.labelled import Scope


def label(store: Store, values: dict[str, str], *, mode: LabelMode = LabelMode.BLIND) -> None:
    for field in list(store.fields()):
        if field.name in values:
            store.add_label(field.id, values[field.name], verifier="ada", mode=mode)


def report(store: Store, form: str | None = None) -> Figures:
    return figures(sample(store, Scope(form=form)))


def test_fields_and_digits_are_judged_by_the_label(store: Store, make_field: Any, record: Any) -> None:
    """A wrong digit makes its field wrong and counts at its place in the matrix; the other digits are right."""
    record("a.png", [make_field("one", "105"), make_field("two", "77")])
    label(store, {"one": "106", "two": "77"})
    found = report(store)
    assert (found.fields.right, found.fields.total) == (1, 2)
    assert (found.digits.right, found.digits.total) == (4, 5)
    assert found.matrix[6, 5] == 1
    assert found.classes[6].recall.right == 0
    assert found.classes[5].precision.total == 1
    assert found.classes[7].recall.right == 2


def test_what_passed_is_told_apart_from_what_waited(store: Store, make_field: Any, record: Any) -> None:
    """An error in a field that the machine had a doubt about would not have gone unseen."""
    record("a.png", [make_field("sure", "8"), make_field("unsure", "3", reason="confidence 40 %")])
    label(store, {"sure": "8", "unsure": "5"})
    found = report(store)
    assert (found.passed.right, found.passed.total) == (1, 1)
    assert (found.fields.right, found.fields.total) == (1, 2)


def test_glyphs_that_are_no_digits_and_blank_cells(store: Store, make_field: Any, record: Any) -> None:
    """A crossed cell that is left out of the value is right, a digit called a cross is not; blanks do not count."""
    record("a.png", [make_field("crossed", "78", symbols="x_78"), make_field("lost", "4", symbols="x4x")])
    label(store, {"crossed": "78", "lost": "45"})
    found = report(store)
    assert found.matrix[-1, SAID.index("not a digit")] == 2
    assert found.matrix[5, SAID.index("not a digit")] == 1
    assert found.extra == 0
    assert found.matrix.sum() == 6


def test_groups_by_form_mode_and_model(store: Store, make_field: Any, record: Any) -> None:
    """Every labelled field is in one group of each kind, the largest group first."""
    record("a.png", [make_field("one", "1"), make_field("two", "2")], form="sheet")
    record("b.png", [make_field("three", "3")], form=None)
    label(store, {"one": "1", "three": "8"})
    label(store, {"two": "2"}, mode=LabelMode.IMPORTED)
    found = report(store)
    assert [(group.name, group.fields.right, group.fields.total) for group in found.groups["form"]] == [
        ("sheet", 2, 2),
        ("no form", 0, 1),
    ]
    assert {group.name: group.fields.total for group in found.groups["mode"]} == {"blind": 2, "imported": 1}
    assert [(group.name, group.digits.total) for group in found.groups["model"]] == [("fake@1", 3)]
    assert report(store, form="sheet").fields.total == 2


def test_a_blank_field_can_be_right_and_wrong(store: Store, make_field: Any, record: Any) -> None:
    """Nothing read where nothing stands is a right field; digits read there are extra."""
    record("a.png", [make_field("empty", ""), make_field("ghost", "1")])
    label(store, {"empty": "", "ghost": ""})
    found = report(store)
    assert (found.fields.right, found.fields.total) == (1, 2)
    assert (found.digits.total, found.extra) == (0, 1)


def test_a_label_that_was_taken_back_does_not_count(store: Store, make_field: Any, record: Any) -> None:
    """After a retraction the field is unlabelled again, or has its earlier label."""
    record("a.png", [make_field("one", "1")])
    (field,) = store.fields()
    first = store.add_label(field.id, "7", verifier="ada", mode=LabelMode.BLIND)
    second = store.add_label(field.id, "1", verifier="ada", mode=LabelMode.BLIND)
    store.retract_label(second, verifier="ada")
    assert report(store).matrix[7, 1] == 1
    store.retract_label(first, verifier="ada")
    assert report(store).fields.total == 0

from typing import Any

import pytest

from digitd.records import DocumentState, FieldState, LabelMode
from digitd.store import Store

ACCEPTED, REVIEW, BLANK, VERIFIED = FieldState.ACCEPTED, FieldState.REVIEW, FieldState.BLANK, FieldState.VERIFIED


def say(store: Store, field_id: int, value: str) -> int:
    return store.add_label(field_id, value, verifier="ada", mode=LabelMode.BLIND, duration_ms=900)


def test_a_label_is_the_value_and_the_reading_stays(store: Store, read: Any) -> None:
    """What a person says goes before what the machine says, and removes nothing of it."""
    read(REVIEW)
    (field,) = store.fields()
    say(store, field.id, "42")
    (field,) = store.labelled_fields()
    assert (field.value, field.machine_value, field.state) == ("42", "00", VERIFIED)
    assert field.label is not None
    assert (field.label.verifier, field.label.mode, field.label.duration_ms) == ("ada", LabelMode.BLIND, 900)
    assert len(field.glyphs) == 2


def test_the_last_label_that_stands_counts(store: Store, read: Any) -> None:
    """A second label goes before the first; taken back, the first stands again; nothing is ever removed."""
    read(REVIEW)
    (field,) = store.fields()
    first, second = say(store, field.id, "1"), say(store, field.id, "2")
    store.retract_label(second, verifier="ada")
    assert [label.id for _, label in store.labels()] == [first]
    third = say(store, field.id, "3")
    assert [label.value for _, label in store.labels()] == ["3"]
    store.retract_label(third, verifier="ada")
    store.retract_label(first, verifier="ada")
    assert list(store.labels()) == []


@pytest.mark.parametrize("state", [ACCEPTED, REVIEW, BLANK])
def test_taking_the_only_label_back_restores_the_machine_state(store: Store, read: Any, state: FieldState) -> None:
    """A field is afterwards what the machine made of it, accepted, blank or in review."""
    read(state)
    (field,) = store.fields()
    store.retract_label(say(store, field.id, "7"), verifier="ada")
    (after,) = store.fields()
    assert (after.state, after.value) == (state, field.value)


def test_a_document_is_done_when_its_last_field_is_labelled(store: Store, read: Any) -> None:
    """Review becomes done with the last label, and review again when one is taken back."""
    document = read(REVIEW, REVIEW, ACCEPTED)
    one, two, _ = store.fields()
    say(store, one.id, "1")
    assert store.document(document.id).state is DocumentState.REVIEW
    label = say(store, two.id, "2")
    assert store.document(document.id).state is DocumentState.DONE
    store.retract_label(label, verifier="ada")
    after = store.document(document.id)
    assert (after.state, after.reason) == (DocumentState.REVIEW, "1 field to verify")


def test_a_label_can_be_taken_back_once(store: Store, read: Any) -> None:
    """The schema refuses a second row that takes the same label back."""
    read(REVIEW)
    (field,) = store.fields()
    label = say(store, field.id, "1")
    store.retract_label(label, verifier="ada")
    with pytest.raises(Exception, match="UNIQUE"):
        store.retract_label(label, verifier="ada")


def test_an_empty_label_says_blank(store: Store, read: Any) -> None:
    """A label of nothing is a label: the field is verified and its value is empty."""
    read(REVIEW)
    (field,) = store.fields()
    say(store, field.id, "")
    (after,) = store.labelled_fields()
    assert (after.value, after.state) == ("", VERIFIED)

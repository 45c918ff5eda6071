from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from digitd.errors import NotTheirTurn
from digitd.records import DocumentState, FieldState, LabelMode
from digitd.store import Store
from digitd.stored import StoredField, version_of

NOW = datetime(2026, 11, 23, 9, tzinfo=UTC)


@pytest.fixture
def read(record: Any, make_field: Any) -> None:
    """A document that passed, 17 and 8; and one with a field that waits."""
    record("a.png", [make_field("one", "17"), make_field("two", "8")])
    record("b.png", [make_field("three", "3", reason="unsure")])


def field(store: Store, name: str) -> StoredField:
    return next(field for field in store.fields() if field.name == name)


def say(store: Store, name: str, value: str, verifier: str, *, alone: bool = False) -> int:
    return store.add_label(field(store, name).id, value, verifier=verifier, mode=LabelMode.BLIND, alone=alone)


def doubt(store: Store, *names: str) -> int:
    return store.doubt_fields([field(store, name).id for name in names], verifier="eve", reason="looks wrong")


def test_a_value_that_looks_wrong_is_keyed(store: Store, read: None) -> None:
    """Its document waits until it is; one that waits already is not sent twice."""
    assert doubt(store, "one", "three") == 1
    assert (field(store, "one").state, store.documents()[0].state) == (FieldState.REVIEW, DocumentState.REVIEW)
    turn = store.next_turns("ada", now=NOW, lasting=timedelta(minutes=5), count=5)
    assert {each.name for each in turn} == {"one", "three"}
    say(store, "one", "17", "ada")
    assert (field(store, "one").state, store.documents()[0].state) == (FieldState.VERIFIED, DocumentState.DONE)


def test_digits_of_what_is_doubted_are_not_looked_at(store: Store, read: None) -> None:
    """A field of which one digit is wrong is not confirmed digit by digit."""
    assert store.to_look_at() == {1: 1, 7: 1, 8: 1}
    doubt(store, "one")
    assert store.to_look_at() == {8: 1}


def test_a_doubted_label_settles_nothing_alone(store: Store, read: None) -> None:
    """It is one person's word: another's agrees with it, or a third decides."""
    say(store, "one", "11", "ada", alone=True)
    assert field(store, "one").value == "11"
    doubt(store, "one")
    assert field(store, "one").state is FieldState.REVIEW
    say(store, "one", "71", "bob")
    assert field(store, "one").state is FieldState.REVIEW
    say(store, "one", "11", "eve")
    assert (field(store, "one").state, field(store, "one").value) == (FieldState.VERIFIED, "11")


def test_what_the_machine_read_is_a_voice_too(store: Store, read: None) -> None:
    """The first who keys it anew and reads the same settles it."""
    say(store, "one", "11", "ada", alone=True)
    doubt(store, "one")
    say(store, "one", "17", "bob")
    assert (field(store, "one").state, field(store, "one").value) == (FieldState.VERIFIED, "17")


def test_one_person_does_not_outvote_two(store: Store, read: None) -> None:
    """What two agreed on is doubted: it takes as many to settle it otherwise, the machine counted or not."""
    for verifier in ("ada", "bob"):
        say(store, "one", "11", verifier)
    doubt(store, "one")
    say(store, "one", "17", "eve")
    assert field(store, "one").state is FieldState.REVIEW
    say(store, "one", "17", "dan")
    assert field(store, "one").state is FieldState.REVIEW
    say(store, "one", "11", "joe")
    assert (field(store, "one").state, field(store, "one").value) == (FieldState.VERIFIED, "11")


def test_what_is_audited_is_not_sent_twice(store: Store, record: Any, make_field: Any) -> None:
    """It is to be keyed already; nothing tells it from what waits."""
    record("d.png", [make_field("drawn", "17")], audit_share=1.0)
    assert doubt(store, "drawn") == 0


def test_many_are_sent_a_few_at_a_time(store: Store, record: Any, make_field: Any) -> None:
    """And who did it is written down each time."""
    record("many.png", [make_field(f"f{place}", "17") for place in range(120)])
    keys = [each.id for each in store.fields()]
    assert store.doubt_fields(keys, verifier="eve", reason="looks wrong") == 120
    acts = [act.act for act in store.trail(newest=9)]
    assert acts == [f"doubted {count} fields, looks wrong" for count in (50, 50, 20)]


def test_taking_back_what_settled_it_leaves_the_doubt(store: Store, read: None) -> None:
    """It waits again."""
    doubt(store, "one")
    store.retract_label(say(store, "one", "17", "ada"), verifier="ada")
    assert field(store, "one").state is FieldState.REVIEW


def test_approving_ends_what_was_doubtful_of_pages(store: Store, take: Any, reading: Any) -> None:
    """A document of which no page fits has nothing to key, and is done when somebody has seen it."""
    document = take(1, name="odd.png")
    store.claim_next()
    store.record_reading(document.id, reading(reason="no template fits"), card={})
    (document,) = store.documents()
    assert document.state is DocumentState.REVIEW
    approve(store, document.id)
    assert store.documents()[0].state is DocumentState.DONE
    assert store.history(document.id)[-1].reason == "approved by ada"
    assert [(act.author, act.act, act.subject) for act in store.trail(newest=5)] == [
        ("ada", "document approved", f"{document.id} odd.png")
    ]


def test_what_waits_is_not_approved(store: Store, read: None) -> None:
    """Somebody has to key it first."""
    with pytest.raises(NotTheirTurn, match="fields of it wait to be keyed"):
        approve(store, store.documents()[1].id)


def test_approving_labels_nothing(store: Store, read: None) -> None:
    """Values that were shown and found right are nobody's keying."""
    approve(store, store.documents()[0].id)
    assert field(store, "one").state is FieldState.ACCEPTED
    assert list(store.labels()) == []


def approve(store: Store, document_id: int) -> None:
    version = version_of(store.fields(document_id=document_id))
    store.approve_document(document_id, verifier="ada", version=version)

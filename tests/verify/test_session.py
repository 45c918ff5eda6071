import random
import time
from collections.abc import Callable
from itertools import count
from pathlib import Path
from typing import Any

import pytest

from digitd.records import DocumentState, FieldState, LabelMode, Verdict
from digitd.store import Store
from digitd.stored import WHY_NO_VALUE, Choice, as_row
from digitd.verify.keying import Keying
from digitd.verify.session import Session


class Clock:
    """A clock that moves when it is told to."""

    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def waiting(make_field: Any, record: Any) -> None:
    """Two documents with three doubtful fields and a sure one."""
    record("a.png", [make_field("one", "11", confidence=0.6, reason="unsure"), make_field("sure", "9")])
    record(
        "b.png",
        [
            make_field("two", "22", confidence=0.2, reason="unsure"),
            make_field("three", "33", confidence=0.9, reason="u"),
        ],
    )


@pytest.fixture
def sit(store: Store, waiting: None) -> Callable[..., Session]:
    def start(**settings: Any) -> Session:
        return seated(store, "ada", **settings)

    return start


def seated(
    store: Store, verifier: str, *, form: str | None = None, clock: Any = time.monotonic, **rules: Any
) -> Session:
    return Session(Keying(store=store, verifier=verifier, **rules), Choice(form=form), clock=clock)


def type_in(session: Session, keys: str) -> None:
    for key in keys:
        session.press(key)


def shown(session: Session) -> str | None:
    return None if session.field is None else session.field.name


def labels(store: Store) -> dict[str, str]:
    return {field.name: label.value for field, label in store.labels()}


def test_the_least_confident_field_comes_first(sit: Any) -> None:
    """Fields are shown in the order of their confidence, over all documents, and sure ones never."""
    session = sit()
    names = []
    while session.field is not None:
        names.append(session.field.name)
        session.press("s")
    assert names == ["two", "one", "three"]
    assert (session.summary().skipped, session.summary().waiting) == (3, 3)


def test_digits_and_enter_store_a_blind_label_with_its_time(sit: Any, store: Store) -> None:
    """What is typed is stored as it is, by whom, blind, with nothing shown and the milliseconds it took."""
    clock = Clock()
    session = sit(clock=clock)
    clock.now += 2.5
    type_in(session, "027\r")
    ((field, label),) = store.labels()
    assert (field.name, label.value, label.verifier) == ("two", "027", "ada")
    assert (label.mode, label.shown, label.duration_ms) == (LabelMode.BLIND, None, 2500)
    assert shown(session) == "one"
    assert session.summary().seconds == 2.5


def test_backspace_takes_the_last_digit_away(sit: Any, store: Store) -> None:
    """Either code a terminal sends for it; on an empty line it does nothing."""
    type_in(sit(), "\x7f12\x7f\x0834\x7f5\n")
    assert labels(store) == {"two": "35"}


def test_enter_on_an_empty_line_saves_nothing_when_keying_blind(sit: Any, store: Store) -> None:
    """A blank is said with its own key, so that an Enter too many cannot say it."""
    session = sit()
    session.press("\r")
    assert labels(store) == {}
    assert "b if nothing" in session.message
    session.press("b")
    assert labels(store) == {"two": ""}


def test_with_the_reading_shown_enter_confirms_it_and_the_label_says_so(sit: Any, store: Store) -> None:
    """Confirmed or corrected, the label keeps that the verifier had seen the reading, and which."""
    type_in(sit(show_reading=True, clock=count().__next__), "\r12\r")
    told = {field.name: (label.value, label.mode, label.shown) for field, label in store.labels()}
    assert told == {"two": ("22", LabelMode.SHOWN, "22"), "one": ("12", LabelMode.SHOWN, "11")}


def test_an_enter_that_is_held_confirms_one_reading(sit: Any, store: Store) -> None:
    """That of the field that was looked at; one behind digits saves them, however fast they were typed."""
    clock = Clock()
    session = sit(show_reading=True, clock=clock)
    clock.now += 1.0
    for _ in range(10):
        session.press("\r")
        session.drawn()
        clock.now += 0.6
    assert labels(store) == {"two": "22"}
    type_in(session, "11\r")
    assert labels(store) == {"two": "22", "one": "11"}


def test_undo_takes_back_as_many_labels_as_were_given(sit: Any, store: Store) -> None:
    """Each u retracts one label, shows its field again, and puts the one shown before behind it."""
    session = sit()
    type_in(session, "1\r2\r3\r")
    assert session.field is None
    assert {document.state for document in store.documents()} == {DocumentState.DONE}
    session.press("u")
    assert (shown(session), labels(store)) == ("three", {"two": "1", "one": "2"})
    type_in(session, "uu")
    assert (shown(session), labels(store)) == ("two", {})
    assert {document.state for document in store.documents()} == {DocumentState.REVIEW}
    session.press("u")
    assert session.message == "There is nothing to take back."
    type_in(session, "4\r5\r6\r")
    assert labels(store) == {"two": "4", "one": "5", "three": "6"}
    assert store.field_counts()[FieldState.REVIEW] == 0


def test_undo_goes_back_beyond_this_sitting(sit: Any, store: Store) -> None:
    """What was keyed in a sitting before is taken back like any other; what it said is there to be keyed again."""
    type_in(sit(), "1\r2\rq")
    session = sit()
    assert shown(session) == "three"
    type_in(session, "uu")
    assert (shown(session), labels(store), session.labelled) == ("two", {}, 0)
    type_in(session, "5\r")
    assert (labels(store), session.labelled) == ({"two": "5"}, 1)


def test_with_a_second_keying_two_must_agree(sit: Any, store: Store) -> None:
    """What differs from the machine is shown to another, and nothing tells either that it does."""
    ada = sit(second_keying=True)
    type_in(ada, "22\r")
    told = ada.message
    type_in(ada, "17\r")
    assert (labels(store), ada.message.replace("17", "22").replace("one", "two")) == ({"two": "22"}, told)
    ada.end()
    bob = seated(store, "bob", second_keying=True)
    assert (shown(bob), bob.waiting) == ("one", 2)
    type_in(bob, "17\r")
    assert labels(store) == {"two": "22", "one": "17"}


def test_what_is_on_a_screen_is_on_no_other(sit: Any, store: Store) -> None:
    """Until it is keyed, or the sitting ends."""
    ada, bob = sit(), seated(store, "bob")
    assert (shown(ada), shown(bob)) == ("two", "one")
    ada.end()
    type_in(bob, "11\r")
    assert shown(bob) == "two"


@pytest.mark.parametrize(("key", "verdict"), [("x", Verdict.UNREADABLE), ("w", Verdict.MISPLACED)])
def test_what_has_no_value_is_said_in_a_key(sit: Any, store: Store, key: str, verdict: Verdict) -> None:
    """It is settled, told with its reason, and no label that a report or a training would learn from."""
    sit().press(key)
    (field,) = store.field_named(document="b.png", page=1, field="two")
    assert field.label is not None
    assert (field.state, field.label.verdict, field.value) == (FieldState.VERIFIED, verdict, "")
    assert as_row(field)["reason"] == WHY_NO_VALUE[verdict]
    assert (labels(store), list(store.labelled_fields())) == ({}, [])


def test_an_audited_field_is_keyed_as_such(
    sit: Any, store: Store, record: Any, make_field: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The label has the probability with which it was drawn; those that had to be keyed have 1."""
    monkeypatch.setattr(random, "random", lambda: 0.2)
    record("c.png", [make_field("drawn", "7")], audit_share=0.25)
    session = sit()
    while session.field is not None:
        type_in(session, "7\r")
    found = {field.name: (label.mode, label.sampling_probability) for field, label in store.labels()}
    assert found["drawn"] == (LabelMode.AUDIT, 0.25)
    assert found["two"] == (LabelMode.BLIND, 1.0)


def test_a_field_another_verifier_has_labelled_is_passed_over(sit: Any, store: Store) -> None:
    """The queue is as old as the sitting, what it shows is not."""
    session = sit()
    (other,) = store.field_named(document="a.png", page=1, field="one")
    store.add_label(other.id, "11", verifier="bob", mode=LabelMode.BLIND)
    type_in(session, "22\r")
    assert shown(session) == "three"


def test_only_the_form_asked_for(sit: Any, record: Any, make_field: Any) -> None:
    """With a form, fields of others do not show."""
    record("c.png", [make_field("four", "4", confidence=0.1, reason="unsure")], form="other")
    session = sit(form="other")
    assert (shown(session), session.waiting) == ("four", 1)
    assert sit(form="nowhere").field is None


def test_help_and_strange_keys_change_nothing(sit: Any) -> None:
    """What was typed is still there after them."""
    session = sit()
    type_in(session, "12?yé")
    assert (session.typed, session.helping) == ("12", False)
    assert "does nothing" in session.message
    session.press("?")
    assert session.helping


def test_the_end(sit: Any, store: Store) -> None:
    """q ends at any time, Enter ends when nothing waits; the summary counts what stands."""
    session = sit()
    type_in(session, "1\r2\ru")
    session.press("q")
    assert session.ended
    assert (session.summary().labelled, session.summary().waiting, session.summary().keys) == (1, 2, 6)
    rest = sit()
    type_in(rest, "1\r1\r\r")
    assert rest.ended


def test_more_digits_than_the_form_has_room_for(store: Store, tmp_path: Path, record: Any, make_field: Any) -> None:
    """Are told once, and taken when they are said again: people write more than there is room for."""
    forms = tmp_path / "forms"
    forms.mkdir()
    (forms / "card.toml").write_text('name = "card"\n[[fields]]\nname = "page"\ndigits = 2\n', encoding="utf-8")
    record("c.png", [make_field("page", "4", reason="unsure")], form="card")
    session = Session(Keying(store=store, verifier="ada", forms=forms), Choice(form="card"))
    for key in ("1", "2", "3", "\r"):
        session.press(key)
    assert "room for 2" in session.message
    assert session.labelled == 0
    session.press("\r")
    assert session.labelled == 1

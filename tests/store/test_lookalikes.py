import random
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from digitd.errors import NotTheirTurn
from digitd.records import DocumentState, LabelMode
from digitd.store import Store
from digitd.store.lookalikes import mixed
from digitd.stored import Screen

NOW = datetime(2026, 11, 23, 9, tzinfo=UTC)
LASTING = timedelta(minutes=5)


@pytest.fixture
def passed(record: Any, make_field: Any) -> None:
    """Fields that passed: 17, 7 and 71; one that did not."""
    record("a.png", [make_field("one", "17"), make_field("two", "7")])
    record("b.png", [make_field("three", "71"), make_field("four", "77", reason="unsure")])


def opened(store: Store, verifier: str = "ada", digit: int = 7, *, after: float = 0.0, **named: Any) -> Screen | None:
    return store.open_screen(
        digit, verifier, now=NOW + timedelta(seconds=after), lasting=LASTING, chance=random.Random(1), **named
    )


def on(screen: Screen | None) -> list[str]:
    return [] if screen is None else [origin.field for origin in screen.origins]


def close(store: Store, screen: Screen | None, *marked: int, verifier: str = "ada") -> tuple[int, int, int]:
    assert screen is not None
    came = store.close_screen(screen.id, verifier, not_that_digit=marked, now=NOW, duration_ms=900)
    return came.missed, came.verified, came.doubted


def states(store: Store) -> dict[str, str]:
    return {field.name: str(field.state) for field in store.fields()}


def test_only_digits_that_passed_are_looked_at(store: Store, passed: None) -> None:
    """Those of one digit, of fields that nobody has to key anyway."""
    assert store.to_look_at() == {1: 2, 7: 3}
    assert on(opened(store)) == ["one", "two", "three"]
    assert opened(store, digit=3) is None


def test_a_field_is_verified_when_all_its_digits_were_confirmed(store: Store, passed: None) -> None:
    """Not before; the label says how it was given, and what was seen."""
    assert close(store, opened(store)) == (0, 1, 0)
    assert states(store) == {"one": "accepted", "two": "verified", "three": "accepted", "four": "review"}
    assert close(store, opened(store, digit=1)) == (0, 2, 0)
    assert store.to_look_at() == {}
    assert {(label.value, label.shown, label.mode) for _, label in store.labels()} == {
        (value, value, LabelMode.LOOKALIKE) for value in ("17", "7", "71")
    }


def test_the_field_of_what_stands_out_is_keyed(store: Store, passed: None) -> None:
    """Its document waits again, and none of its digits is shown to anybody before."""
    screen = opened(store)
    assert close(store, screen, on(screen).index("one")) == (0, 1, 1)
    assert states(store)["one"] == "review"
    assert store.documents()[0].state is DocumentState.REVIEW
    assert on(opened(store, digit=1)) == ["three"]


def test_two_people_never_look_at_the_same(store: Store, passed: None) -> None:
    """Until the time of the first is over; who left a screen open gets it again."""
    screen = opened(store, size=2)
    assert (on(screen), on(opened(store, "bob"))) == (["one", "two"], ["three"])
    again = opened(store, after=10)
    assert (again and again.id) == (screen and screen.id)
    assert on(opened(store, "eve", after=311)) == ["one", "two", "three"]


def test_errors_that_people_know_are_sown(store: Store, passed: None, record: Any, make_field: Any) -> None:
    """Digits that were verified as others; found, they change nothing; missed, the screen counts for nothing."""
    record("c.png", [make_field("known", "1", reason="unsure")])
    (known,) = store.field_named(document="c.png", page=1, field="known")
    store.add_label(known.id, "1", verifier="bob", mode=LabelMode.BLIND)
    screen = opened(store, sown_share=0.03)
    assert sorted(on(screen)) == ["known", "one", "three", "two"]
    assert close(store, screen) == (1, 0, 0)
    assert store.to_look_at()[7] == 3
    screen = opened(store, sown_share=0.03)
    assert sorted(on(screen)) == ["known", "one", "three", "two"]
    place = on(screen).index("known")
    assert close(store, screen, place) == (0, 1, 0)
    assert states(store)["known"] == "verified"


def test_a_correction_is_no_known_error(store: Store, passed: None, record: Any, make_field: Any) -> None:
    """Where people said another number than the machine, which glyph is which is not known."""
    record("c.png", [make_field("corrected", "1", reason="unsure")])
    (corrected,) = store.field_named(document="c.png", page=1, field="corrected")
    store.add_label(corrected.id, "7", verifier="bob", mode=LabelMode.BLIND)
    assert on(opened(store, sown_share=0.5)) == ["one", "two", "three"]


def test_a_doubt_stays_whatever_is_taken_back(store: Store, passed: None) -> None:
    """Who keys the field and takes that back leaves it waiting: it has not passed again."""
    screen = opened(store)
    close(store, screen, on(screen).index("two"))
    (two,) = store.field_named(document="a.png", page=1, field="two")
    store.add_label(two.id, "1", verifier="bob", mode=LabelMode.BLIND, alone=False)
    store.take_back("bob", until=NOW + LASTING)
    assert states(store)["two"] == "review"


def test_the_same_said_again_changes_nothing(store: Store, passed: None, record: Any, make_field: Any) -> None:
    """Something else is refused, unless the screen counted for nothing: its glyphs come again anyway."""
    screen = opened(store)
    place = on(screen).index("two")
    assert [close(store, screen, place) for _ in range(2)] == [(0, 0, 1), (0, 0, 0)]
    for marks in ((), (place, 0), (place - 1,)):
        with pytest.raises(NotTheirTurn, match="confirmed elsewhere"):
            close(store, screen, *marks)
    record("c.png", [make_field("known", "1", reason="unsure")])
    (known,) = store.field_named(document="c.png", page=1, field="known")
    store.add_label(known.id, "1", verifier="bob", mode=LabelMode.BLIND)
    record("d.png", [make_field("more", "7")])
    missed = opened(store, sown_share=0.5)
    assert [close(store, missed, *marks) for marks in ((), (on(missed).index("known"),))] == [(1, 0, 0), (1, 0, 0)]


def test_what_another_did_not_see_is_doubted_all_the_same(store: Store, passed: None) -> None:
    """One confirmed it from a screen whose time was over, another marked it: it is keyed."""
    late = opened(store)
    other = opened(store, "bob", after=400)
    assert close(store, late) == (0, 1, 0)
    assert close(store, other, on(other).index("two"), verifier="bob") == (0, 0, 1)
    assert states(store)["two"] == "review"
    assert list(store.labels()) == []


def test_digits_that_were_never_seen_verify_nothing(store: Store, passed: None) -> None:
    """Their pictures were deleted while a screen was open, or before."""
    screen = opened(store, digit=1)
    with store._writing() as connection:
        connection.exec_driver_sql("UPDATE glyphs SET to_look_at = 0")
    assert close(store, screen) == (0, 0, 0)
    with store._writing() as connection:
        connection.exec_driver_sql("UPDATE glyphs SET to_look_at = 1, pixels_png = x''")
    assert opened(store) is None


def test_said_twice_it_is_said_once(store: Store, passed: None) -> None:
    """And by nobody but the person whose screen it is."""
    screen = opened(store)
    assert screen is not None
    with pytest.raises(NotTheirTurn):
        close(store, screen, verifier="bob")
    assert close(store, screen) == (0, 1, 0)
    assert close(store, screen) == (0, 0, 0)
    assert states(store)["one"] == "accepted"
    with pytest.raises(NotTheirTurn):
        store.close_screen(99, "ada", not_that_digit=(), now=NOW, duration_ms=None)


def test_what_was_keyed_meanwhile_stays_as_it_was_keyed(store: Store, passed: None) -> None:
    """Another's label on a field of the screen is not written over."""
    screen = opened(store)
    (two,) = store.field_named(document="a.png", page=1, field="two")
    store.add_label(two.id, "1", verifier="bob", mode=LabelMode.IMPORTED)
    assert close(store, screen) == (0, 0, 0)
    assert [label.value for _, label in store.labels()] == ["1"]


def test_audited_fields_are_not_looked_at(store: Store, record: Any, make_field: Any) -> None:
    """Their labels must be blind."""
    record("a.png", [make_field("one", "17")], audit_share=1.0)
    assert store.to_look_at() == {}


@pytest.mark.parametrize("seed", range(5))
def test_sown_ones_are_anywhere_and_the_others_in_their_order(seed: int) -> None:
    """Each is there once."""
    shown = mixed(range(20), range(100, 103), random.Random(seed))
    assert [glyph for glyph, sown in shown if not sown] == list(range(20))
    assert [glyph for glyph, sown in shown if sown] == [100, 101, 102]


def test_a_screen_is_taken_back(store: Store, passed: None) -> None:
    """All that it said, and the screen is there again as it was marked; taken back and said anew it counts anew."""
    first = opened(store)
    marked = on(first).index("one")
    assert close(store, first, marked) == (0, 1, 1)
    taken = store.reopen_screen("ada", now=NOW, lasting=LASTING)
    assert taken is not None
    assert (taken.id, taken.marked) == (first and first.id, (marked,))
    again = opened(store)
    assert (again and again.id, again and again.marked) == (taken.id, (marked,))
    assert states(store) == {"one": "accepted", "two": "accepted", "three": "accepted", "four": "review"}
    assert store.to_look_at() == {1: 2, 7: 3}
    assert on(opened(store)) == on(first)
    assert close(store, taken) == (0, 1, 0)
    assert states(store)["two"] == "verified"


def test_screen_after_screen_is_taken_back(store: Store, passed: None) -> None:
    """The last first; nobody else's; and none when there are no more."""
    close(store, opened(store))
    close(store, opened(store, digit=1))
    assert store.reopen_screen("bob", now=NOW, lasting=LASTING) is None
    digits = [taken.digit for _ in range(2) if (taken := store.reopen_screen("ada", now=NOW, lasting=LASTING))]
    assert sorted(digits) == [1, 7]
    assert states(store) == {"one": "accepted", "two": "accepted", "three": "accepted", "four": "review"}
    assert store.reopen_screen("ada", now=NOW, lasting=LASTING) is None


def test_a_screen_whose_field_was_keyed_is_not_taken_back(store: Store, passed: None) -> None:
    """What was said of it since is taken back where it was said."""
    screen = opened(store)
    close(store, screen, on(screen).index("one"))
    one = next(field.id for field in store.fields() if field.name == "one")
    store.add_label(one, "11", verifier="bob", mode=LabelMode.BLIND)
    assert store.reopen_screen("ada", now=NOW, lasting=LASTING) is None


def test_a_screen_that_did_not_count_is_not_taken_back(
    store: Store, passed: None, record: Any, make_field: Any
) -> None:
    """Who missed a known error does not get the same screen again to try."""
    record("c.png", [make_field("known", "4", reason="unsure")])
    known = next(field.id for field in store.fields() if field.name == "known")
    store.add_label(known, "4", verifier="bob", mode=LabelMode.BLIND)
    assert close(store, opened(store, sown_share=0.3)) == (1, 0, 0)
    assert store.reopen_screen("ada", now=NOW, lasting=LASTING) is None
    assert store.sown_by_verifier()["ada"].caught == 0

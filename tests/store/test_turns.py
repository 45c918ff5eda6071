from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from digitd.errors import NotTheirTurn
from digitd.records import DocumentState, FieldState, LabelMode, Order, Verdict, Why
from digitd.store import Store
from digitd.store.labels import settled
from digitd.stored import Choice, Label

NOW = datetime(2026, 11, 23, 9, tzinfo=UTC)
TURN = timedelta(minutes=5)
REVIEW, ACCEPTED, VERIFIED = FieldState.REVIEW, FieldState.ACCEPTED, FieldState.VERIFIED


def turn(store: Store, verifier: str, *, after: float = 0.0, form: str | None = None) -> str | None:
    """The name of the field that is verifier's after so many seconds."""
    found = store.next_turns(verifier, now=NOW + timedelta(seconds=after), lasting=TURN, choice=Choice(form=form))
    return f"{found[0].document} {found[0].name}" if found else None


def key(store: Store, field_id: int, value: str, verifier: str, **named: Any) -> int:
    named = {"mode": LabelMode.BLIND, "alone": False} | named
    return store.add_label(field_id, value, verifier=verifier, **named)


def state(store: Store, field_id: int) -> FieldState:
    return store.field_with_evidence(field_id).state


def test_no_two_verifiers_get_the_same_field(store: Store, read: Any) -> None:
    """Not before the turn of the first has ended; who comes back gets the same again."""
    read(REVIEW, REVIEW, name="a")
    assert [turn(store, who) for who in ("ada", "bob", "eve", "ada")] == ["a f0", "a f1", None, "a f0"]
    assert turn(store, "eve", after=TURN.total_seconds() - 1) is None
    assert turn(store, "eve", after=TURN.total_seconds()) == "a f0"
    assert store.waiting() == 2


def test_several_may_be_on_a_desk(store: Store, read: Any) -> None:
    """The next is there before it is needed; those that are there stay, until they are keyed."""
    read(REVIEW, REVIEW, REVIEW, name="a")

    def names(count: int) -> list[str]:
        return [field.name for field in store.next_turns("ada", now=NOW, lasting=TURN, count=count)]

    assert [names(2), names(3), names(1)] == [["f0", "f1"], ["f0", "f1", "f2"], ["f0"]]
    assert turn(store, "bob") is None


def test_a_label_is_added_in_its_turn_only(store: Store, read: Any) -> None:
    """From whose turn it is not, or where the field is settled, it is refused."""
    read(REVIEW, name="a")
    (field,) = store.fields()
    with pytest.raises(NotTheirTurn, match="turn by now"):
        key(store, field.id, "17", "ada", in_turn=True)
    assert turn(store, "ada") == "a f0"
    key(store, field.id, "17", "ada", in_turn=True)
    with pytest.raises(NotTheirTurn, match="turn by now"):
        key(store, field.id, "71", "ada", in_turn=True)
    assert turn(store, "bob") == "a f0"
    key(store, field.id, "17", "eve")
    with pytest.raises(NotTheirTurn, match="keyed it meanwhile"):
        key(store, field.id, "17", "bob", in_turn=True)
    with pytest.raises(NotTheirTurn, match="no such field"):
        key(store, 99, "17", "bob", in_turn=True)


def test_what_is_given_back_is_free(store: Store, read: Any) -> None:
    """At once, for anybody."""
    read(REVIEW, name="a")
    assert turn(store, "ada") == "a f0"
    store.end_turns("ada")
    assert turn(store, "bob") == "a f0"


def test_who_passes_a_field_over_leaves_it_to_others(store: Store, read: Any) -> None:
    """Until an hour later, or until the next sitting."""
    read(REVIEW, name="a")
    (field,) = store.fields()
    store.skip_turn(field.id, "ada", now=NOW)
    assert turn(store, "ada", after=3599) is None
    assert turn(store, "bob") == "a f0"
    store.end_turns("bob")
    assert turn(store, "ada", after=3600) == "a f0"
    store.skip_turn(field.id, "ada", now=NOW)
    store.end_turns("ada")
    assert turn(store, "ada") == "a f0"


def test_what_is_taken_back_is_taken_from_another(store: Store, read: Any) -> None:
    """Who takes a label back gets its field, whoever has it on the screen now."""
    read(REVIEW, name="a")
    (field,) = store.fields()
    key(store, field.id, "17", "ada")
    assert turn(store, "bob") == "a f0"
    taken = store.take_back("ada", until=NOW + TURN)
    assert taken is not None
    assert (taken[0].value, taken[1].id) == ("17", field.id)
    assert (turn(store, "bob"), turn(store, "ada")) == (None, "a f0")


def test_only_fields_of_the_form_asked_for(store: Store, read: Any) -> None:
    """Also of what is held, and of what is counted."""
    read(REVIEW, name="a", form="tally")
    read(REVIEW, name="b", form="card")
    assert (turn(store, "ada", form="card"), turn(store, "ada", form="tally")) == ("b f0", "a f0")
    assert (store.waiting(Choice(form="card")), store.waiting(Choice(form="x")), store.waiting()) == (1, 0, 2)


def test_a_label_ends_the_turn(store: Store, read: Any) -> None:
    """The next field is shown, and this one to nobody if it is settled."""
    read(REVIEW, REVIEW, name="a")
    first, _ = store.fields()
    assert turn(store, "ada") == "a f0"
    key(store, first.id, first.machine_value, "ada")
    assert (turn(store, "ada"), turn(store, "bob")) == ("a f1", None)


def test_what_differs_from_the_machine_is_keyed_by_another(store: Store, read: Any) -> None:
    """When the other agrees it is settled, and the document with it; not any longer, when the first takes it back."""
    document = read(REVIEW, name="a")
    (field,) = store.fields()
    first = key(store, field.id, "17", "ada")
    assert (turn(store, "bob"), state(store, field.id)) == ("a f0", REVIEW)
    key(store, field.id, "17", "bob")
    assert (state(store, field.id), store.document(document.id).state) == (VERIFIED, DocumentState.DONE)
    store.retract_label(first, verifier="ada")
    assert (state(store, field.id), store.document(document.id).state) == (REVIEW, DocumentState.REVIEW)


def test_two_who_differ_are_settled_by_a_third(store: Store, read: Any) -> None:
    """Whatever the third says; until then the field and its document wait."""
    document = read(REVIEW, REVIEW, name="a")
    field, other = store.fields()
    key(store, other.id, other.machine_value, "eve")
    key(store, field.id, "17", "ada")
    key(store, field.id, "11", "bob")
    assert (turn(store, "ada"), turn(store, "bob"), turn(store, "eve")) == (None, None, "a f0")
    assert store.document(document.id).state is DocumentState.REVIEW
    assert [label.value for _, label in store.labels()] == [other.machine_value]
    key(store, field.id, "17", "eve")
    assert [label.value for _, label in store.labels()] == ["17", other.machine_value]
    assert store.document(document.id).state is DocumentState.DONE


def test_where_all_who_key_have_keyed_it_comes_again(store: Store, read: Any) -> None:
    """Two who differ, and no third: it comes again to either, after everything else."""
    read(REVIEW, REVIEW, name="a")
    field, other = store.fields()
    key(store, field.id, "17", "ada")
    key(store, field.id, "11", "bob")
    assert turn(store, "ada") == "a f1"
    key(store, other.id, other.machine_value, "ada")
    assert turn(store, "ada") == "a f0"
    key(store, field.id, "11", "ada")
    assert (state(store, field.id), turn(store, "bob")) == (VERIFIED, None)


def test_sent_twice_it_is_said_once(store: Store, read: Any) -> None:
    """Also where the field has come to the same person again meanwhile."""
    read(REVIEW, name="a")
    (field,) = store.fields()
    turn(store, "ada")
    first = key(store, field.id, "17", "ada", in_turn=True, entry="e1")
    assert turn(store, "ada") == "a f0"
    assert key(store, field.id, "17", "ada", in_turn=True, entry="e1") == first
    assert state(store, field.id) is REVIEW
    key(store, field.id, "17", "ada", in_turn=True, entry="e2")
    assert state(store, field.id) is VERIFIED


def test_a_doubtful_page_is_not_done_by_an_audit(store: Store, take: Any, reading: Any) -> None:
    """Nobody has seen the page by that; where a field of it had to be keyed, somebody has."""
    for content, states, ends in ((1, [ACCEPTED], DocumentState.REVIEW), (2, [REVIEW], DocumentState.DONE)):
        document = take(content)
        store.claim_next()
        store.record_reading(document.id, reading(*states, reason="no form"), card={}, audit_share=1.0)
        (field,) = store.fields(document_id=document.id)
        key(store, field.id, field.machine_value, "ada")
        assert store.document(document.id).state is ends


def test_who_is_alone_keys_again_at_the_end(store: Store, read: Any) -> None:
    """Where nobody else has keyed for a month, what one person keyed comes again after all others; twice is settled."""
    read(REVIEW, REVIEW, name="a")
    first, second = store.fields()
    key(store, first.id, "17", "ada")
    assert turn(store, "ada") == "a f1"
    key(store, second.id, second.machine_value, "ada")
    assert turn(store, "ada") == "a f0"
    key(store, first.id, "17", "ada")
    assert (turn(store, "ada"), state(store, first.id)) == (None, VERIFIED)


def test_audited_fields_wait_among_the_others(store: Store, take: Any, reading: Any) -> None:
    """They passed, and their document is done; where the verifier agrees nothing changes but the label."""
    document = take(1, name="a")
    store.claim_next()
    store.record_reading(document.id, reading(*[ACCEPTED] * 40, *[REVIEW] * 40), card={}, audit_share=1.0)
    order = []
    while found := store.next_turns("ada", now=NOW, lasting=TURN):
        (field,) = found
        order.append(field.audit_probability)
        key(store, field.id, field.machine_value, "ada")
    assert (len(order), order.count(1.0)) == (80, 40)
    before = [place for place, audited in enumerate(order) if audited]
    assert before[0] < 40 < before[-1]
    assert store.field_counts()[VERIFIED] == 80


def test_an_audit_that_differs_reopens_the_document(store: Store, take: Any, reading: Any) -> None:
    """Until it is settled; taken back, it has passed again and waits for the audit."""
    document = take(1, name="a")
    store.claim_next()
    store.record_reading(document.id, reading(ACCEPTED), card={}, audit_share=1.0)
    (field,) = store.fields()
    label = key(store, field.id, "17", "ada", mode=LabelMode.AUDIT, sampling_probability=1.0)
    assert (state(store, field.id), store.document(document.id).state) == (REVIEW, DocumentState.REVIEW)
    store.retract_label(label, verifier="ada")
    assert (state(store, field.id), store.document(document.id).state) == (ACCEPTED, DocumentState.DONE)
    assert store.waiting() == 1


def test_without_a_share_nothing_is_audited(store: Store, read: Any) -> None:
    """Only what passed is ever drawn."""
    read(ACCEPTED, name="a")
    assert (store.waiting(), turn(store, "ada")) == (0, None)


def test_the_last_that_was_keyed_is_taken_back_across_sittings(store: Store, read: Any) -> None:
    """Not what was imported, taken back, or keyed by others."""
    read(REVIEW, REVIEW, REVIEW, name="a")
    one, two, three = (field.id for field in store.fields())
    assert store.take_back("ada", until=NOW) is None
    key(store, one, "1", "ada")
    key(store, two, "2", "ada")
    key(store, three, "3", "bob")
    key(store, three, "3", "ada", mode=LabelMode.IMPORTED)
    taken = [store.take_back("ada", until=NOW) for _ in range(3)]
    assert [back and (back[0].field_id, back[0].value) for back in taken] == [(two, "2"), (one, "1"), None]


@pytest.mark.parametrize(
    ("said", "is_settled"),
    [
        ([], False),
        (["12"], True),
        (["17"], False),
        (["17", "12"], False),
        (["17", "17"], True),
        (["17", "11", "17"], True),
        (["17", "11", "12"], True),
        ([Verdict.UNREADABLE], False),
        ([Verdict.UNREADABLE, Verdict.MISPLACED], False),
        ([Verdict.UNREADABLE, Verdict.UNREADABLE], True),
        (["17", Verdict.UNREADABLE, "11"], True),
    ],
)
def test_what_settles_a_field_that_the_machine_read_as_12(said: list[str], is_settled: bool) -> None:
    """The first who says the same, any two who agree, or the third."""
    assert settled("12", [made(what) for what in said]) is is_settled


def test_one_label_that_stands_alone_settles_it() -> None:
    """As an imported one does."""
    assert settled("12", [made("17"), made("11", alone=True)])


def made(what: str, *, alone: bool = False) -> Label:
    verdict = what if isinstance(what, Verdict) else Verdict.VALUE
    return Label(
        id=1,
        field_id=1,
        value=what if verdict is Verdict.VALUE else "",
        verifier="ada",
        mode=LabelMode.BLIND,
        shown=None,
        at=NOW,
        duration_ms=None,
        sampling_probability=None,
        verdict=verdict,
        alone=alone,
    )


def test_pictures_of_what_is_audited_are_kept(store: Store, take: Any, reading: Any) -> None:
    """A field that is to be keyed must be seen, however old its document is."""
    document = take(1)
    store.claim_next()
    store.record_reading(document.id, reading(ACCEPTED), card={}, audit_share=1.0)
    later = datetime.now(UTC) + timedelta(days=1)
    assert store.forget_pictures(later, after_id=0) == 0
    (field,) = store.fields()
    key(store, field.id, field.machine_value, "ada")
    assert store.forget_pictures(later, after_id=0) == document.id


def test_fields_are_chosen_by_why_they_wait(store: Store, record: Any, make_field: Any) -> None:
    """Each waits for one reason; what is audited is among those that the machine is unsure of."""
    reasons = {
        "unsure": "confidence 0.61 is below 0.97 (perhaps 41)",
        "rule": "a + b should be c (1 + 2 = 3, not 4); confidence 0.61 is below 0.97",
        "odd": "an empty or crossed cell stands between digits",
    }
    record("a.png", [make_field(name, "17", reason=reason) for name, reason in reasons.items()])
    document = record("b.png", [make_field("doubted", "17")])
    record("c.png", [make_field("drawn", "17")], audit_share=1.0)
    (doubted,) = store.fields(document_id=document.id)
    store.doubt_fields([doubted.id], verifier="eve", reason="looks wrong")
    expected = {why: {str(why)} for why in Why} | {Why.UNSURE: {"unsure", "drawn"}}
    assert {one.why: one.count for one in store.queue()} == {why: len(names) for why, names in expected.items()}
    for why, names in expected.items():
        found = store.next_turns(f"by {why}", now=NOW, lasting=TURN, choice=Choice(why=why), count=9)
        assert {field.name for field in found} == names
        assert store.waiting(Choice(why=why)) == len(names)


def test_the_order_is_chosen(store: Store, record: Any, make_field: Any) -> None:
    """The least sure, the oldest, or those between sure and hopeless."""
    sureness = {"first": 0.9, "second": 0.05, "third": 0.45}
    record("a.png", [make_field(name, "17", confidence=sure, reason="confidence") for name, sure in sureness.items()])
    ways = {
        Order.SURENESS: ["second", "third", "first"],
        Order.AGE: ["first", "second", "third"],
        Order.INFORMATION: ["third", "first", "second"],
    }
    for order, names in ways.items():
        found = store.next_turns("ada", now=NOW, lasting=TURN, choice=Choice(order=order), count=9)
        assert [field.name for field in found] == names
        store.end_turns("ada")


def test_how_long_a_form_s_fields_wait(store: Store, record: Any, make_field: Any) -> None:
    """Since its oldest document was seen that has one; other forms are not told."""
    record("a.png", [make_field("one", "17", reason="faint")], form="tally")
    record("b.png", [make_field("one", "17")], form="card")
    assert [(one.form, one.since) for one in store.queue()] == [("tally", store.documents()[0].seen_at)]


def test_what_somebody_has_keyed_is_not_counted_for_them(store: Store, record: Any, make_field: Any) -> None:
    """Or the number would tell whether they keyed what was read."""
    record("a.png", [make_field("one", "17", reason="confidence"), make_field("two", "8", reason="confidence")])
    (one, _) = store.fields()
    key(store, one.id, "11", "ada")
    assert [sum(each.count for each in store.queue(verifier=name)) for name in ("ada", "bob")] == [1, 2]

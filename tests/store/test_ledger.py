from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from itertools import product
from typing import Any

import pytest
from sqlalchemy import event

from digitd.errors import DatabaseError
from digitd.records import LEGAL_MOVES, DocumentState, FieldState
from digitd.store import Store, database
from digitd.store import documents as module

PATIENCE_SECONDS = 10

S = DocumentState


def states(store: Store, document_id: int) -> list[DocumentState]:
    return [move.state for move in store.history(document_id)]


def test_a_new_document_is_queued_with_its_history(store: Store, take: Any) -> None:
    """A file that was taken in waits for a reader, and every state it went through is a row."""
    document = take(1, name="a.png", form="tally")
    assert (document.state, document.form, document.attempts, document.original_id) == (S.QUEUED, "tally", 0, None)
    assert states(store, document.id) == [S.SEEN, S.SETTLING, S.QUEUED]
    assert [move.previous for move in store.history(document.id)] == [None, S.SEEN, S.SETTLING]


def test_the_same_bytes_are_a_duplicate_of_the_first(store: Store, take: Any) -> None:
    """Later copies, whatever they are called, are linked to the first document, never to each other."""
    first, second, third = take(7), take(7, name="copy.png"), take(7)
    assert (second.state, second.original_id, third.original_id) == (S.DUPLICATE, first.id, first.id)
    assert f"document {first.id}, which is queued" in second.reason
    assert [d.id for d in store.duplicates_of(first.id)] == [second.id, third.id]


def test_a_duplicate_of_a_failed_document_says_how_to_go_on(store: Store, take: Any) -> None:
    """Dropping a failed file again does not read it again; the reason names the command that does."""
    first = take(7)
    store.claim_next()
    store.record_failure(first.id, "it is torn")
    assert "it is torn" in take(7).reason
    assert "digitd retry" in take(7).reason


def test_claiming_takes_the_oldest_and_counts_the_attempt(store: Store, take: Any) -> None:
    """Documents are read in the order they came, and each claim is an attempt."""
    first, second = take(1), take(2)
    claimed = store.claim_next()
    assert claimed is not None
    assert (claimed.id, claimed.state, claimed.attempts) == (first.id, S.READING, 1)
    assert store.claim_next(among=[first.id]) is None
    other = store.claim_next(among=[second.id])
    assert other is not None
    assert other.id == second.id
    assert store.claim_next() is None


def test_what_is_read_now_is_claimed_as_it_is_entered(store: Store, take: Any) -> None:
    """It has the states, the moves and the attempt of one that was queued and then claimed; a duplicate is one."""
    document, copy = take(1, read_now=True), take(1, read_now=True)
    assert document == store.document(document.id)
    assert (document.state, document.attempts, document.reason) == (S.READING, 1, "")
    assert states(store, document.id) == [S.SEEN, S.SETTLING, S.QUEUED, S.READING]
    assert (copy.state, copy.attempts, copy.original_id) == (S.DUPLICATE, 0, document.id)
    assert store.claim_next() is None


@pytest.mark.parametrize(("counted", "attempts"), [(True, 2), (False, 1)])
def test_a_try_that_was_not_its_own_fault_is_forgotten(store: Store, take: Any, counted: bool, attempts: int) -> None:
    """A document put back without counting has as many attempts as before."""
    document = take(1)
    store.claim_next()
    store.put_back(document.id, "lost", count_attempt=counted)
    claimed = store.claim_next()
    assert claimed is not None
    assert claimed.attempts == attempts


def test_retrying_forgets_the_attempts_and_may_change_the_form(store: Store, take: Any) -> None:
    """A person who asks again starts afresh."""
    document = take(1, form="typo")
    store.claim_next()
    store.record_failure(document.id, "no form called typo")
    store.retry(document.id, form="tally")
    again = store.document(document.id)
    assert (again.state, again.attempts, again.form) == (S.QUEUED, 0, "tally")


@pytest.mark.parametrize(
    ("fields", "reason", "state", "told"),
    [
        ((FieldState.ACCEPTED, FieldState.BLANK), "", S.DONE, ""),
        ((FieldState.ACCEPTED, FieldState.REVIEW), "", S.REVIEW, "1 field to verify"),
        ((FieldState.REVIEW, FieldState.REVIEW), "", S.REVIEW, "2 fields to verify"),
        ((FieldState.ACCEPTED,), "no template fits", S.REVIEW, "no template fits"),
        ((), "", S.DONE, ""),
    ],
)
def test_a_reading_is_done_unless_a_person_has_to_look(
    read: Any, fields: tuple[FieldState, ...], reason: str, state: DocumentState, told: str
) -> None:
    """A document with a field in review, or a doubtful page, waits for a verifier, and says why."""
    document = read(*fields, reason=reason)
    assert (document.state, document.reason) == (state, told)


def test_counts_name_every_state(store: Store, take: Any, read: Any) -> None:
    """Counts hold each state, those of no document too."""
    assert set(store.counts().values()) == {0}
    take(1)
    take(1)
    assert store.counts()[S.QUEUED] == store.counts()[S.DUPLICATE] == 1
    assert set(store.field_counts()) == set(FieldState)


def test_read_since_counts_from_that_moment_on(store: Store, read: Any) -> None:
    """A document read at the moment itself counts."""
    document = read(FieldState.ACCEPTED)
    assert store.read_since(document.read_at) == 1
    assert store.read_since(document.read_at + timedelta(microseconds=1)) == 0


def test_documents_are_found_by_state_name_number_and_age(store: Store, take: Any) -> None:
    """The list is oldest first, and newest keeps its end."""
    a, b, c = take(1, name="a"), take(2, name="b"), take(3, name="a")
    assert [d.id for d in store.documents()] == [a.id, b.id, c.id]
    assert [d.id for d in store.documents(name="a")] == [a.id, c.id]
    assert [d.id for d in store.documents(ids=[b.id])] == [b.id]
    assert [d.id for d in store.documents(newest=2)] == [b.id, c.id]
    assert store.documents(states=[S.DONE]) == []
    found = store.document_with_token(b.token)
    assert found is not None
    assert found.id == b.id
    assert store.document_with_token("f" * 32) is None


@pytest.mark.parametrize(("previous", "state"), list(product(S, S)))
def test_only_legal_moves_are_written(store: Store, take: Any, previous: DocumentState, state: DocumentState) -> None:
    """For every pair of states: the move is written if the table allows it, and refused without a trace if not."""
    document = take(1)
    with store._writing() as connection:
        connection.execute(module.documents.update().values(state=previous))
    before = len(store.history(document.id))

    def move() -> None:
        with store._writing() as connection:
            module.move(connection, document.id, state, previous=previous, reason="x")

    if state in LEGAL_MOVES[previous]:
        move()
        assert store.document(document.id).state is state
        assert len(store.history(document.id)) == before + 1
    else:
        with pytest.raises(ValueError, match=f"may not go from {previous} to {state}"):
            move()
        assert store.document(document.id).state is previous
        assert len(store.history(document.id)) == before


def test_the_schema_itself_refuses_a_second_original(store: Store, take: Any) -> None:
    """Whatever the code does, the same bytes cannot be entered as two originals."""
    first, second = take(1), take(1)
    with pytest.raises(Exception, match="UNIQUE"), store._writing() as connection:
        connection.execute(module.documents.update().where(module.documents.c.id == second.id).values(original_id=None))
    assert store.document(second.id).original_id == first.id


@pytest.mark.parametrize(
    "act",
    [
        lambda store, id_, reading: store.claim_next(),
        lambda store, id_, reading: store.record_failure(id_, "x"),
        lambda store, id_, reading: store.record_reading(id_, reading, card={}),
        lambda store, id_, reading: store.put_back(id_, "x"),
    ],
)
def test_a_step_is_written_whole_or_not_at_all(store: Store, take: Any, reading: Any, act: Callable[..., Any]) -> None:
    """If the last statement of a step fails, nothing of the step is there."""
    document = take(1)
    if act.__code__.co_names != ("claim_next",):
        store.claim_next()
    before = (store.document(document.id), store.history(document.id), store.field_counts())

    def refuse(connection: Any, cursor: Any, statement: str, *rest: Any) -> None:
        if statement.startswith("UPDATE documents"):
            raise RuntimeError("pulled the plug")

    event.listen(store._engine, "before_cursor_execute", refuse)
    with pytest.raises(RuntimeError, match="plug"):
        act(store, document.id, reading(FieldState.ACCEPTED))
    event.remove(store._engine, "before_cursor_execute", refuse)
    assert (store.document(document.id), store.history(document.id), store.field_counts()) == before


def test_a_full_disk_is_told_as_such(store: Store, take: Any) -> None:
    """A database that cannot grow says what to look at, and holds what it held."""
    take(1)
    with store._reading() as connection:
        connection.exec_driver_sql("PRAGMA max_page_count = 1")
        pages = connection.exec_driver_sql("PRAGMA page_count").scalar()

    def fill() -> None:
        for number in range(10_000):
            with store._writing() as connection:
                connection.exec_driver_sql(f"PRAGMA max_page_count = {pages}")
            take(number + 2, name="x" * 4000)

    with pytest.raises(DatabaseError, match=r"digitd\.db: the database takes no writes .*full.*disk has room"):
        fill()
    assert store.documents()[0].id == 1


def test_who_waits_for_the_writers_of_its_process_is_told(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    """It waits no longer than for another process, and the next one writes again."""
    monkeypatch.setattr(database, "BUSY_TIMEOUT_MS", 1)
    with ThreadPoolExecutor(1) as other:
        with store._writing():
            refused = other.submit(store.check_writable)
            with pytest.raises(DatabaseError, match=r"takes no writes \(others are writing\)"):
                refused.result(PATIENCE_SECONDS)
        other.submit(store.check_writable).result(PATIENCE_SECONDS)


def test_the_database_is_durable_and_strict(store: Store) -> None:
    """Write-ahead log, full synchronisation, foreign keys, and a long patience with other writers."""
    with store._reading() as connection:
        found = {
            name: connection.exec_driver_sql(f"PRAGMA {name}").scalar()
            for name in ("journal_mode", "synchronous", "foreign_keys", "busy_timeout")
        }
    assert found == {"journal_mode": "wal", "synchronous": 2, "foreign_keys": 1, "busy_timeout": 30_000}

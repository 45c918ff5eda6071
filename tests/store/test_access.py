import sqlite3
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from digitd.errors import VerifierError
from digitd.records import Role
from digitd.store import Store
from digitd.store.database import BUSY_TIMEOUT_MS
from digitd.store.tables import logins, verifiers

NOW = datetime(2026, 11, 23, 9, tzinfo=UTC)
LASTING = timedelta(hours=12)

PATIENCE_SECONDS = 10


@pytest.fixture
def ada(store: Store) -> None:
    store.add_verifier("ada", Role.CLERK, "ada's token", author="root")


def who(store: Store, key: str, *, after: timedelta = timedelta()) -> str | None:
    found = store.logged_in(key, now=NOW + after, lasting=LASTING)
    return found.name if found else None


def test_a_token_tells_who_somebody_is(store: Store, ada: None) -> None:
    """And what they may do; another token tells nothing."""
    found = store.verifier_with("ada's token")
    assert found is not None
    assert (found.name, found.role) == ("ada", Role.CLERK)
    assert store.verifier_with("ada's tokem") is None
    assert [one.name for one in store.verifiers()] == ["ada"]


def test_neither_tokens_nor_keys_are_kept(store: Store, ada: None) -> None:
    """A copy of the database lets nobody in."""
    store.log_in("ada's token", "key", now=NOW, lasting=LASTING)
    with store._reading() as connection:
        rows = [*connection.execute(verifiers.select()), *connection.execute(logins.select())]
    assert "ada's token" not in str(rows)
    assert "'key'" not in str(rows)


def test_a_login_ends_by_itself_unless_it_is_used(store: Store, ada: None) -> None:
    """Each use lets it go on."""
    assert store.log_in("ada's token", "key", now=NOW, lasting=LASTING) is not None
    assert who(store, "key", after=timedelta(hours=5)) == "ada"
    assert who(store, "key", after=timedelta(hours=16.9)) == "ada"
    assert who(store, "key", after=timedelta(hours=29)) is None
    assert who(store, "another") is None


def test_logging_out_ends_one_browser_s_login(store: Store, ada: None) -> None:
    """Not that at another."""
    for key in ("here", "there"):
        store.log_in("ada's token", key, now=NOW, lasting=LASTING)
    store.log_out("here")
    assert (who(store, "here"), who(store, "there")) == (None, "ada")
    assert [act.act for act in store.trail(newest=1)] == ["logged out"]


def test_a_new_token_ends_what_the_old_one_opened(store: Store, ada: None) -> None:
    """Whoever found it is out."""
    store.log_in("ada's token", "key", now=NOW, lasting=LASTING)
    store.add_verifier("ada", Role.ADMIN, "new", author="root")
    assert who(store, "key") is None
    assert store.verifier_with("ada's token") is None
    assert [(one.name, one.role) for one in store.verifiers()] == [("ada", Role.ADMIN)]


def test_who_is_logged_in_does_not_wait_for_who_writes(store: Store, path: Path, ada: None) -> None:
    """Neither for another process nor for this one: that the login was used is written by a later request."""
    store.log_in("ada's token", "key", now=NOW, lasting=LASTING)
    later = timedelta(hours=11)
    with closing(sqlite3.connect(path, isolation_level=None)) as other, ThreadPoolExecutor(1) as desk:
        other.execute("BEGIN IMMEDIATE")
        assert desk.submit(who, store, "key", after=later).result(PATIENCE_SECONDS) == "ada"
        other.execute("ROLLBACK")
        with store._writing():
            assert desk.submit(who, store, "key", after=later).result(PATIENCE_SECONDS) == "ada"
    with store._reading() as connection:
        assert connection.exec_driver_sql("PRAGMA busy_timeout").scalar() == BUSY_TIMEOUT_MS
    assert who(store, "key", after=later) == "ada"
    assert who(store, "key", after=later + LASTING / 2) == "ada"


def test_who_is_removed_is_out_at_once(store: Store, ada: None) -> None:
    """Neither the token nor a login lets them in; nobody else can be removed."""
    store.log_in("ada's token", "key", now=NOW, lasting=LASTING)
    assert store.has_verifiers()
    store.remove_verifier("ada", author="root")
    assert not store.has_verifiers()
    assert store.verifier_with("ada's token") is None
    assert who(store, "key") is None
    with pytest.raises(VerifierError, match="nobody called 'ada' has a token"):
        store.remove_verifier("ada", author="root")


def test_a_wrong_token_logs_nobody_in(store: Store, ada: None) -> None:
    """And leaves nothing behind."""
    assert store.log_in("guess", "key", now=NOW, lasting=LASTING) is None
    assert who(store, "key") is None


def test_everything_has_an_author(store: Store, ada: None) -> None:
    """The trail tells who did what to whom, the oldest first."""
    store.log_in("ada's token", "key", now=NOW, lasting=LASTING)
    store.note_act("ada", "document handed in", "a.png")
    store.remove_verifier("ada", author="root")
    assert [(one.author, one.act, one.subject) for one in store.trail(newest=10)] == [
        ("root", "token for a clerk", "ada"),
        ("ada", "logged in", ""),
        ("ada", "document handed in", "a.png"),
        ("root", "token taken away", "ada"),
    ]
    assert [one.act for one in store.trail(newest=1)] == ["token taken away"]

"""The service killed before and after every single thing it does to the disk, and started again."""

import random
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from digitd import ledger
from digitd.records import DocumentState
from digitd.store import Store

DROPPED = {"a": "105", "tally/b": "?20", "c": "bad", "d": "105", "e": "9"}


class Crash(BaseException):
    """The process ends here."""


class Fate:
    """Counts effects; the process ends before, or right after, the one whose number is drawn."""

    def __init__(self, crash_at: int, *, after: bool) -> None:
        self.crash_at = crash_at
        self.after = after
        self.count = 0

    def around(self, act: Callable[..., Any]) -> Callable[..., Any]:
        def done(*args: Any, **named: Any) -> Any:
            self.count += 1
            mine = self.count == self.crash_at
            if mine and not self.after:
                raise Crash
            result = act(*args, **named)
            if mine:
                raise Crash
            return result

        return done


@contextmanager
def fated(store: Store, fate: Fate) -> Iterator[None]:
    """Renames, new and removed folders and files, and commits are what a crash can fall between."""
    with pytest.MonkeyPatch.context() as patch:
        for name in ("rename", "mkdir", "rmdir", "replace", "write_text", "unlink"):
            patch.setattr(Path, name, fate.around(getattr(Path, name)))
        dialect = store._engine.dialect
        patch.setattr(dialect, "do_commit", fate.around(dialect.do_commit))
        yield


def check(bench: Any) -> None:
    """Every document is counted once and lies where it belongs; nothing is left over."""
    counts = bench.store.counts()
    assert {str(s): n for s, n in counts.items() if n} == {"done": 2, "review": 1, "failed": 1, "duplicate": 1}
    assert sorted(f.value for f in bench.store.fields()) == ["105", "9", "?20"]
    for document in bench.store.documents():
        path = ledger.archive.find(document, bench.config.var)
        assert path is not None
        assert path == ledger.archive.place(document, bench.config.var)
    assert len(bench.files()) == 6  # five documents and one reason
    assert list((bench.config.var / "work").iterdir()) == []


@pytest.mark.parametrize("after", [False, True])
def test_a_crash_at_any_instant_loses_nothing_and_counts_nothing_twice(tmp_path: Path, bench: Any, after: bool) -> None:
    """For every effect on disk or database: killed there and started again, the outcome is as if nothing had been."""
    crash_at, crashed = 0, True
    while crashed:
        crash_at += 1
        root = tmp_path / str(crash_at)
        root.mkdir()
        fresh = type(bench)(root)
        for name, text in DROPPED.items():
            fresh.drop(name, text)
        try:
            with fated(fresh.store, Fate(crash_at, after=after)):
                fresh.service().run(once=True)
            crashed = False
        except Crash:
            fresh.service().run(once=True)
        check(fresh)
        fresh.store.close()
    assert crash_at > 40


@pytest.mark.parametrize("after", [False, True])
def test_a_crash_in_a_retry_can_be_recovered(tmp_path: Path, bench: Any, after: bool) -> None:
    """Killed anywhere in `digitd retry`, the document is failed or queued, and its file is found either way."""
    crash_at, crashed = 0, True
    while crashed:
        crash_at += 1
        root = tmp_path / str(crash_at)
        root.mkdir()
        fresh = type(bench)(root)
        fresh.drop("c", "bad")
        fresh.service().run(once=True)
        (document,) = fresh.store.documents()
        try:
            with fated(fresh.store, Fate(crash_at, after=after)):
                ledger.retry(document, fresh.store, fresh.config)
            crashed = False
        except Crash:
            pass
        fresh.service().run(once=True)
        (document,) = fresh.store.documents()
        assert document.state is DocumentState.FAILED
        assert document.reason == "it is torn"
        assert fresh.files() == ["var/failed/1-c", "var/failed/1-c.reason.txt"]
        fresh.store.close()


@pytest.mark.parametrize("seed", range(5))
def test_killed_again_and_again_it_still_ends_well(bench: Any, seed: int) -> None:
    """A service that never lives for more than a dozen effects gets through all the same, bit by bit."""
    chance = random.Random(seed)
    for name, text in DROPPED.items():
        bench.drop(name, text)
    kills, alive = 0, False
    while not alive:
        try:
            with fated(bench.store, Fate(chance.randint(1, 12), after=chance.random() < 0.5)):
                bench.service().run(once=True)
            alive = True
        except Crash:
            kills += 1
    assert 3 < kills < 200
    check(bench)

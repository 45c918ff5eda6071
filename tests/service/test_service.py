import errno
import io
import shutil
import signal
import sys
import threading
import time
from collections import Counter
from concurrent.futures import BrokenExecutor, Executor, Future
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from structlog.testing import capture_logs
from tests.service.conftest import fake_read

from digitd import ledger, logs, service
from digitd.config import Config, Intake, Reading
from digitd.errors import AlreadyRunning, DatabaseError, DigitdError, ModelError, UnreadableDocument
from digitd.intake.lock import Lock
from digitd.records import DocumentState
from digitd.wake import Bell, Reload, Stop, listening_to_signals

S = DocumentState


def test_what_is_dropped_is_read_and_archived(bench: Any) -> None:
    """Documents end as done, review, failed or duplicate, each file where its state says, and the inbox is empty."""
    bench.drop("a", "105")
    bench.drop("tally/b", "?20")
    bench.drop("c", "bad")
    bench.drop("d", "105")
    progress = bench.service().run(once=True)
    assert bench.states() == {"a": "done", "b": "review", "c": "failed", "d": "duplicate"}
    assert progress.states == {S.DONE: 1, S.REVIEW: 1, S.FAILED: 1, S.DUPLICATE: 1}
    assert (progress.finished, progress.pages, progress.waiting, progress.stopped) == (4, 2, 0, False)
    assert {f.document: (f.value, f.form) for f in bench.store.fields()} == {"a": ("105", None), "b": ("?20", "tally")}
    assert bench.files() == [
        "var/archive/1-a",
        "var/archive/2-b",
        "var/duplicates/4-d",
        "var/failed/3-c",
        "var/failed/3-c.reason.txt",
    ]


def test_running_again_finds_nothing_to_do(bench: Any) -> None:
    """A second run over the same folders changes nothing."""
    bench.drop("a")
    bench.service().run(once=True)
    before = (bench.states(), bench.files())
    assert bench.service().run(once=True).finished == 0
    assert (bench.states(), bench.files()) == before


def test_more_files_than_the_engine_holds_are_all_read(bench: Any) -> None:
    """The window of what is taken at a time moves on until the inbox is empty."""
    for number in range(40):
        bench.drop(f"{number}.png", str(number))
    assert bench.service().run(once=True).states == {S.DONE: 40}
    assert sorted(int(f.value) for f in bench.store.fields()) == list(range(40))


def test_what_waits_in_the_queue_goes_before_the_inbox(bench: Any) -> None:
    """A document that is tried again is read first, however many files are there to be taken."""
    bench.drop("again", "bad")
    bench.service().run(once=True)
    (document,) = bench.store.documents()
    ledger.retry(document, bench.store, bench.config)
    for number in range(20):
        bench.drop(str(number))
    order = []

    def read(data: bytes, form: str | None) -> Any:
        order.append(data)
        return fake_read(b"ok", form)

    bench.service(read).run(once=True)
    assert (order[0], len(order)) == (b"bad", 21)


def test_what_no_process_has_room_for_stays_in_the_inbox(bench: Any, mortal: Any) -> None:
    """A file is entered when it can be read: what is taken is read at once, and nothing queues meanwhile."""
    for number in range(20):
        bench.drop(str(number))
    seen = []
    mortal.run(once=True, on_progress=lambda _: seen.append(bench.store.counts()))
    assert {counts[S.QUEUED] for counts in seen} == {0}
    assert max(counts[S.READING] for counts in seen) == mortal._engine.room
    assert bench.store.counts()[S.DONE] == 20


def test_a_fault_of_digitd_s_own_does_not_stop_it(bench: Any) -> None:
    """A document on which the reader itself fails is set aside, and the others are read."""
    bench.drop("a", "bad")
    bench.drop("b")
    bench.service().run(once=True)
    assert bench.states() == {"a": "failed", "b": "done"}


def test_once_does_not_wait_for_ever_for_a_file_that_grows(bench: Any) -> None:
    """What is still being written after incomplete_seconds stays in the inbox, and is counted."""
    intake = Intake(settle_seconds=3600, incomplete_seconds=0)
    bench.config = replace(bench.config, intake=intake)
    bench.drop("growing")
    progress = bench.service().run(once=True)
    assert (progress.finished, progress.unsettled) == (0, 1)
    assert bench.files() == ["inbox/growing"]


def test_once_reads_what_comes_while_it_runs(bench: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """A file dropped during the last reading is read at once, without waiting for the next look that is due."""
    bench.drop("a")
    running = bench.service()
    seen = 0

    def wait(seconds: float) -> None:
        assert running._engine.in_hand or seconds < 1, "it waits although there is work"

    def drop_another(progress: Any) -> None:
        nonlocal seen
        if seen < progress.finished < 4:
            seen = progress.finished
            bench.drop(f"later {seen}")

    monkeypatch.setattr(bench.bell, "wait", wait)
    running.run(once=True, on_progress=drop_another)
    assert len(bench.states()) == 4


class Mortal(Executor):
    """A process that may die: "kill" ends it, and takes what stands in line behind with it."""

    def __init__(self) -> None:
        self.waiting: list[tuple[Future[Any], Any, tuple[Any, ...]]] = []
        self.broken = False

    def submit(self, fn: Any, /, *args: Any, **named: Any) -> Future[Any]:
        if self.broken:
            raise BrokenExecutor("broken")
        future: Future[Any] = Future()
        self.waiting.append((future, fn, args))
        return future

    def work(self) -> None:
        """What the process would have done meanwhile."""
        taken, self.waiting = self.waiting, []
        for future, fn, args in taken:
            self.broken = self.broken or (bool(args) and args[0].startswith(b"kill"))
            if self.broken:
                future.set_exception(BrokenExecutor("a process ended"))
                continue
            try:
                future.set_result(fn(*args))
            except UnreadableDocument as fault:
                future.set_exception(fault)


@pytest.fixture
def mortal(bench: Any, monkeypatch: pytest.MonkeyPatch) -> Any:
    """A service over mortal processes, which work whenever it waits."""
    pools: list[Mortal] = []

    def open_pool() -> Mortal:
        pools.append(Mortal())
        return pools[-1]

    def wait(seconds: float) -> None:
        assert seconds > 0, "the service spins instead of waiting"
        for pool in pools:
            pool.work()

    monkeypatch.setattr(bench.bell, "wait", wait)
    monkeypatch.setattr(service, "REST_SECONDS", 0.001)
    made = bench.service(executor=open_pool)
    made.open_pool = open_pool
    return made


def test_a_document_that_kills_its_process_is_set_aside(bench: Any, mortal: Any) -> None:
    """After as many tries as the configuration allows it fails with the reason; its neighbours are all read."""
    for name in ("a", "b", "kill", "c", "d", "e"):
        bench.drop(name)
    mortal.run(once=True)
    assert bench.states() == {"a": "done", "b": "done", "kill": "failed", "c": "done", "d": "done", "e": "done"}
    (failed,) = bench.store.documents(states=[S.FAILED])
    assert failed.attempts == 3
    assert "given up: the process that read it ended, 3 times" in failed.reason
    assert f"digitd retry {failed.id}" in failed.reason


def test_neighbours_of_a_killer_keep_a_clean_record(bench: Any, mortal: Any) -> None:
    """A try that somebody else ended is not counted."""
    for name in ("a", "kill"):
        bench.drop(name)
    mortal.run(once=True)
    assert {d.name: d.attempts for d in bench.store.documents()} == {"a": 1, "kill": 3}


def test_two_killers_are_both_found(bench: Any, mortal: Any) -> None:
    """Each has a process of its own, so neither hides behind the other."""
    for name in ("kill 1", "a", "kill 2", "b"):
        bench.drop(name)
    mortal.run(once=True)
    assert bench.states() == {"kill 1": "failed", "a": "done", "kill 2": "failed", "b": "done"}


def test_a_stop_finishes_what_is_in_hand(bench: Any, mortal: Any) -> None:
    """Documents with a reader are read to the end; the others stay where they are, for the next start."""
    for number in range(20):
        bench.drop(f"{number:02d}")
    progress = mortal.run(once=True, on_progress=lambda p: None if bench.stop.asked else bench.stop.ask())
    assert (progress.stopped, progress.unsettled) == (True, 0)
    counts = bench.store.counts()
    assert counts[S.DONE] == mortal._engine.room
    assert counts[S.READING] == 0
    assert bench.service().run(once=True).states[S.DONE] == 20 - counts[S.DONE]


def test_a_second_stop_does_not_wait(bench: Any, mortal: Any) -> None:
    """What was in hand is brought back by the next start, without a mark against it."""
    for number in range(3):
        bench.drop(str(number))

    def twice(_progress: Any) -> None:
        bench.stop.ask()
        bench.stop.ask()

    mortal.run(once=True, on_progress=twice)
    assert bench.store.counts()[S.READING] == 3
    bench.service().run(once=True)
    assert {d.attempts for d in bench.store.documents(states=[S.DONE])} == {1}


def test_without_a_model_nothing_is_failed(bench: Any) -> None:
    """A fault that is not the documents' ends the run with its own message, and the documents wait."""

    def unable(_data: bytes, _form: str | None) -> None:
        raise ModelError("no model called 'x'")

    for name in "abc":
        bench.drop(name)
    with pytest.raises(ModelError, match="no model"):
        bench.service(unable).run(once=True)
    assert set(bench.states().values()) == {"queued"}
    bench.service().run(once=True)
    assert set(bench.states().values()) == {"done"}


def test_a_model_that_is_being_copied_is_waited_for(bench: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """One that has read before may be whole again soon: its documents wait, and no try is counted."""
    broken = iter([False, True, False])

    def read(data: bytes, form: str | None) -> Any:
        if next(broken, False):
            raise ModelError("the file and its card do not belong together")
        return fake_read(data, form)

    monkeypatch.setattr(service, "REST_SECONDS", 0.01)
    monkeypatch.setattr(bench.bell, "wait", lambda seconds: time.sleep(min(seconds, 0.01)))
    for name in "ab":
        bench.drop(name)
    bench.service(read).run(once=False, on_progress=lambda p: bench.stop.ask() if p.finished == 2 else None)
    assert bench.states() == {"a": "done", "b": "done"}
    assert {document.attempts for document in bench.store.documents()} == {1}


def test_events_do_not_hurry_a_pause(bench: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """A full disk is not tried again with every file that comes; a stop ends the pause at once."""
    waits: list[float] = []

    def wait(seconds: float) -> None:
        waits.append(seconds)
        if len(waits) == 5:
            bench.stop.ask()

    running = bench.service()
    monkeypatch.setattr(bench.bell, "wait", wait)
    running._pause(60)
    assert len(waits) == 5
    assert all(59 < seconds <= 60 for seconds in waits)


def test_a_log_that_cannot_be_written_stops_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    """Its disk may be full, or its reader gone."""

    tried: list[str] = []

    class Full(io.StringIO):
        def write(self, text: str) -> int:
            tried.append(text)
            raise OSError(28, "No space left on device")

    monkeypatch.setattr(sys, "stderr", Full())
    logs.configure()
    logs.log().info("service_started")
    logs.log().error("database_takes_no_writes")
    assert any("service_started" in text for text in tried)
    assert any("database_takes_no_writes" in text for text in tried)


def test_what_hinders_reading_is_waited_for(bench: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """A full disk is nobody's fault: no try is counted, the document waits a little, longer each time, and is read."""
    monkeypatch.setattr(service, "REST_SECONDS", 0.001)
    monkeypatch.setattr(bench.bell, "wait", lambda seconds: None)
    full = iter([True] * 5)

    def read(data: bytes, form: str | None) -> Any:
        if next(full, False):
            raise OSError(28, "No space left on device")
        return bench_read(data, form)

    bench_read = bench.service.__defaults__[0]
    bench.drop("a")
    with capture_logs() as lines:
        bench.service(read).run(once=False, on_progress=lambda p: bench.stop.ask() if p.finished else None)
    assert [line["event"] for line in lines].count("document_hindered") == 5
    assert [(d.state, d.attempts) for d in bench.store.documents()] == [(S.DONE, 1)]


def test_a_rest_has_an_end_however_often_it_was_needed(bench: Any) -> None:
    """A disk that is full for a day is no overflow."""
    running = bench.service()
    running._losses[1] = 5000
    running._rest(1)
    assert running._resting[1] - time.monotonic() <= service.LONGEST_REST_SECONDS


def test_once_what_hinders_reading_ends_the_run(bench: Any) -> None:
    """With the reason; the document is still queued."""

    def read(_data: bytes, _form: str | None) -> None:
        raise OSError(28, "No space left on device")

    bench.drop("a")
    with pytest.raises(DigitdError, match="not possible now: No space left"):
        bench.service(read).run(once=True)
    assert bench.states() == {"a": "queued"}


def test_a_database_that_takes_no_writes_is_waited_for(bench: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """The service says so, keeps what was read, and goes on when the disk has room again."""
    bench.drop("a")
    running = bench.service()
    failures = iter([True, True, False, True, False])
    take_in, record = bench.store.take_in, bench.store.record_reading

    def full(act: Any) -> Any:
        def tried(*args: Any, **named: Any) -> Any:
            if next(failures, False):
                raise DatabaseError("database or disk is full")
            return act(*args, **named)

        return tried

    monkeypatch.setattr(service, "RETRY_SECONDS", 0.01)
    monkeypatch.setattr(bench.store, "take_in", full(take_in))
    monkeypatch.setattr(bench.store, "record_reading", full(record))
    monkeypatch.setattr(bench.bell, "wait", lambda seconds: None)
    with capture_logs() as lines:
        running.run(once=False, on_progress=lambda p: bench.stop.ask() if p.finished else None)
    assert [line["event"] for line in lines].count("database_takes_no_writes") == 3
    assert bench.states() == {"a": "done"}


@pytest.mark.parametrize("step", ["take_in", "claim_next", "put_back", "record_reading", "record_failure"])
def test_a_step_whose_answer_is_lost_is_not_taken_twice(bench: Any, monkeypatch: pytest.MonkeyPatch, step: str) -> None:
    """The database did what it was asked to and did not say so, each time once for each of the documents."""
    texts = {"a": "a", "b": "bad", "c": "c"}
    for name, text in texts.items():
        bench.drop(name, text)
    hindered = {"a", "b", "c"}
    answers = iter([False, True] * 10)
    act = getattr(bench.store, step)
    reads: Counter[str] = Counter()

    def read(data: bytes, form: str | None) -> Any:
        reads[data.decode()] += 1
        if step == "put_back" and data.decode()[0] in hindered:
            hindered.discard(data.decode()[0])
            raise OSError(errno.EIO, "the device failed")
        return fake_read(data, form)

    def unanswered(*args: Any, **named: Any) -> Any:
        result = act(*args, **named)
        if next(answers, True):
            return result
        raise DatabaseError("the disk did not answer")

    for seconds in ("RETRY_SECONDS", "REST_SECONDS"):
        monkeypatch.setattr(service, seconds, 0.01)
    monkeypatch.setattr(bench.store, step, unanswered)
    monkeypatch.setattr(bench.bell, "wait", lambda seconds: time.sleep(min(seconds, 0.01)))
    bench.service(read).run(once=False, on_progress=lambda p: bench.stop.ask() if p.finished == len(texts) else None)
    assert bench.states() == {"a": "done", "b": "failed", "c": "done"}
    assert reads == dict.fromkeys(texts.values(), 2 if step == "put_back" else 1)
    assert [len(list(bench.store.fields(document_id=d.id))) for d in bench.store.documents()] == [1, 0, 1]
    assert not [path for path in bench.files() if path.startswith("var/work")]


def test_once_a_full_disk_ends_the_run_and_loses_nothing(bench: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """`--once` does not wait: it ends with the database's fault, and the next run reads the document."""
    bench.drop("a")

    def full(**_named: Any) -> None:
        raise DatabaseError("database or disk is full")

    with monkeypatch.context() as patch:
        patch.setattr(bench.store, "take_in", full)
        with pytest.raises(DatabaseError, match="full"):
            bench.service().run(once=True)
    bench.service().run(once=True)
    assert bench.states() == {"a": "done"}


def test_a_file_that_cannot_be_read_when_it_is_taken_is_tried_again(
    bench: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It lies in work, with the pulse it is tried again, and nothing is lost."""
    bench.drop("a")
    inspect, faults = ledger.claim.inspect, iter([True])

    def failing(*args: Any) -> Any:
        if next(faults, False):
            raise OSError(5, "Input/output error")
        return inspect(*args)

    monkeypatch.setattr(ledger.claim, "inspect", failing)
    running = bench.service()
    monkeypatch.setattr(running.pulse, "due", lambda: 0.0)
    monkeypatch.setattr(bench.bell, "wait", lambda seconds: None)
    with capture_logs() as lines:
        running.run(once=False, on_progress=lambda p: bench.stop.ask() if p.finished else None)
    assert [line["event"] for line in lines].count("file_unreadable") == 1
    assert bench.states() == {"a": "done"}


def test_a_file_that_cannot_be_put_away_is_tried_again(bench: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """With the service's pulse, until the disk has room; it is told of once."""
    bench.drop("a")
    put_away, full = ledger.archive.put_away, iter([True, True, False])

    def tried(*args: Any) -> Any:
        if next(full, False):
            raise OSError(28, "No space left on device")
        return put_away(*args)

    monkeypatch.setattr(ledger.archive, "put_away", tried)
    running = bench.service()
    with capture_logs() as lines:
        running.run(once=True)
        for _ in range(3):
            running._ledger.tidy()
    assert [line["event"] for line in lines].count("file_not_put_away") == 1
    assert bench.files() == ["var/archive/1-a"]


def test_a_file_that_cannot_be_put_away_is_put_away_later(bench: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """A full disk at the last step is logged; the rows are there, and the next start moves the file."""
    bench.drop("a")

    def full(*_args: Any) -> None:
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patch, capture_logs() as lines:
        patch.setattr(ledger.archive, "put_away", full)
        bench.service().run(once=True)
    assert [line["event"] for line in lines].count("file_not_put_away") == 1
    assert bench.states() == {"a": "done"}
    bench.service().run(once=True)
    assert bench.files() == ["var/archive/1-a"]


@pytest.mark.parametrize(
    ("harm", "told"),
    [
        (lambda path: path.unlink(), "its file is gone"),
        (lambda path: path.write_bytes(b"other"), "written to after it was taken"),
    ],
)
def test_a_file_harmed_in_work_fails_with_its_reason(bench: Any, harm: Any, told: str) -> None:
    """What was entered and is no longer there, or no longer the same, is not read as if it were."""
    bench.drop("a")
    stopped = bench.service()
    stopped._inbox.look()
    stopped._take()
    (path,) = [p for p in (bench.config.var / "work").rglob("*") if p.is_file()]
    harm(path)
    bench.service().run(once=True)
    (document,) = bench.store.documents()
    assert document.state is S.FAILED
    assert told in document.reason


def test_a_poison_document_found_by_a_crash_goes_alone(bench: Any, mortal: Any) -> None:
    """What was being read when the service itself was killed is read one at a time at the next start."""
    for name in ("a", "kill", "b"):
        bench.drop(name)
    mortal._inbox.look()
    mortal._take()
    mortal._dispatch()
    assert bench.store.counts()[S.READING] == 3
    again = bench.service(executor=mortal.open_pool)
    again.run(once=True)
    assert bench.states() == {"a": "done", "kill": "failed", "b": "done"}
    assert bench.store.documents(name="a")[0].attempts == 1


@pytest.mark.parametrize(("deaths", "state"), [(9, "done"), (10, "failed")])
def test_a_service_that_is_killed_again_and_again_hardly_blames_a_document(
    bench: Any, mortal: Any, deaths: int, state: str
) -> None:
    """Even if it alone was being read each time: most likely a person killed the service. Found by `make torture`."""
    bench.drop("a")
    for _ in range(deaths):
        running = bench.service(executor=mortal.open_pool)
        running._ledger.recover()
        running._inbox.look()
        running._take()
        running._dispatch()
        assert bench.store.counts()[S.READING] == 1
    bench.service().run(once=True)
    assert bench.states() == {"a": state}


def test_retry_reads_a_failed_document_again(bench: Any) -> None:
    """When the cause is mended, the file is read from where it was put away, and its reason is gone."""
    bench.drop("a", "bad")
    bench.service().run(once=True)
    (document,) = bench.store.documents()
    ledger.retry(document, bench.store, bench.config, form="tally")

    def mended(data: bytes, form: str | None) -> Any:
        return __import__("pickle").loads(__import__("pickle").dumps(bench_read(b"ok", form)))

    bench_read = bench.service.__defaults__[0]
    bench.service(mended).run(once=True)
    assert bench.states() == {"a": "done"}
    assert bench.files() == ["var/archive/1-a"]
    assert next(bench.store.fields()).form == "tally"


def test_retry_finds_the_bytes_in_a_duplicate(bench: Any) -> None:
    """A failed file that was thrown away can be dropped again, and then retried."""
    bench.drop("a", "bad")
    bench.service().run(once=True)
    (document,) = bench.store.documents()
    shutil.rmtree(bench.config.var / "failed")
    (bench.config.var / "failed").mkdir()
    with pytest.raises(UnreadableDocument, match="Drop it into the inbox again"):
        ledger.retry(document, bench.store, bench.config)
    bench.drop("b", "bad")
    bench.service().run(once=True)
    ledger.retry(document, bench.store, bench.config)
    assert bench.states() == {"a": "queued", "b": "duplicate"}


def test_signals_ask_once_then_at_once_and_are_given_back() -> None:
    """The first signal asks for an orderly end, the second for an end; afterwards the old handlers are back."""
    stop, reload = Stop(Bell()), Reload(Bell())
    before = signal.getsignal(signal.SIGTERM), signal.getsignal(signal.SIGINT)
    with listening_to_signals(stop, reload):
        signal.raise_signal(signal.SIGTERM)
        assert (stop.asked, stop.at_once) == (True, False)
        signal.raise_signal(signal.SIGINT)
        assert stop.at_once
    assert (signal.getsignal(signal.SIGTERM), signal.getsignal(signal.SIGINT)) == before


def test_a_hangup_asks_for_a_reload() -> None:
    """However often it comes, it is done once; and it stops nothing."""
    stop, reload = Stop(Bell()), Reload(Bell())
    with listening_to_signals(stop, reload):
        assert not reload.taken()
        signal.raise_signal(signal.SIGHUP)
        signal.raise_signal(signal.SIGHUP)
    assert (reload.taken(), reload.taken(), stop.asked) == (True, False, False)


def test_a_ring_from_a_signal_or_a_thread_ends_the_wait() -> None:
    """Rings before and during the wait count, and several are one."""
    bell = Bell()
    bell.ring()
    bell.ring()
    assert bell.wait(60)
    assert not bell.wait(0)
    threading.Thread(target=bell.ring).start()
    assert bell.wait(60)


def test_a_second_service_is_refused(tmp_path: Path) -> None:
    """Two services on the same folders would take each other's files."""
    (tmp_path / "inbox").mkdir()
    config = Config(root=tmp_path)
    with Lock(config.var / "lock"), pytest.raises(AlreadyRunning):
        service.serve(config, once=True)


def test_a_missing_model_is_told_before_anything_is_taken(tmp_path: Path) -> None:
    """The service does not start, and the inbox is as it was."""
    (tmp_path / "inbox").mkdir()
    (tmp_path / "inbox" / "a.png").write_bytes(b"x")
    config = Config(root=tmp_path, reading=Reading(model="no-such"))
    with pytest.raises(ModelError, match="no model called 'no-such'"):
        service.serve(config, once=True)
    assert (tmp_path / "inbox" / "a.png").exists()


def test_the_age_of_what_waits_counts_what_waits_in_the_inbox(bench: Any) -> None:
    """With a backlog most files wait there: an alarm on the age of the queue must see them."""
    made = bench.service()
    assert made.facts().oldest_seconds == 0.0
    bench.drop("a")
    made._inbox.look()
    assert made.facts().oldest_seconds > 0.0
    made.run(once=True)
    assert made.facts().oldest_seconds == 0.0

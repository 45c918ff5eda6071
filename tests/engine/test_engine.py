"""The engine over real processes, whose documents say what their readers do."""

import errno
import os
import signal
import time
from collections.abc import Callable, Iterator
from concurrent.futures import Executor, ThreadPoolExecutor
from contextlib import suppress
from dataclasses import replace
from functools import partial
from queue import Empty, SimpleQueue
from typing import Any

import pytest
from tests.engine.reads import does

from digitd.apart import open_process
from digitd.config import Config, Reading, Workers
from digitd.engine import Engine, Finished, Outcome, lane, open_engine
from digitd.engine.lane import Bounds
from digitd.engine.processes import _process
from digitd.errors import DigitdError, ModelError, TemplateError, UnreadableDocument

DIE = b"__import__('os')._exit(1)"
PATIENCE_SECONDS = 60


@pytest.fixture
def rings() -> SimpleQueue[None]:
    return SimpleQueue()


@pytest.fixture
def make(rings: SimpleQueue[None]) -> Iterator[Callable[..., Engine]]:
    made: list[Engine] = []

    def opened(
        open_executor: Callable[[], Executor] = open_process, read: Any = does, *, processes: int = 2, **bounds: Any
    ) -> Engine:
        made.append(
            Engine(open_executor, read, processes=processes, wake=lambda: rings.put(None), bounds=Bounds(**bounds))
        )
        return made[-1]

    yield opened
    for engine in made:
        engine.abandon()


def all_of(engine: Engine, rings: SimpleQueue[None]) -> dict[int, Finished]:
    """Everything that was handed over, once it is back."""
    found: dict[int, Finished] = {}
    while engine.in_hand:
        due = engine.due()
        with suppress(Empty):
            rings.get(timeout=PATIENCE_SECONDS if due is None else max(0.0, due - time.monotonic()))
        found |= {item.document_id: item for item in engine.finished()}
    return found


def said(found: Finished) -> str:
    assert found.evidence is not None
    return found.evidence.model


def test_the_pages_of_a_long_document_are_read_by_several(make: Any, rings: SimpleQueue[None]) -> None:
    """It comes back whole and in order; others take their turn, and what is begun goes first."""
    engine = make()
    engine.submit(1, b"long 18", form=None)
    engine.submit(2, b"7", form=None)
    found = all_of(engine, rings)
    assert found[1].evidence is not None
    assert [page.number for page in found[1].evidence.pages] == list(range(1, 19))
    assert (found[1].outcome, found[1].evidence.of_pages, said(found[2])) == (Outcome.READ, 18, "7")
    assert engine.free == 4


def test_what_is_wrong_with_a_part_is_wrong_with_its_document(make: Any, rings: SimpleQueue[None]) -> None:
    """It comes back once, whatever becomes of its other parts; then it can be handed over again."""
    engine = make()
    engine.submit(1, b"long 18 torn", form=None)
    found = all_of(engine, rings)
    assert (found[1].outcome, "it is torn" in found[1].reason) == (Outcome.UNABLE, True)
    while engine.free < 4:
        engine.finished()
    engine.submit(1, b"7", form=None)
    assert said(all_of(engine, rings)[1]) == "7"


def test_bytes_go_in_and_readings_come_out(make: Any, rings: SimpleQueue[None]) -> None:
    """Each document comes back with its own reading, and a ring announces it; no more than there is room for."""
    engine = make()
    for number in range(4):
        assert engine.free == 4 - number
        engine.submit(number, f"{number} * 2".encode(), form=None)
    assert engine.free == 0
    found = all_of(engine, rings)
    assert {n: (f.outcome, said(f)) for n, f in found.items()} == {n: (Outcome.READ, str(2 * n)) for n in range(4)}


def test_only_the_document_that_was_being_read_is_blamed(make: Any, rings: SimpleQueue[None]) -> None:
    """What stands in line behind a killer is lost without blame, what another process reads is not even lost."""
    engine = make()
    for number, text in enumerate((DIE, b"1", b"2", b"3")):  # in turn: the third stands behind the first
        engine.submit(number, text, form=None)
    found = all_of(engine, rings)
    assert {n: (f.outcome, f.blamed) for n, f in found.items()} == {
        0: (Outcome.LOST, True),
        1: (Outcome.READ, False),
        2: (Outcome.LOST, False),
        3: (Outcome.READ, False),
    }
    engine.submit(4, b"7", form=None)
    assert said(all_of(engine, rings)[4]) == "7"


def test_a_document_that_takes_too_long_is_lost(make: Any, rings: SimpleQueue[None]) -> None:
    """Its process is killed; the one behind it is not to blame, and has its own time then."""
    engine = make(processes=1, seconds=2.0)
    engine.submit(1, b"__import__('time').sleep(600)", form=None)
    engine.submit(2, b"7", form=None)
    found = all_of(engine, rings)
    assert {n: (f.outcome, f.blamed) for n, f in found.items()} == {1: (Outcome.LOST, True), 2: (Outcome.LOST, False)}
    assert found[1].reason == "reading it took more than 2 s"
    engine.submit(2, b"7", form=None)
    assert said(all_of(engine, rings)[2]) == "7"


def test_a_process_that_hangs_before_it_is_ready_is_given_up(
    make: Any, rings: SimpleQueue[None], monkeypatch: pytest.MonkeyPatch
) -> None:
    """With all that stands in line for it, though nothing in it was ever begun; nobody waits for ever."""
    monkeypatch.setattr(lane, "START_SECONDS", 1.0)
    monkeypatch.setattr(lane, "FIRST_REST_SECONDS", 0.05)
    tries = iter([True])

    def open_executor() -> Executor:
        if next(tries, False):
            return open_process(time.sleep, 600)
        return open_process()

    engine = make(open_executor, processes=1)
    engine.submit(1, b"7", form=None)
    engine.submit(2, b"7", form=None)
    found = all_of(engine, rings)
    assert [(found[n].outcome, found[n].blamed) for n in (1, 2)] == [(Outcome.LOST, False)] * 2
    while not engine.free:
        time.sleep(max(0.0, (engine.due() or 0.0) - time.monotonic()))
        engine.finished()
    engine.submit(1, b"7", form=None)
    assert said(all_of(engine, rings)[1]) == "7"


@pytest.mark.parametrize(("how", "killed"), [("SIGKILL", True), ("SIGSEGV", False)])
def test_a_process_that_was_killed_is_told_from_one_that_died(
    make: Any, rings: SimpleQueue[None], how: str, killed: bool
) -> None:
    """A document that makes its process crash does not kill it: that comes from outside."""
    engine = make(processes=1)
    engine.submit(
        1, f"__import__('os').kill(__import__('os').getpid(), __import__('signal').{how})".encode(), form=None
    )
    (found,) = all_of(engine, rings).values()
    assert (found.outcome, found.blamed, found.killed) == (Outcome.LOST, True, killed)


def test_a_process_is_replaced_after_its_documents(make: Any, rings: SimpleQueue[None]) -> None:
    """As many as it may read; then another takes its place, and none is lost in between."""
    engine, seen = make(processes=1, documents=2), []
    for number in range(5):
        while not engine.free:
            engine.finished()
        engine.submit(number, b"__import__('os').getpid()", form=None)
        found = all_of(engine, rings)[number]
        assert found.outcome is Outcome.READ
        seen.append(said(found))
    assert [seen.index(pid) for pid in seen] == [0, 0, 2, 2, 4]


def test_a_process_that_does_not_come_up_is_tried_again_later(
    make: Any, rings: SimpleQueue[None], monkeypatch: pytest.MonkeyPatch
) -> None:
    """No document is to blame for it; meanwhile nothing is free, and it is known when the next try is due."""
    monkeypatch.setattr(lane, "FIRST_REST_SECONDS", 0.05)
    tries = iter(["dies", "no room", "no thread", "well"])

    def open_executor() -> Executor:
        match next(tries):
            case "dies":
                return open_process(os._exit, 1)
            case "no room":
                raise OSError(errno.ENOMEM, "Cannot allocate memory")
            case "no thread":
                raise RuntimeError("can't start new thread")
        return open_process()

    engine = make(open_executor, processes=1)
    engine.submit(1, b"7", form=None)
    (found,) = all_of(engine, rings).values()
    assert (found.outcome, found.blamed) == (Outcome.LOST, False)
    assert "no process could be started" in found.reason
    assert engine.free == 0
    while not engine.free:
        time.sleep(max(0.0, (engine.due() or 0.0) - time.monotonic()))
        engine.finished()
    engine.submit(1, b"7", form=None)
    assert said(all_of(engine, rings)[1]) == "7"


def test_a_process_that_died_idle_harms_nobody(make: Any, rings: SimpleQueue[None]) -> None:
    """A worker killed between documents costs the next one a second try, not its life."""
    engine = make(processes=1)
    engine.submit(1, b"__import__('os').getpid()", form=None)
    pid = int(said(all_of(engine, rings)[1]))
    os.kill(pid, signal.SIGKILL)
    outcomes = []
    while Outcome.READ not in outcomes:
        engine.submit(2, b"7", form=None)
        outcomes.append(all_of(engine, rings)[2].outcome)
        assert len(outcomes) <= 2
    assert set(outcomes) <= {Outcome.LOST, Outcome.READ}


def test_memory_is_bounded(rings: SimpleQueue[None]) -> None:
    """A process of the configuration gets no more than it may have: what asks for more is a fault of that document."""
    workers = Workers(processes=1, memory_mb=1024)
    engine = Engine(partial(_process, Config(workers=workers)), does, processes=1, wake=lambda: rings.put(None))
    engine.submit(1, b"len(bytearray(3 << 30))", form=None)
    (found,) = all_of(engine, rings).values()
    engine.submit(2, b"len(bytearray(3 << 20))", form=None)
    (after,) = all_of(engine, rings).values()
    engine.abandon()
    assert (found.outcome, found.reason, found.blamed) == (Outcome.LOST, "not enough memory", True)
    assert said(after) == str(3 << 20)


def test_abandoning_does_not_wait(make: Any) -> None:
    """A reader that would take for ever is ended with its process."""
    engine = make(processes=1)
    engine.submit(1, b"__import__('time').sleep(600)", form=None)
    before = time.monotonic()
    engine.abandon()
    assert time.monotonic() - before < PATIENCE_SECONDS


@pytest.mark.parametrize(
    ("fault", "outcome", "reason"),
    [
        (UnreadableDocument("it is torn"), Outcome.REFUSED, "it is torn"),
        (TemplateError("no form called x"), Outcome.REFUSED, "no form called x"),
        (MemoryError(), Outcome.LOST, "not enough memory"),
        (ModelError("no model"), Outcome.UNABLE, "no model"),
        (TypeError("pickling failed"), Outcome.UNABLE, "reading is not possible: pickling failed"),
        (OSError(errno.ENOSPC, "No space left on device"), Outcome.HINDERED, "No space left on device"),
    ],
)
def test_a_fault_is_told_apart(
    make: Any, rings: SimpleQueue[None], fault: Exception, outcome: Outcome, reason: str
) -> None:
    """The document's own faults refuse it, memory puts it back, and a missing model stops the service."""

    def read(_data: bytes, _form: str | None) -> None:
        raise fault

    engine = make(partial(ThreadPoolExecutor, 1), read, processes=1)
    engine.submit(1, b"", form=None)
    (found,) = all_of(engine, rings).values()
    assert (found.outcome, found.reason) == (outcome, reason)
    assert isinstance(found.fault, DigitdError) == (outcome is Outcome.UNABLE)


def test_a_missing_model_is_told_by_the_first_document(rings: SimpleQueue[None]) -> None:
    """Processes that cannot open the model start all the same, and say why when they are asked to read."""
    config = Config(reading=Reading(model="no-such-model"))
    engine = open_engine(
        replace(config, workers=replace(config.workers, processes=1)),
        wake=lambda: rings.put(None),
    )
    engine.submit(1, b"", form=None)
    (found,) = all_of(engine, rings).values()
    engine.close()
    assert found.outcome is Outcome.UNABLE
    assert "no model called 'no-such-model'" in found.reason

"""The engine over real processes. What they run is `eval`: the bytes of a document say what its reader does."""

import multiprocessing
import os
import signal
import time
from collections.abc import Callable, Iterator
from concurrent.futures import Executor, ProcessPoolExecutor, ThreadPoolExecutor, wait
from functools import partial
from queue import SimpleQueue
from typing import Any

import pytest

from digitd.config import Config, Reading
from digitd.engine import Engine, Finished, Outcome, open_engine
from digitd.errors import DigitdError, ModelError, TemplateError, UnreadableDocument

DIE = b"__import__('os')._exit(1)"
PATIENCE_SECONDS = 60


@pytest.fixture
def rings() -> SimpleQueue[None]:
    return SimpleQueue()


@pytest.fixture
def make(rings: SimpleQueue[None]) -> Iterator[Callable[..., Engine]]:
    made: list[Engine] = []

    def opened(open_executor: Callable[[], Executor] | None = None, read: Any = eval, processes: int = 2) -> Engine:
        made.append(
            Engine(open_executor or partial(pool, processes), read, processes=processes, wake=lambda: rings.put(None))
        )
        return made[-1]

    yield opened
    for engine in made:
        engine.abandon()


def pool(processes: int) -> Executor:
    """Processes that have started, as the engine's own have: the pool notices the death of no other."""
    made = ProcessPoolExecutor(processes, multiprocessing.get_context("spawn"))
    wait([made.submit(os.getpid) for _ in range(processes)])
    return made


def all_of(engine: Engine, rings: SimpleQueue[None]) -> dict[int, Finished]:
    """Everything that was handed over, once it is back."""
    found: dict[int, Finished] = {}
    while engine.in_hand:
        rings.get(timeout=PATIENCE_SECONDS)
        found |= {item.document_id: item for item in engine.finished()}
    return found


def test_bytes_go_in_and_readings_come_out(make: Any, rings: SimpleQueue[None]) -> None:
    """Each document comes back with its own reading, and a ring announces it."""
    engine = make()
    for number in range(6):
        engine.submit(number, f"{number} * 2".encode(), form=None)
    found = all_of(engine, rings)
    assert {n: (f.outcome, f.reading) for n, f in found.items()} == {n: (Outcome.READ, 2 * n) for n in range(6)}


def test_a_process_that_dies_loses_only_what_was_in_hand(make: Any, rings: SimpleQueue[None]) -> None:
    """All in hand come back as lost in company, and the next document is read as if nothing had been."""
    engine = make()
    engine.submit(1, DIE, form=None)
    engine.submit(2, b"__import__('time').sleep(600)", form=None)
    found = all_of(engine, rings)
    assert {(f.outcome, f.alone) for f in found.values()} == {(Outcome.LOST, False)}
    engine.submit(3, b"7", form=None)
    assert all_of(engine, rings)[3].reading == 7


def test_alone_it_is_known_who_killed_the_process(make: Any, rings: SimpleQueue[None]) -> None:
    """With nothing else in hand the document is to blame, each time anew."""
    engine = make(processes=1)
    for _ in range(2):
        engine.submit(1, DIE, form=None)
        (found,) = all_of(engine, rings).values()
        assert (found.outcome, found.alone) == (Outcome.LOST, True)


def test_a_process_that_died_idle_harms_nobody(make: Any, rings: SimpleQueue[None]) -> None:
    """A worker killed between documents costs the next one a second try, not its life."""
    engine = make(processes=1)
    engine.submit(1, b"__import__('os').getpid()", form=None)
    pid: Any = all_of(engine, rings)[1].reading
    os.kill(pid, signal.SIGKILL)
    outcomes = []
    while Outcome.READ not in outcomes:
        engine.submit(2, b"7", form=None)
        outcomes.append(all_of(engine, rings)[2].outcome)
        assert len(outcomes) <= 2
    assert set(outcomes) <= {Outcome.LOST, Outcome.READ}


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
        (OSError("pickling failed"), Outcome.UNABLE, "reading is not possible: pickling failed"),
    ],
)
def test_a_fault_is_told_apart(
    make: Any, rings: SimpleQueue[None], fault: Exception, outcome: Outcome, reason: str
) -> None:
    """The document's own faults refuse it, memory puts it back, and a missing model stops the service."""

    def read(_data: bytes, _form: str | None) -> None:
        raise fault

    engine = make(partial(ThreadPoolExecutor, 1), read)
    engine.submit(1, b"", form=None)
    (found,) = all_of(engine, rings).values()
    assert (found.outcome, found.reason) == (outcome, reason)
    assert isinstance(found.fault, DigitdError) == (outcome is Outcome.UNABLE)


def test_a_missing_model_is_told_by_the_first_document(rings: SimpleQueue[None]) -> None:
    """Processes that cannot open the model start all the same, and say why when they are asked to read."""
    config = Config(reading=Reading(model="no-such-model"))
    engine = open_engine(
        config.model_copy(update={"workers": config.workers.model_copy(update={"processes": 1})}),
        wake=lambda: rings.put(None),
    )
    engine.submit(1, b"", form=None)
    (found,) = all_of(engine, rings).values()
    engine.close()
    assert found.outcome is Outcome.UNABLE
    assert "no model called 'no-such-model'" in found.reason

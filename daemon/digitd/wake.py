"""Waking the service and asking it to stop: a bell that any thread or signal may ring; signals only set flags."""

import multiprocessing
import os
import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from multiprocessing import connection
from queue import Empty, SimpleQueue
from types import FrameType

SIGNALS = (signal.SIGTERM, signal.SIGINT, signal.SIGHUP)


class Bell:
    """Wakes one waiting thread. `SimpleQueue.put` is re-entrant, which `Event.set` is not: a signal may ring it."""

    def __init__(self) -> None:
        self._rings: SimpleQueue[None] = SimpleQueue()

    def ring(self) -> None:
        """Wake the waiting thread, or let its next wait end at once."""
        self._rings.put(None)

    def wait(self, seconds: float) -> bool:
        """Wait for a ring, at most so long, and tell whether it rang; rings that came together count as one."""
        rang = False
        try:
            self._rings.get(timeout=max(0.0, seconds))
            rang = True
            while True:
                self._rings.get_nowait()
        except Empty:
            return rang


class Stop:
    """Whether a person asked the service to stop, and whether they asked twice."""

    def __init__(self, bell: Bell) -> None:
        self._bell = bell
        self.asked = False
        self.at_once = False

    def ask(self) -> None:
        """Ask once: finish what is in hand. Ask again: stop at once."""
        self.at_once = self.asked
        self.asked = True
        self._bell.ring()


class Reload:
    """Whether a person asked the service to read its configuration again."""

    def __init__(self, bell: Bell) -> None:
        self._bell = bell
        self._asked = False

    def ask(self) -> None:
        """Ask; several times before it is done are once."""
        self._asked = True
        self._bell.ring()

    def taken(self) -> bool:
        """Whether it was asked for since the last call."""
        asked, self._asked = self._asked, False
        return asked


@contextmanager
def listening_to_signals(stop: Stop, reload: Reload) -> Iterator[None]:
    """Within, SIGTERM and Ctrl-C ask for a stop, and SIGHUP for a reload; afterwards the handlers are as before."""

    def ask(number: int, _frame: FrameType | None) -> None:
        reload.ask() if number == signal.SIGHUP else stop.ask()

    before = {number: signal.signal(number, ask) for number in SIGNALS}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def end_with_parent() -> None:
    """Let this worker process end when who asked for it does, however that ends, and not with the terminal's Ctrl-C.

    And when the server ends that it was forked from: nobody could tell any longer whether it lives.
    """
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGHUP, signal.SIG_IGN)
    threading.Thread(target=_outlive_no_parent, daemon=True).start()


def _outlive_no_parent() -> None:
    parent = multiprocessing.parent_process()
    if parent is not None:
        ends = [parent.sentinel]
        with suppress(OSError):  # an old kernel
            ends.append(os.pidfd_open(os.getppid()))
        connection.wait(ends)
        os._exit(1)

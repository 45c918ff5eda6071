"""Documents are read by lanes, a process each. The ledger is the truth: what is lost here is put back in the queue."""

import time
from collections.abc import Callable
from concurrent.futures import Executor

from digitd.engine.lane import LINE, Bounds, Finished, Lane, Read


class Engine:
    """Reads documents in the background.

    Parameters
    ----------
    open_executor
        Makes an executor that reads one document at a time; called for each process, and again when one broke.
    read
        What an executor runs: bytes and a form to a reading. Must be importable where it runs.
    processes
        How many documents are read at once.
    wake
        Called, from another thread, when a document may have come back.
    bounds
        What each process may do.
    """

    def __init__(
        self,
        open_executor: Callable[[], Executor],
        read: Read,
        *,
        processes: int,
        wake: Callable[[], None],
        bounds: Bounds | None = None,
    ) -> None:
        self._lanes = [Lane(open_executor, read, wake=wake, bounds=bounds or Bounds()) for _ in range(processes)]
        self.room = processes * LINE

    @property
    def in_hand(self) -> int:
        """How many documents are being read or stand in line."""
        return sum(lane.in_line for lane in self._lanes)

    @property
    def free(self) -> int:
        """How many more documents can be handed over now."""
        return sum(lane.room for lane in self._lanes)

    def submit(self, document_id: int, data: bytes, *, form: str | None) -> None:
        """Hand a document over; something must be free."""
        lane = min((lane for lane in self._lanes if lane.room), key=lambda lane: lane.in_line)
        lane.submit(document_id, data, form=form)

    def finished(self) -> list[Finished]:
        """What has come back since the last call."""
        return [one for lane in self._lanes for one in lane.finished()]

    def ping(self) -> None:
        """Ask the processes that have nothing to do whether they live."""
        for lane in self._lanes:
            lane.ping()

    @property
    def answered_at(self) -> float | None:
        """When a process last gave a sign of life, on the steady clock; one that reads within its time does so now."""
        if self.in_hand:
            return time.monotonic()
        return max((lane.answered_at for lane in self._lanes if lane.answered_at is not None), default=None)

    def due(self) -> float | None:
        """When `finished` should be called even if nothing comes back, on the steady clock."""
        return min((due for lane in self._lanes if (due := lane.due()) is not None), default=None)

    def close(self) -> None:
        """Let the processes go; what is in hand is read to its end first."""
        for lane in self._lanes:
            lane.close()

    def abandon(self) -> None:
        """Stop the processes at once; what is in hand is lost."""
        for lane in self._lanes:
            lane.abandon()

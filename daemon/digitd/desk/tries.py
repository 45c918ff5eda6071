"""How often an address may show a wrong token."""

import threading
import time
from collections import OrderedDict, deque
from collections.abc import Callable

#: Wrong tokens an address may show within so many seconds.
TRIES, WITHIN_SECONDS = 5, 60.0

#: Addresses remembered; those that have been quiet longest are forgotten first.
REMEMBERED = 1000


class TooManyTries(Exception):
    """An address has shown too many wrong tokens; after so many seconds it may show another."""

    def __init__(self, seconds: float) -> None:
        super().__init__(f"too many wrong tokens; try again in {seconds:.0f} s")
        self.seconds = seconds


class Tries:
    """Wrong tokens, by the address they came from."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._lock = threading.Lock()
        self._wrong: OrderedDict[str, deque[float]] = OrderedDict()

    def failed(self, address: str) -> None:
        """Count a wrong token; right ones are let in however many wrong ones came from there.

        Raises
        ------
        TooManyTries
            Too many came from that address; this one does not count, so that the wait ends.
        """
        with self._lock:
            wrong = self._wrong.setdefault(address, deque(maxlen=TRIES))
            self._wrong.move_to_end(address)
            if len(self._wrong) > REMEMBERED:
                self._wrong.popitem(last=False)
            left = wrong[0] + WITHIN_SECONDS - self._clock() if len(wrong) == TRIES else 0.0
            if left > 0:
                raise TooManyTries(left)
            wrong.append(self._clock())

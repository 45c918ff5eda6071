"""The service's pulse: every few seconds a write to the database and a question to the processes, told to systemd."""

import time

from digitd.engine import Engine
from digitd.intake.inbox import Inbox
from digitd.ledger import Ledger
from digitd.vitals import systemd
from digitd.vitals.signs import BEAT_SECONDS, Signs


class Pulse:
    """Gathers signs of life in the service's own loop, so that a loop that stands still has none.

    Parameters
    ----------
    inbox, ledger
        Of the service.

    signs are the last ones, None before the first.
    """

    def __init__(self, inbox: Inbox, ledger: Ledger) -> None:
        self._inbox = inbox
        self._ledger = ledger
        self._pace_seconds = min(BEAT_SECONDS, (systemd.watchdog_seconds() or 3 * BEAT_SECONDS) / 3)
        self._beat_at: float | None = None
        self._wrote_at: float | None = None
        self._told_ready = False
        self._tell_at = 0.0
        self.signs: Signs | None = None

    def due(self) -> float:
        """When the next beat is due, on the steady clock; at once, if there was none."""
        return 0.0 if self._beat_at is None else self._beat_at + self._pace_seconds

    def beat(self, engine: Engine) -> bool:
        """Beat, if it is time to; whether it was.

        Raises
        ------
        DatabaseError
            The database takes no writes.
        """
        now = time.monotonic()
        if now < self.due():
            return False
        self._beat_at = now
        engine.ping()
        self._ledger.beat()
        self._ledger.tidy()
        self._wrote_at = time.monotonic()
        return True

    def note(self, engine: Engine, *, status: str, courier_at: float | None = None) -> None:
        """Gather the signs of life at the end of a round, and tell systemd; status is what it shows.

        courier_at is when the last of those who tell others came round, on the steady clock; None where there are none.
        """
        now = time.monotonic()
        self.signs = Signs(
            at=now,
            watched=self._inbox.watched,
            looked_at=self._inbox.looked_at,
            rescan_seconds=self._inbox.rescan_seconds,
            wrote_at=self._wrote_at,
            worker_at=engine.answered_at,
            courier_at=now if courier_at is None else courier_at,
        )
        if self.signs.ready and not self._told_ready:
            self._told_ready = True
            systemd.ready()
        if now >= self._tell_at:
            self._tell_at = now + self._pace_seconds
            ailments = self.signs.ailments(now)
            systemd.ailing("; ".join(ailments.values())) if ailments else systemd.alive(status)

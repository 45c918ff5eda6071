"""When a file in the inbox is finished: a decision over looks, events and clocks that the caller hands in. No waiting.

A file is ready when it is whole by its own format and either its writer closed it (or renamed it in) or it has not
changed for settle_seconds. A format without a known end must be quiet. One that stays cut off is ready after
incomplete_seconds all the same: it will fail, with a reason, instead of lying there for ever.
"""

from collections.abc import Callable, Collection, Iterable
from dataclasses import dataclass
from pathlib import Path

from digitd.intake.listing import Sighting
from digitd.intake.whole import Wholeness, wholeness_of


@dataclass(slots=True, kw_only=True)
class _Waiting:
    """A file that is watched until it is ready: first seen at seen, quiet since since, on the caller's clock."""

    sighting: Sighting
    seen: float
    since: float
    closed: bool = False
    wholeness: Wholeness | None = None


class Settling:
    """Remembers what it saw at the look before.

    Parameters
    ----------
    settle_seconds, incomplete_seconds
        As in the configuration.
    trust_mtime
        Take a file's modification time for when it last changed. False on network file systems, whose clock may
        differ: there only what was seen here counts.
    judge
        Tells whether the file at a path is whole; may raise OSError.
    """

    def __init__(
        self,
        settle_seconds: float,
        incomplete_seconds: float,
        *,
        trust_mtime: bool = True,
        judge: Callable[[Path], Wholeness] = wholeness_of,
    ) -> None:
        self._settle_seconds = settle_seconds
        self._incomplete_seconds = max(settle_seconds, incomplete_seconds)
        self._trust_mtime = trust_mtime
        self._judge = judge
        self._waiting: dict[Path, _Waiting] = {}

    def see(self, files: Iterable[Sighting], closed: Collection[str], *, now: float, wall_now: float) -> list[Sighting]:
        """Take in a look and return the files that may be ready: quiet, or closed by their writers.

        Parameters
        ----------
        files
            What a look at the inbox just found; everything else is forgotten.
        closed
            Paths whose writer closed them, or that were renamed into place, since the last call.
        now
            Seconds on a clock that never jumps.
        wall_now
            Seconds since the epoch, as modification times have them.
        """
        before, self._waiting = self._waiting, {}
        for sighting in files:
            waiting = before.get(sighting.path)
            if waiting is None or not sighting.same_bytes(waiting.sighting):
                old = max(0.0, wall_now - sighting.mtime_ns / 1e9) if self._trust_mtime and waiting is None else 0.0
                seen = now if waiting is None else waiting.seen
                waiting = _Waiting(sighting=sighting, seen=seen, since=now - old)
            waiting.closed |= str(sighting.path) in closed
            self._waiting[sighting.path] = waiting
        return [w.sighting for w in self._waiting.values() if w.closed or now - w.since >= self._settle_seconds]

    def is_ready(self, path: Path, now: float) -> bool:
        """Whether the file at path, which the last look saw, can be taken. Opens it, once for each change.

        Raises
        ------
        OSError
            It cannot be read.
        """
        waiting = self._waiting[path]
        quiet_seconds = now - waiting.since
        if waiting.wholeness is None:
            waiting.wholeness = self._judge(path)
        if waiting.wholeness is Wholeness.UNKNOWN:
            return quiet_seconds >= self._settle_seconds
        return waiting.wholeness is Wholeness.WHOLE or quiet_seconds >= self._incomplete_seconds

    def forget(self, path: Path) -> None:
        """The file at path was taken, or left alone."""
        self._waiting.pop(path, None)

    def due(self, now: float) -> float | None:
        """When another look may find a file ready that was not at the last one; None when only an event can."""
        times = [w.since + s for w in self._waiting.values() for s in (self._settle_seconds, self._incomplete_seconds)]
        return min((time for time in times if time > now), default=None)

    @property
    def waiting(self) -> int:
        """How many files were seen at the last look and not forgotten since."""
        return len(self._waiting)

    @property
    def oldest(self) -> float | None:
        """When the one of these that was there first was first seen, on the caller's clock; other threads may ask."""
        return min((waiting.seen for waiting in list(self._waiting.values())), default=None)

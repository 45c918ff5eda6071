"""When a file in the inbox is finished: a decision over looks, events and clocks that the caller hands in. No waiting.

A file is ready when it is whole by its own format and either its writer closed it (or renamed it in) or it has not
changed for settle_seconds. A format without a known end must be quiet. One that stays cut off is ready after
incomplete_seconds all the same: it will fail, with a reason, instead of lying there for ever.
"""

from collections.abc import Callable, Collection, Iterable
from dataclasses import dataclass
from pathlib import Path

from digitd.intake.listing import LeftAlone, Sighting
from digitd.intake.whole import Wholeness, wholeness_of


@dataclass(slots=True, kw_only=True)
class _Waiting:
    """A file that is watched until it is ready. since is when it was last seen to change, on the caller's clock."""

    sighting: Sighting
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
        self.unreadable: tuple[LeftAlone, ...] = ()

    def ready(
        self, files: Iterable[Sighting], closed: Collection[str], *, now: float, wall_now: float
    ) -> list[Sighting]:
        """Which of the files can be taken.

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
        taken: list[Sighting] = []
        unreadable: list[LeftAlone] = []
        for sighting in files:
            waiting = before.get(sighting.path)
            if waiting is None or not sighting.same_bytes(waiting.sighting):
                quiet = max(0.0, wall_now - sighting.mtime_ns / 1e9) if self._trust_mtime and waiting is None else 0.0
                waiting = _Waiting(sighting=sighting, since=now - quiet)
            waiting.closed |= str(sighting.path) in closed
            self._waiting[sighting.path] = waiting
            try:
                if self._is_ready(waiting, now):
                    taken.append(sighting)
            except FileNotFoundError:
                del self._waiting[sighting.path]
            except OSError as fault:
                unreadable.append(LeftAlone(path=sighting.path, reason=_unreadable(fault)))
                del self._waiting[sighting.path]
        self.unreadable = tuple(unreadable)
        return taken

    def due(self, now: float) -> float | None:
        """When another look may find a file ready that was not at the last one; None when only an event can."""
        times = [w.since + s for w in self._waiting.values() for s in (self._settle_seconds, self._incomplete_seconds)]
        return min((time for time in times if time > now), default=None)

    @property
    def waiting(self) -> int:
        """How many files the last look saw and could have read, ready or not."""
        return len(self._waiting)

    def _is_ready(self, waiting: _Waiting, now: float) -> bool:
        quiet_seconds = now - waiting.since
        quiet = quiet_seconds >= self._settle_seconds
        if not quiet and not waiting.closed:
            return False
        if waiting.wholeness is None:
            waiting.wholeness = self._judge(waiting.sighting.path)
        if waiting.wholeness is Wholeness.WHOLE:
            return True
        return quiet if waiting.wholeness is Wholeness.UNKNOWN else quiet_seconds >= self._incomplete_seconds


def _unreadable(fault: OSError) -> str:
    return f"it cannot be read: {fault.strerror}; allow digitd to read it, and it is taken at the next look"

"""The inbox as the service sees it: one look after another, and files that can be taken, one at a time."""

import errno
import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass

from digitd.config import Config
from digitd.intake import archive, claim, listing
from digitd.intake.listing import LeftAlone, Sighting
from digitd.intake.names import printable
from digitd.intake.settle import Settling
from digitd.intake.watch import Watcher, on_network
from digitd.logs import log

#: While files are waiting to be taken, events make the inbox be listed at most once in so many seconds.
CROWDED_SECONDS = 1.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Clock:
    """The two clocks a decision needs: one that never jumps, and the one that files are stamped with; seconds."""

    steady: Callable[[], float] = time.monotonic
    wall: Callable[[], float] = time.time


class Inbox:
    """Looks when something happened, when a file may have settled, and every rescan_seconds whatever happened.

    Parameters
    ----------
    config
        Folders and times.
    watcher
        Wakes; None where nothing is watched, because the service ends when all is read.
    clock
        What time it is.
    """

    def __init__(self, config: Config, watcher: Watcher | None, *, clock: Clock | None = None) -> None:
        self._config = config
        self._watcher = watcher
        self._clock = clock or Clock()
        patience = config.intake.settle_seconds if watcher is None else config.intake.incomplete_seconds
        self._settling = Settling(
            config.intake.settle_seconds, patience, trust_mtime=watcher is None or not on_network(config.inbox)
        )
        self._candidates: deque[Sighting] = deque()
        self._looked: float | None = None
        self._told: set[LeftAlone] = set()
        self.left: tuple[LeftAlone, ...] = ()

    def look(self, *, now_please: bool = False) -> None:
        """List the inbox if it is time to, or if asked to; what cannot be taken is told once in the log."""
        now = self._clock.steady()
        if not now_please and now < self.due(now) and not self._may_look_for_events(now):
            return
        self._looked = now
        closed = frozenset[str]() if self._watcher is None else self._watcher.closed()
        try:
            found = listing.look(self._config.inbox, self._config.intake.ignore)
        except OSError as fault:
            item = LeftAlone(path=self._config.inbox, reason=_unlisted(fault), barred=True)
            found = listing.Listing(files=(), left=(item,))
        self._candidates = deque(self._settling.see(found.files, closed, now=now, wall_now=self._clock.wall()))
        self.left = found.left
        self._tell(found.left)
        self._watch_again()

    def take(self) -> str | None:
        """Claim the next file that is ready; returns its token in `var/work`, or None when none is ready."""
        while self._candidates:
            sighting = self._candidates.popleft()
            try:
                if not self._settling.is_ready(sighting.path, self._clock.steady()):
                    continue
                token = claim.claim(sighting, self._config.var / archive.WORK)
            except FileNotFoundError:
                token = None
            except OSError as fault:
                token = None
                item = LeftAlone(path=sighting.path, reason=_untaken(fault), barred=True)
                self.left += (item,)
                self._tell((item,))
            self._settling.forget(sighting.path)
            if token is not None:
                return token
        return None

    def due(self, now: float) -> float:
        """When the next look is due, on the steady clock, if nothing happens before."""
        if self._looked is None:
            return now
        rescan = self._looked + self._config.intake.rescan_seconds
        return min(rescan, self._settling.due(self._looked) or rescan)

    @property
    def candidates(self) -> int:
        """How many files may be ready now."""
        return len(self._candidates)

    @property
    def waiting(self) -> int:
        """How many files the last look saw that could be read one day and were not taken since."""
        return self._settling.waiting

    def _may_look_for_events(self, now: float) -> bool:
        """Whether something happened; while there is plenty to take, it can wait until the look is worth its price."""
        if self._watcher is None or not self._watcher.changed:
            return False
        return not self._candidates or now - (self._looked or now) >= CROWDED_SECONDS

    def _tell(self, left: tuple[LeftAlone, ...]) -> None:
        for item in left:
            if item not in self._told and not item.junk:
                log().warning("file_left_alone", path=printable(str(item.path)), reason=item.reason)
        self._told.update(left)

    def _watch_again(self) -> None:
        """Start the watcher anew where the inbox was removed and made again."""
        if self._watcher is not None and not self._watcher.alive() and self._config.inbox.is_dir():
            self._watcher.stop()
            self._watcher.start()
            log().warning("watch_restarted", inbox=str(self._config.inbox))


def _unlisted(fault: OSError) -> str:
    return f"the inbox cannot be listed: {fault.strerror}; make it again, or correct folders.inbox"


def _untaken(fault: OSError) -> str:
    if fault.errno == errno.EXDEV:
        return "it lies on another file system than var/work: drop files into the inbox itself"
    return f"it cannot be taken: {fault.strerror}; allow digitd to read it and to move it out of its folder"

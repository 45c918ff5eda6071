"""The inbox as the service sees it: one look after another, and files that can be taken, one at a time."""

import errno
import tempfile
import time
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from itertools import zip_longest
from pathlib import Path

from digitd.config import Config
from digitd.intake import archive, claim, listing
from digitd.intake.listing import LeftAlone, Sighting
from digitd.intake.names import printable
from digitd.intake.settle import Settling
from digitd.intake.watch import Watcher, on_network
from digitd.logs import log

#: While files are waiting to be taken, the inbox is listed at most once in so many seconds, and for no more than one
#: part in so many of the time: a listing of 10,000 files takes as long as reading ten.
CROWDED_SECONDS, CROWDED_SHARE = 1.0, 10

#: Seconds within which the event of a probe must have come, or the inbox is polled.
PROBE_SECONDS = 3.0

#: How the probe's name begins: hidden, so that it is never taken.
PROBE = ".digitd-probe-"


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

    left is what the last look left alone; unannounced counts the files that no event told of.
    """

    def __init__(self, config: Config, watcher: Watcher | None, *, clock: Clock | None = None) -> None:
        self._watcher = watcher
        self._clock = clock or Clock()
        self.go_on_with(config)
        self._told: set[LeftAlone] = set()
        self._probed_until: float | None = None
        self._taken_from: str | None = None
        self._known: frozenset[Path] | None = None
        self.left: tuple[LeftAlone, ...] = ()
        self.unannounced = 0

    def go_on_with(self, config: Config) -> None:
        """Follow another configuration of the same folders; what is settling settles anew."""
        self._config = config
        patience = config.intake.settle_seconds if self._watcher is None else config.intake.incomplete_seconds
        self._settling = Settling(
            config.intake.settle_seconds, patience, trust_mtime=self._watcher is None or not on_network(config.inbox)
        )
        self._candidates: deque[Sighting] = deque()
        self._looked: float | None = None
        self._settles_at: float | None = None
        self._crowded_until = 0.0

    def probe(self) -> None:
        """Write a file into the inbox to see that events arrive; where none does, it is polled from then on."""
        if self._watcher is None or self._watcher.polling:
            return
        with suppress(OSError), tempfile.NamedTemporaryFile(prefix=PROBE, dir=self._config.inbox):
            self._probed_until = self._clock.steady() + PROBE_SECONDS

    def look(self, *, now_please: bool = False) -> None:
        """List the inbox if it is time to, or if asked to; what cannot be taken is told once in the log."""
        now = self._clock.steady()
        self._judge_probe(now)
        if not now_please and not self._worth_a_look(now):
            return
        self._looked = now
        announced = self._watcher is None or self._watcher.changed
        closed = frozenset[str]() if self._watcher is None else self._watcher.closed()
        try:
            intake = self._config.intake
            found = listing.look(self._config.inbox, intake.ignore, max_megabytes=intake.max_megabytes)
        except OSError as fault:
            item = LeftAlone(path=self._config.inbox, reason=_unlisted(fault), barred=True)
            found = listing.Listing(files=(), left=(item,))
        ready = self._settling.see(found.files, closed, now=now, wall_now=self._clock.wall())
        self._settles_at = self._settling.due(now)
        self._candidates = deque(in_turn(ready, after=self._taken_from))
        took = self._clock.steady() - now
        self._crowded_until = now + min(max(CROWDED_SECONDS, CROWDED_SHARE * took), self.rescan_seconds)
        self._count_unannounced(found, announced=announced)
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
                self._taken_from = sighting.form or ""
                return token
        return None

    def due(self, now: float) -> float:
        """When the next look is due, on the steady clock, if nothing happens before."""
        if self._looked is None:
            return now
        rescan = self._looked + self._config.intake.rescan_seconds
        due = min(rescan, self._settles_at or rescan, self._probed_until or rescan)
        return max(due, self._crowded_until) if self._candidates else due

    @property
    def candidates(self) -> int:
        """How many files may be ready now."""
        return len(self._candidates)

    @property
    def waiting(self) -> int:
        """How many files the last look saw that could be read one day and were not taken since."""
        return self._settling.waiting

    @property
    def waits_seconds(self) -> float:
        """How long the file that was seen first has been waiting; 0 where none is. Other threads may ask."""
        oldest = self._settling.oldest
        return 0.0 if oldest is None else self._clock.steady() - oldest

    @property
    def rescan_seconds(self) -> float:
        """How often the inbox is looked at, whatever happens."""
        return self._config.intake.rescan_seconds

    @property
    def looked_at(self) -> float | None:
        """When the last look was, on the steady clock."""
        return self._looked

    @property
    def watched(self) -> bool:
        """Whether events can come, or are not wanted."""
        return self._watcher is None or self._watcher.alive()

    def _judge_probe(self, now: float) -> None:
        if self._watcher is None or self._probed_until is None:
            return
        if self._watcher.told:
            self._probed_until = None
        elif now >= self._probed_until:
            self._probed_until = None
            self._watcher.poll()
            log().warning("events_do_not_arrive", inbox=str(self._config.inbox), instead="looked at every second")

    def _count_unannounced(self, found: listing.Listing, *, announced: bool) -> None:
        """Count files that no event told of: a few are the lot of every watch, many are a broken one."""
        before, self._known = self._known, frozenset(sighting.path for sighting in found.files)
        if before is None or announced or self._watcher is None or self._watcher.changed:
            return
        if new := len(self._known - before):
            self.unannounced += new
            log().warning("found_without_event", files=new, inbox=str(self._config.inbox))

    def _worth_a_look(self, now: float) -> bool:
        """Whether something happened, or it is time; while there is plenty to take, that can wait."""
        crowded = bool(self._candidates) and now < self._crowded_until
        return now >= self.due(now) or (self._watcher is not None and self._watcher.changed and not crowded)

    def _tell(self, left: tuple[LeftAlone, ...]) -> None:
        for item in left:
            if item not in self._told and not item.junk:
                log().warning("file_left_alone", path=printable(str(item.path)), reason=item.reason)
        self._told.update(left)

    def _watch_again(self) -> None:
        """Start the watcher anew where the inbox was removed and made again."""
        if self._watcher is None or self._watcher.alive():
            return
        with suppress(OSError):  # it went away again: the next look sees
            if self._config.inbox.is_dir():
                self._watcher.stop()
                self._watcher.start()
                log().warning("watch_restarted", inbox=str(self._config.inbox))


def in_turn(files: Iterable[Sighting], *, after: str | None = None) -> Iterator[Sighting]:
    """One file of each folder after another, so that a full folder does not keep the others waiting.

    The folder called after had its turn last, "" being the inbox itself: those behind it by name come first. Where none
    has had a turn, the folder whose file comes first begins.
    """
    folders: dict[str, list[Sighting]] = {}
    for sighting in files:
        folders.setdefault(sighting.form or "", []).append(sighting)
    order = list(folders) if after is None else sorted(folders, key=lambda name: (name <= after, name))
    for row in zip_longest(*(folders[name] for name in order)):
        yield from (sighting for sighting in row if sighting is not None)


def _unlisted(fault: OSError) -> str:
    return f"the inbox cannot be listed: {fault.strerror}; make it again, or correct folders.inbox"


def _untaken(fault: OSError) -> str:
    if fault.errno == errno.EXDEV:
        return "it lies on another file system than var/work: drop files into the inbox itself"
    return f"it cannot be taken: {fault.strerror}; allow digitd to read it and to move it out of its folder"

"""Events of the inbox. They only wake the next look, and tell which files their writers have closed; watchdog is used
here and nowhere else.
"""

import os
import threading
from collections.abc import Callable
from pathlib import Path

from watchdog.events import (
    DirCreatedEvent,
    DirMovedEvent,
    FileClosedEvent,
    FileCreatedEvent,
    FileMovedEvent,
    FileSystemEvent,
    FileSystemEventHandler,
)
from watchdog.observers.api import BaseObserver

from digitd.logs import log

#: File systems whose changes by other machines the kernel does not tell.
NETWORK = ("nfs", "cifs", "smb", "fuse", "9p", "afs", "ceph", "glusterfs", "lustre", "vboxsf", "virtiofs", "drvfs")

#: Seconds between two looks of watchdog's polling observer.
POLL_SECONDS = 1.0

MOUNTS = Path("/proc/self/mountinfo")


class Watcher(FileSystemEventHandler):
    """Watches the inbox and its folders from `start` to `stop`. told says that some event has come since it was made.

    Parameters
    ----------
    inbox
        The folder.
    wake
        Called, from another thread, when the inbox should be looked at.
    polling
        Look every second instead of asking the kernel.
    """

    def __init__(self, inbox: Path, wake: Callable[[], None], *, polling: bool) -> None:
        self._inbox = inbox
        self._wake = wake
        self._polling = polling
        self._observer: BaseObserver | None = None
        self._closed: set[str] = set()
        self.changed = False
        self.told = False
        self._lock = threading.Lock()

    def start(self) -> None:
        """Begin to watch; where the kernel has no more watches to give, by looking every second."""
        try:
            self._observer = self._started(_polling_observer() if self._polling else _kernel_observer())
        except OSError as fault:
            if self._polling:
                raise
            log().warning("kernel_does_not_watch", inbox=str(self._inbox), reason=fault.strerror, instead="polled")
            self._polling = True
            self._observer = self._started(_polling_observer())

    def _started(self, observer: BaseObserver) -> BaseObserver:
        observer.schedule(self, str(self._inbox), recursive=True, event_filter=_WANTED)
        observer.start()
        return observer

    @property
    def polling(self) -> bool:
        """Whether it looks every second instead of asking the kernel."""
        return self._polling

    def poll(self) -> None:
        """From now on look every second, for the kernel tells nothing."""
        self.stop()
        self._polling = True
        self.start()

    def stop(self) -> None:
        """Stop watching; does nothing where it is not."""
        if self._observer is not None:
            self._observer.stop()
            self._observer.join()
            self._observer = None

    def alive(self) -> bool:
        """Whether events can still come; not so after the inbox was removed, even if it is there again."""
        return self._observer is not None and all(emitter.is_alive() for emitter in self._observer.emitters)

    def closed(self) -> frozenset[str]:
        """Which files were closed or renamed in since the last call; `changed` begins anew."""
        with self._lock:
            closed = frozenset(self._closed)
            self.changed = False
            self._closed.clear()
        return closed

    def on_any_event(self, event: FileSystemEvent) -> None:
        """Note the event and wake the loop; called by watchdog in its own thread."""
        finished = os.fsdecode(event.dest_path if isinstance(event, FileMovedEvent) else event.src_path)
        if isinstance(event, (FileMovedEvent, DirMovedEvent)) and not event.dest_path:
            return  # it left the inbox
        with self._lock:
            self.changed = self.told = True
            if isinstance(event, (FileClosedEvent, FileMovedEvent)):
                self._closed.add(finished)
        self._wake()


_WANTED: list[type[FileSystemEvent]] = [
    FileCreatedEvent,
    FileClosedEvent,
    FileMovedEvent,
    DirCreatedEvent,
    DirMovedEvent,
]


def on_network(folder: Path, mounts: Path = MOUNTS) -> bool:
    """Whether folder lies on a file system that the kernel's events do not fully cover."""
    best, kind = -1, ""
    resolved = folder.resolve()
    try:
        lines = mounts.read_text(encoding="utf-8", errors="surrogateescape").splitlines()
    except OSError:
        return False
    for line in lines:
        before, _, after = line.partition(" - ")
        point = Path(before.split()[4].encode().decode("unicode_escape"))
        if resolved.is_relative_to(point) and len(point.parts) >= best:
            best, kind = len(point.parts), after.split()[0]
    return kind.startswith(NETWORK)


def _kernel_observer() -> BaseObserver:
    from watchdog.observers import Observer

    try:
        from watchdog.observers.inotify import InotifyObserver
        from watchdog.observers.inotify_move_event_grouper import InotifyMoveEventGrouper
    except ImportError:  # not Linux: whatever the platform has
        return Observer()
    # A file leaving the inbox is held back half a second in search of its new name, and all later events behind it.
    # Nothing here needs the pair.
    InotifyMoveEventGrouper.delay = 0
    return InotifyObserver(generate_full_events=True)


def _polling_observer() -> BaseObserver:
    from watchdog.observers.polling import PollingObserver

    return PollingObserver(timeout=POLL_SECONDS)

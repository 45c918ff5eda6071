"""One service at a time on a set of folders: a lock that the kernel drops when its holder dies, however it dies."""

import fcntl
import os
import socket
import time
from pathlib import Path
from types import TracebackType

from digitd.errors import AlreadyRunning

#: Who only looks at the lock has it for an instant; so long, in seconds, who wants it waits for that.
GLANCE_SECONDS = 0.5


class Lock:
    """Held while the service runs; the file names its holder.

    Raises
    ------
    AlreadyRunning
        On entering: another process holds it; the message names that process.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._file: int | None = None

    def __enter__(self) -> "Lock":
        self._path.parent.mkdir(parents=True, exist_ok=True)
        file = os.open(self._path, os.O_RDWR | os.O_CREAT, 0o644)
        until = time.monotonic() + GLANCE_SECONDS
        while not (taken := _taken(file, fcntl.LOCK_EX)) and time.monotonic() < until:
            time.sleep(0.01)
        if not taken:
            holder = os.read(file, 200).decode("utf-8", "replace").strip() or "another process"
            os.close(file)
            raise AlreadyRunning(
                f"{self._path}: the service is running already on these folders ({holder}). "
                "Stop that one first, or use another folder with `digitd init DIR`."
            )
        os.ftruncate(file, 0)
        os.write(file, f"{this_process()}\n".encode())
        self._file = file
        return self

    def __exit__(
        self, kind: type[BaseException] | None, fault: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._file is not None:
            os.close(self._file)  # drops the lock; the file stays, or two services could hold one each
            self._file = None


def this_process() -> str:
    """How this process names itself to people."""
    return f"process {os.getpid()} on {socket.gethostname()}"


def holder(path: Path) -> str | None:
    """Who holds the lock, or None where nobody does; any number of processes may look at once."""
    try:
        file = os.open(path, os.O_RDONLY)
    except FileNotFoundError:
        return None
    try:
        if _taken(file, fcntl.LOCK_SH):
            return None
        return os.read(file, 200).decode("utf-8", "replace").strip() or "another process"
    finally:
        os.close(file)


def _taken(file: int, kind: int) -> bool:
    try:
        fcntl.flock(file, kind | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True

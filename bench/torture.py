"""Whether the service loses a page or counts one twice while it is killed and its world fails. `make torture`.

`kills` drops small pages in four ways (copied, renamed in, appended to slowly, written with a pause in the middle) as
the service is killed with SIGKILL at random instants and started again. After every kill each page that was dropped
must be in one place: in the inbox, in `var/work`, or where its row says; at the end each must have been read exactly
once. `faults` lets one thing fail at a time under the same rules; those that stages, the database or the clock are made
to give are in injected.py. Prints what came of it and writes torture.json.
"""

import argparse
import errno
import json
import os
import random
import shutil
import signal
import sqlite3
import subprocess
import sys
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, contextmanager, suppress
from pathlib import Path

import cv2
import numpy as np

from digitd.demo.handwriting import write_number
from digitd.records import Box

DIGITD = (sys.executable, "-m", "digitd")
FORM = "amount"

#: Ways to drop a page, and how many slow writers there are at once.
WAYS, SLOW_WRITERS = ("copied", "renamed", "appended", "paused"), 16

#: At most so many pages are dropped while one thing fails.
FAULT_PAGES = 300

#: Seconds between two kills: at least, at most.
BETWEEN_KILLS = (0.3, 5.0)

#: Seconds without any progress after which a test gives up.
PATIENCE_SECONDS = 90.0


def main() -> None:
    """Torture as asked for, print what came of it, write it down; ends with 1 if anything was lost or doubled."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("what", nargs="*", default=["kills", "faults"], help="kills, faults, or names of faults")
    parser.add_argument("--pages", type=int, default=10_000, help=f"for kills; {FAULT_PAGES} at most for a fault")
    parser.add_argument("--kills", type=int, default=30)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--out", type=Path, default=Path(__file__).with_suffix(".json"), help="JSON to write")
    given = parser.parse_args()
    results: dict[str, dict[str, float]] = {}
    names = [name for what in given.what for name in (FAULTS if what == "faults" else [what])]
    for name in names:
        random.seed(given.seed)
        begun = time.perf_counter()
        try:
            with room(small=name == "disk_full") as scratch:
                clerk = Clerk(scratch / "clerk")
                if name == "kills":
                    results[name] = kills(clerk, pages=given.pages, times=given.kills)
                else:
                    results[name] = fault(clerk, FAULTS[name], pages=min(FAULT_PAGES, given.pages))
        except (PermissionError, subprocess.CalledProcessError) as why:
            print(f"{name:<20} skipped: not allowed here ({why})", flush=True)
            continue
        results[name]["seconds"] = round(time.perf_counter() - begun, 1)
        print(f"{name:<20}", "  ".join(f"{key} {value:,}" for key, value in results[name].items()), flush=True)
    given.out.write_text(json.dumps(results, indent=2) + "\n", encoding="utf-8")
    sys.exit(int(any(one["lost"] or one["doubled"] for one in results.values())))


@contextmanager
def room(*, small: bool) -> Iterator[Path]:
    """A scratch folder; a small one is a file system of its own, which can be filled up."""
    with tempfile.TemporaryDirectory() as scratch:
        if small:
            mount = ("/bin/mount", "-t", "tmpfs", "-o", "size=48m", "digitd", scratch)
            subprocess.run(mount, check=True, capture_output=True)
        try:
            yield Path(scratch)
        finally:
            if small:
                subprocess.run(["/bin/umount", "--lazy", scratch], check=True, capture_output=True)


def page(number: int) -> bytes:
    """A small page that no other number has: its digits, and its noise."""
    rng = np.random.default_rng(number)
    paper = np.full((60, 220), 245, np.uint8)
    write_number(paper, f"{number % 100_000:05d}", Box(x0=6, y0=5, x1=214, y1=55), rng)
    noisy = np.clip(paper + rng.normal(0, 3, paper.shape), 0, 255).astype(np.uint8)
    return bytes(cv2.imencode(".png", noisy)[1].tobytes())


class Clerk:
    """A folder with a service that is started, killed and looked at from outside."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.inbox = folder / "inbox"
        self.process: subprocess.Popen[bytes] | None = None
        self.log = folder.parent / "log"
        self.run: Sequence[str] = (*DIGITD, "run")
        subprocess.run([*DIGITD, "init", str(folder)], check=True, capture_output=True)
        subprocess.run([*DIGITD, "form", "new", FORM, "--whole-page"], cwd=folder, check=True, capture_output=True)
        config = (folder / "config.toml").read_text(encoding="utf-8")
        (folder / "config.toml").write_text(
            config.replace("rescan_seconds = 30", "rescan_seconds = 2"), encoding="utf-8"
        )

    def start(self) -> None:
        """Start the service."""
        with self.log.open("ab") as log:
            self.process = subprocess.Popen(self.run, cwd=self.folder, stderr=log, stdout=log)

    def kill(self) -> None:
        """SIGKILL, and nothing before it."""
        if self.process is not None:
            self.process.kill()
            self.process.wait()

    def stop(self) -> None:
        """An orderly end."""
        if self.process is not None:
            self.process.send_signal(signal.SIGTERM)
            self.process.wait(timeout=120)

    def ask(self, query: str) -> list[tuple[object, ...]]:
        """Rows of the database; none before there is one."""
        path = self.folder / "var" / "digitd.db"
        with suppress(sqlite3.OperationalError), closing(sqlite3.connect(f"file:{path}?mode=ro", uri=True)) as database:
            return database.execute(query).fetchall()
        return []

    def finished(self) -> int:
        """Documents that are read."""
        ((count,),) = self.ask("SELECT count(*) FROM documents WHERE read_at IS NOT NULL") or [(0,)]
        return int(str(count))

    def misplaced(self, dropped: Sequence[str]) -> tuple[int, int]:
        """How many of the pages that were dropped are nowhere, and how many in two places, while no service runs.

        A file in work belongs to its row: that says where it is to go, and the next start takes it there.
        """
        rows = Counter(str(name) for (name,) in self.ask("SELECT name FROM documents"))
        tokens = {str(token) for (token,) in self.ask("SELECT token FROM documents")}
        places = Counter(rows)
        places.update(path.name for path in self.inbox.rglob("*.png"))
        for folder in (self.folder / "var" / "work").glob("*"):
            if folder.name not in tokens:
                places.update(path.name for path in folder.rglob("*.png"))
        return sum(places[name] == 0 for name in dropped), sum(places[name] > 1 for name in dropped)


class Feeder:
    """Drops pages in bursts, in all ways, from threads; remembers what has its last byte, or will have."""

    def __init__(self, inbox: Path, numbers: range) -> None:
        self.dropped: list[str] = []
        self._inbox = inbox
        self._numbers = numbers
        self._pool = ThreadPoolExecutor(SLOW_WRITERS)
        self._thread = threading.Thread(target=self._feed)
        self._thread.start()

    @property
    def done(self) -> bool:
        """Whether all is dropped."""
        return not self._thread.is_alive()

    def wait(self) -> None:
        """Until all is dropped."""
        self._thread.join()

    def _feed(self) -> None:
        chance = random.Random(self._numbers.start)  # noqa: S311 - no secret
        for number in self._numbers:
            way = WAYS[number % len(WAYS)]
            folder = self._inbox / FORM / f"box {number % 3}"
            name = f"{way}-{number:06d}.png"
            if way in {"copied", "renamed"}:
                self._surely(folder, name, page(number), way)
            else:
                self._pool.submit(self._surely, folder, name, page(number), way)
            if chance.random() < 0.01:
                time.sleep(chance.uniform(0.0, 1.0))
        self._pool.shutdown(wait=True)

    def _surely(self, folder: Path, name: str, data: bytes, way: str) -> None:
        """Drop a page; where there is no room, or no inbox, again until there is."""
        while True:
            with suppress(OSError):
                _drop(folder, name, data, way)
                self.dropped.append(name)
                return
            time.sleep(0.2)


def _drop(folder: Path, name: str, data: bytes, way: str) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / name
    if way == "copied":
        path.write_bytes(data)
    elif way == "renamed":
        path.with_suffix(".part").write_bytes(data)
        path.with_suffix(".part").rename(path)
    else:
        parts = 6 if way == "appended" else 2
        pause = 0.03 if way == "appended" else 0.4
        size = len(data) // parts + 1
        with path.open("wb", buffering=0) as file:
            for start in range(0, len(data), size):
                if file.write(data[start : start + size]) < len(data[start : start + size]):
                    raise OSError(errno.ENOSPC, "a part was written")
                time.sleep(pause)


def kills(clerk: Clerk, *, pages: int, times: int) -> dict[str, float]:
    """Kill the service times times while pages are dropped and after, then let it read what is left."""
    feeder = Feeder(clerk.inbox, range(pages))
    lost = doubled = killed = 0
    while killed < times:
        clerk.start()
        time.sleep(random.uniform(*BETWEEN_KILLS))  # noqa: S311 - no secret
        clerk.kill()
        killed += 1
        found = clerk.misplaced(list(feeder.dropped))
        lost, doubled = lost + found[0], doubled + found[1]
    clerk.start()
    feeder.wait()
    return {"kills": killed, **_outcome(clerk, feeder.dropped, lost=lost, doubled=doubled)}


def fault(clerk: Clerk, failing: Callable[[Clerk], Iterator[None]], *, pages: int) -> dict[str, float]:
    """Let something fail while pages are dropped, and be well again."""
    clerk.start()
    feeder = Feeder(clerk.inbox, range(pages))
    with contextmanager(failing)(clerk):
        feeder.wait()
    return _outcome(clerk, feeder.dropped)


def _outcome(clerk: Clerk, dropped: Sequence[str], *, lost: int = 0, doubled: int = 0) -> dict[str, float]:
    """Wait until all is read, or nothing moves any more, stop the service, and count."""
    last, since = -1, time.monotonic()
    while clerk.finished() < len(dropped) and time.monotonic() - since < PATIENCE_SECONDS:
        if (now := clerk.finished()) != last:
            last, since = now, time.monotonic()
        time.sleep(0.2)
    clerk.stop()
    found = clerk.misplaced(dropped)
    states = dict(clerk.ask("SELECT state, count(*) FROM documents GROUP BY state"))
    twice = clerk.ask("SELECT document_id FROM pages GROUP BY document_id HAVING count(*) > 1")
    kept = {path.name.partition("-")[2] for path in (clerk.folder / "var" / "archive").rglob("*.png")}
    return {
        "dropped": len(dropped),
        "read": clerk.finished(),
        "lost": lost + found[0] + sum(name not in kept for name in dropped),
        "doubled": doubled + found[1] + len(twice),
        "failed": int(str(states.get("failed", 0))),
    }


def _reader_killed(clerk: Clerk) -> Iterator[None]:
    """A reader is killed every second, ten times."""

    def kill() -> None:
        for _ in range(10):
            time.sleep(1.0)
            with suppress(OSError):
                for pid in _readers(clerk)[:1]:
                    os.kill(pid, signal.SIGKILL)

    killer = threading.Thread(target=kill)
    killer.start()
    yield
    killer.join()


def _readers(clerk: Clerk) -> list[int]:
    """The processes of a service that read."""
    assert clerk.process is not None
    found = _children(clerk.process.pid)
    return [pid for pid in found if b"spawn_main" in Path(f"/proc/{pid}/cmdline").read_bytes()]


def _children(pid: int) -> list[int]:
    return [int(child) for child in Path(f"/proc/{pid}/task/{pid}/children").read_text(encoding="ascii").split()]


def _database_locked(clerk: Clerk) -> Iterator[None]:
    """Another program holds the database for half a minute."""
    while not clerk.finished():
        time.sleep(0.1)
    with closing(sqlite3.connect(clerk.folder / "var" / "digitd.db", timeout=30)) as database:
        database.execute("BEGIN IMMEDIATE")
        yield
        time.sleep(30)
        database.rollback()


def _inbox_away(clerk: Clerk) -> Iterator[None]:
    """The inbox goes for ten seconds when all is dropped, with what is in it, as a share that is unmounted."""
    yield
    aside = clerk.folder / "aside"
    clerk.inbox.rename(aside)
    time.sleep(10)
    shutil.rmtree(clerk.inbox, ignore_errors=True)
    aside.rename(clerk.inbox)


def _events_off(clerk: Clerk) -> Iterator[None]:
    """The kernel gives no watches."""
    yield from _kernel_gives(clerk, "max_user_watches", 0)


def _events_overflow(clerk: Clerk) -> Iterator[None]:
    """The kernel keeps no more than a few events: most are lost."""
    yield from _kernel_gives(clerk, "max_queued_events", 2)


def _kernel_gives(clerk: Clerk, name: str, number: int) -> Iterator[None]:
    """A limit of inotify is set, for the whole machine, so only where that is allowed."""
    limit = Path("/proc/sys/fs/inotify", name)
    before = limit.read_text(encoding="ascii")
    clerk.stop()
    limit.write_text(str(number), encoding="ascii")
    try:
        clerk.start()
        yield
    finally:
        limit.write_text(before, encoding="ascii")


def _disk_full(clerk: Clerk) -> Iterator[None]:
    """The file system is filled to the last byte for a while. Needs a mount, so only where that is allowed."""
    ballast = clerk.folder / "ballast"
    while not clerk.finished():
        time.sleep(0.1)
    with ballast.open("wb") as file, suppress(OSError):
        while True:
            file.write(b"\0" * (1 << 20))
            file.flush()
    with suppress(OSError), (clerk.folder / "ballast2").open("wb", buffering=0) as file:
        while True:
            file.write(b"\0" * 4096)
    time.sleep(10)
    ballast.unlink()
    (clerk.folder / "ballast2").unlink(missing_ok=True)
    yield


def _archive_closed(clerk: Clerk) -> Iterator[None]:
    """Nothing can be put into the archive for a while. Needs a file system that can, so only where that is allowed."""
    archive = clerk.folder / "var" / "archive"
    while not clerk.finished():
        time.sleep(0.1)
    subprocess.run(["/usr/bin/chattr", "+i", archive], check=True, capture_output=True)
    try:
        yield
        time.sleep(10)
    finally:
        subprocess.run(["/usr/bin/chattr", "-i", archive], check=True, capture_output=True)


def _stages_fail(clerk: Clerk) -> Iterator[None]:
    """Before any stage of reading the device may fail."""
    yield from _injected(clerk, "stages_fail")


def _stages_short(clerk: Clerk) -> Iterator[None]:
    """Before any stage of reading there may be no memory."""
    yield from _injected(clerk, "stages_short")


def _writes_fail(clerk: Clerk) -> Iterator[None]:
    """Before, or after, any step of the ledger the database may fail."""
    yield from _injected(clerk, "writes_fail")


def _clock_back(clerk: Clerk) -> Iterator[None]:
    """The clock goes back an hour, and forth again, every few seconds."""
    yield from _injected(clerk, "clock_back")


def _injected(clerk: Clerk, what: str) -> Iterator[None]:
    clerk.stop()
    clerk.run = (sys.executable, str(Path(__file__).with_name("injected.py")), what)
    clerk.start()
    yield


FAULTS: dict[str, Callable[[Clerk], Iterator[None]]] = {
    "reader_killed": _reader_killed,
    "database_locked": _database_locked,
    "inbox_away": _inbox_away,
    "events_off": _events_off,
    "events_overflow": _events_overflow,
    "disk_full": _disk_full,
    "archive_closed": _archive_closed,
    "stages_fail": _stages_fail,
    "stages_short": _stages_short,
    "writes_fail": _writes_fail,
    "clock_back": _clock_back,
}


if __name__ == "__main__":
    main()

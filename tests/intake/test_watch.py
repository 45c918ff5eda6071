import queue
from pathlib import Path

import pytest
from watchdog.events import (
    DirCreatedEvent,
    FileClosedEvent,
    FileCreatedEvent,
    FileMovedEvent,
    FileSystemEvent,
)

from digitd.intake.watch import Watcher, on_network

MOUNTS = """\
22 1 8:1 / / rw,relatime shared:1 - ext4 /dev/sda1 rw
30 22 0:40 / /srv/scans rw,relatime - nfs4 server:/scans rw
31 22 0:41 / /srv/scans/local rw,relatime - ext4 /dev/sdb1 rw
32 22 0:42 / /mnt/with\\040space rw - cifs //server/share rw
33 22 0:43 / /mnt/phone rw - fuse.sshfs host: rw
"""


@pytest.mark.parametrize(
    ("folder", "network"),
    [
        ("/home/inbox", False),
        ("/srv/scans/inbox", True),
        ("/srv/scans/local/inbox", False),
        ("/mnt/with space", True),
        ("/mnt/phone/x", True),
    ],
)
def test_a_network_file_system_is_told_by_its_mount(tmp_path: Path, folder: str, network: bool) -> None:
    """The mount nearest to the folder decides."""
    mounts = tmp_path / "mountinfo"
    mounts.write_text(MOUNTS, encoding="utf-8")
    assert on_network(Path(folder), mounts) is network


def test_without_a_list_of_mounts_the_folder_is_local(tmp_path: Path) -> None:
    """Other systems than Linux have no such list."""
    assert on_network(tmp_path, tmp_path / "none") is False


@pytest.mark.parametrize(
    ("event", "wakes", "closed"),
    [
        (FileCreatedEvent("/inbox/a"), True, set()),
        (DirCreatedEvent("/inbox/tally"), True, set()),
        (FileClosedEvent("/inbox/a"), True, {"/inbox/a"}),
        (FileMovedEvent("/inbox/a.part", "/inbox/a"), True, {"/inbox/a"}),
        (FileMovedEvent("", "/inbox/a"), True, {"/inbox/a"}),
        (FileMovedEvent("/inbox/a", ""), False, set()),
    ],
)
def test_events_wake_and_tell_what_was_closed(event: FileSystemEvent, wakes: bool, closed: set[str]) -> None:
    """A file closed or renamed into place may settle at once; one that left, as every claim makes it, wakes nobody."""
    rings: list[None] = []
    watcher = Watcher(Path("/inbox"), lambda: rings.append(None), polling=False)
    watcher.on_any_event(event)
    assert (bool(rings), watcher.changed) == (wakes, wakes)
    assert watcher.closed() == closed
    assert (watcher.closed(), watcher.changed) == (frozenset(), False)


@pytest.mark.parametrize("folder", [".", "tally", "made later"])
def test_the_kernel_tells_of_a_closed_file(tmp_path: Path, folder: str) -> None:
    """In the inbox, in a folder of it, and in one that is made while it is watched."""
    (tmp_path / "tally").mkdir()
    rings: queue.SimpleQueue[None] = queue.SimpleQueue()
    watcher = Watcher(tmp_path, lambda: rings.put(None), polling=False)
    watcher.start()
    try:
        (tmp_path / folder).mkdir(exist_ok=True)
        (tmp_path / folder / "a.png").write_bytes(b"x")
        rings.get(timeout=10)
        assert watcher.alive()
    finally:
        watcher.stop()
    assert not watcher.alive()


def test_a_watch_on_a_removed_inbox_is_known_to_be_dead(tmp_path: Path) -> None:
    """The service can tell, and watch anew when the folder is back."""
    inbox = tmp_path / "inbox"
    inbox.mkdir()
    watcher = Watcher(inbox, lambda: None, polling=False)
    watcher.start()
    try:
        (emitter,) = watcher._observer.emitters  # type: ignore[union-attr]
        inbox.rmdir()
        emitter.join(timeout=10)
        assert not watcher.alive()
    finally:
        watcher.stop()


def test_polling_finds_a_file_without_the_kernel(tmp_path: Path) -> None:
    """The observer for network file systems tells of a new file."""
    rings: queue.SimpleQueue[None] = queue.SimpleQueue()
    watcher = Watcher(tmp_path, lambda: rings.put(None), polling=True)
    watcher.start()
    try:
        (tmp_path / "a.png").write_bytes(b"x")
        assert rings.get(timeout=10) is None
    finally:
        watcher.stop()

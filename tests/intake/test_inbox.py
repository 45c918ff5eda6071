import errno
import os
import shutil
from pathlib import Path

import pytest
from structlog.testing import capture_logs

from digitd.config import Config, Intake
from digitd.intake import archive, claim
from digitd.intake import inbox as module
from digitd.intake.inbox import Clock, Inbox
from digitd.intake.watch import Watcher


class FakeClock:
    """Steady and wall time move together, when told to."""

    def __init__(self) -> None:
        self.now = 1000.0

    @property
    def clock(self) -> Clock:
        return Clock(steady=lambda: self.now, wall=lambda: self.now)


class FakeWatcher(Watcher):
    """Events are set by hand; a watch that was lost is started again."""

    def __init__(self, inbox: Path) -> None:
        super().__init__(inbox, lambda: None, polling=False)
        self.starts = 0
        self.lives = True

    def start(self) -> None:
        self.starts += 1
        self.lives = True

    def stop(self) -> None:
        self.lives = False

    def alive(self) -> bool:
        return self.lives

    def note(self, *closed: Path) -> None:
        self.changed = self.told = True
        self._closed.update(str(path) for path in closed)


@pytest.fixture
def config(tmp_path: Path) -> Config:
    (tmp_path / "inbox").mkdir()
    archive.prepare(tmp_path / "var")
    return Config(root=tmp_path, intake=Intake(settle_seconds=1, incomplete_seconds=30, rescan_seconds=60))


@pytest.fixture
def time() -> FakeClock:
    return FakeClock()


@pytest.fixture
def watcher(config: Config) -> FakeWatcher:
    return FakeWatcher(config.inbox)


def drop(config: Config, name: str, *, at: float, data: bytes = b"data") -> Path:
    path = config.inbox / name
    path.parent.mkdir(exist_ok=True)
    path.write_bytes(data)
    os.utime(path, (at, at))
    return path


def test_it_looks_when_an_event_came_and_not_before(
    config: Config, time: FakeClock, watcher: FakeWatcher, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Between events, and before the rescan is due, the inbox is not listed."""
    looks: list[float] = []
    look = module.listing.look
    monkeypatch.setattr(module.listing, "look", lambda *args, **named: looks.append(time.now) or look(*args, **named))
    inbox = Inbox(config, watcher, clock=time.clock)
    for step in (0.0, 10.0, 20.0):
        time.now += step
        inbox.look()
    assert looks == [1000.0]
    watcher.note()
    inbox.look()
    time.now += 60
    inbox.look()
    assert looks == [1000.0, 1030.0, 1090.0]


def test_a_lost_event_costs_a_rescan_not_a_file(config: Config, time: FakeClock, watcher: FakeWatcher) -> None:
    """A file that nobody told of is found by the listing."""
    inbox = Inbox(config, watcher, clock=time.clock)
    inbox.look()
    drop(config, "a.png", at=time.now)
    time.now += inbox.due(time.now) - time.now
    inbox.look()
    assert inbox.take() is not None


def test_the_next_look_is_when_a_file_settles(config: Config, time: FakeClock, watcher: FakeWatcher) -> None:
    """A file that is still changing brings the next look forward."""
    drop(config, "a.png", at=time.now)
    inbox = Inbox(config, watcher, clock=time.clock)
    inbox.look()
    assert (inbox.take(), inbox.waiting) == (None, 1)
    assert inbox.due(time.now) == pytest.approx(1001.0)
    time.now = 1001.0
    inbox.look()
    assert inbox.take() is not None
    assert inbox.waiting == 0


def test_a_crowded_inbox_is_not_listed_for_every_event(config: Config, time: FakeClock, watcher: FakeWatcher) -> None:
    """While files wait to be taken, events are answered once a second: a listing of 10,000 has its price."""
    drop(config, "a.png", at=0)
    inbox = Inbox(config, watcher, clock=time.clock)
    inbox.look()
    drop(config, "b.png", at=0)
    watcher.note()
    inbox.look()
    assert inbox.candidates == 1
    time.now += module.CROWDED_SECONDS
    inbox.look()
    assert inbox.candidates == 2


@pytest.mark.parametrize("seconds", [(0.2, 2.0), (3.0, 30.0), (20.0, 60.0)])
def test_a_crowded_inbox_is_listed_for_a_tenth_of_the_time(
    config: Config, time: FakeClock, watcher: FakeWatcher, monkeypatch: pytest.MonkeyPatch, seconds: tuple[float, float]
) -> None:
    """However many files are settling or announced; at the latest when a rescan is due."""
    took, waits = seconds
    looks = []
    listed = module.listing.look

    def slow(*args: object, **named: object) -> object:
        looks.append(time.now)
        time.now += took
        return listed(*args, **named)  # type: ignore[arg-type]

    monkeypatch.setattr(module.listing, "look", slow)
    for name in "ab":
        drop(config, name, at=time.now - 100)
    inbox = Inbox(config, watcher, clock=time.clock)
    inbox.look()
    drop(config, "settling", at=time.now)
    watcher.note()
    begun = looks[0]
    time.now = begun + waits - 0.1
    inbox.look()
    assert looks == [begun]
    assert inbox.due(time.now) > begun + waits - 0.01
    time.now = begun + waits + 0.1
    inbox.look()
    assert looks == [begun, begun + waits + 0.1]


def test_a_file_that_cannot_be_read_stays_and_is_told_once(
    config: Config,
    time: FakeClock,
    watcher: FakeWatcher,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Without permission it lies in the inbox, with the reason; its neighbour is taken; allowed, it is taken too."""
    secret = drop(config, "a.png", at=0)
    drop(config, "b.png", at=0)
    allowed = False
    judge = module.Settling.is_ready

    def ask(self: module.Settling, path: Path, now: float) -> bool:
        if path == secret and not allowed:
            raise PermissionError(errno.EACCES, "Permission denied")
        return judge(self, path, now)

    monkeypatch.setattr(module.Settling, "is_ready", ask)
    inbox = Inbox(config, watcher, clock=time.clock)
    with capture_logs() as lines:
        for _ in range(2):
            inbox.look(now_please=True)
            inbox.take()
            assert inbox.take() is None
    (left,) = inbox.left
    assert (left.path, left.barred) == (secret, True)
    assert "Permission denied; allow digitd to read it" in left.reason
    assert (secret.exists(), (config.inbox / "b.png").exists()) == (True, False)
    assert [line["event"] for line in lines] == ["file_left_alone"]
    allowed = True
    inbox.look(now_please=True)
    assert inbox.take() is not None


def test_a_file_on_another_disk_is_told_as_such(
    config: Config, time: FakeClock, watcher: FakeWatcher, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A folder of the inbox may be a mount of its own, from which nothing can be renamed."""

    def refuse(self: Path, target: Path) -> Path:
        raise OSError(errno.EXDEV, "Invalid cross-device link")

    drop(config, "a.png", at=0)
    monkeypatch.setattr(Path, "rename", refuse)
    inbox = Inbox(config, watcher, clock=time.clock)
    inbox.look()
    assert inbox.take() is None
    assert "another file system" in inbox.left[0].reason


def test_an_inbox_that_goes_and_comes_back_is_watched_again(
    config: Config, time: FakeClock, watcher: FakeWatcher
) -> None:
    """A share that is unmounted for a while is a reason to wait, not to stop."""
    inbox = Inbox(config, watcher, clock=time.clock)
    watcher.start()
    inbox.look()
    shutil.rmtree(config.inbox)
    watcher.stop()
    inbox.look(now_please=True)
    assert "make it again" in inbox.left[0].reason
    assert watcher.starts == 1
    config.inbox.mkdir()
    drop(config, "a.png", at=0)
    inbox.look(now_please=True)
    assert watcher.starts == 2
    assert inbox.take() is not None


def test_where_no_event_arrives_the_inbox_is_polled(config: Config, time: FakeClock, watcher: FakeWatcher) -> None:
    """A probe is written at the start; its event may take a moment, but not for ever."""
    inbox = Inbox(config, watcher, clock=time.clock)
    watcher.start()
    inbox.probe()
    assert list(config.inbox.iterdir()) == []
    inbox.look()
    assert inbox.due(time.now) == time.now + module.PROBE_SECONDS
    time.now += module.PROBE_SECONDS
    with capture_logs() as lines:
        inbox.look()
    assert watcher._polling
    assert [line["event"] for line in lines] == ["events_do_not_arrive"]


def test_one_event_is_proof_enough(config: Config, time: FakeClock, watcher: FakeWatcher) -> None:
    """Whatever it tells of."""
    inbox = Inbox(config, watcher, clock=time.clock)
    inbox.probe()
    watcher.note()
    time.now += 2 * module.PROBE_SECONDS
    inbox.look()
    assert not watcher._polling
    assert inbox.due(time.now) == time.now + 60


def test_files_without_an_event_are_counted(config: Config, time: FakeClock, watcher: FakeWatcher) -> None:
    """Those there at the start are not, nor those of which an event told."""
    inbox = Inbox(config, watcher, clock=time.clock)
    drop(config, "a.png", at=0)
    inbox.look()
    drop(config, "b.png", at=0)
    watcher.note()
    inbox.look(now_please=True)
    assert inbox.unannounced == 0
    drop(config, "c.png", at=0)
    time.now += 60
    with capture_logs() as lines:
        inbox.look()
    assert inbox.unannounced == 1
    assert [line["event"] for line in lines] == ["found_without_event"]


def test_a_file_of_a_terabyte_is_left_alone(config: Config, time: FakeClock, watcher: FakeWatcher) -> None:
    """All holes, it takes no room on the disk; its size is enough to leave it, and its neighbour is taken."""
    huge = config.inbox / "a.png"
    with huge.open("wb") as file:
        file.truncate(1 << 40)
    drop(config, "b.png", at=0)
    inbox = Inbox(config, watcher, clock=time.clock)
    inbox.look()
    assert inbox.take() is not None
    assert inbox.take() is None
    (left,) = inbox.left
    assert (left.path, left.barred) == (huge, True)
    assert "it is 1,099,512 MB, and the limit is 500: split it" in left.reason


def test_folders_take_turns(config: Config, time: FakeClock, watcher: FakeWatcher) -> None:
    """A thousand older files of one form do not keep the one of another waiting."""
    for number in range(5):
        drop(config, f"many/{number}.png", at=number)
    drop(config, "few/a.png", at=10)
    drop(config, "b.png", at=20)
    inbox = Inbox(config, watcher, clock=time.clock)
    inbox.look()
    taken = [claim.inspect(config.var / archive.WORK, inbox.take() or "") for _ in range(7)]
    assert [one.name for one in taken if one] == ["0.png", "a.png", "b.png", "1.png", "2.png", "3.png", "4.png"]


def test_folders_take_turns_from_look_to_look(config: Config, time: FakeClock, watcher: FakeWatcher) -> None:
    """Files keep coming, so that the inbox is looked at before each is taken: whose turn it is is not forgotten."""
    for number in range(4):
        drop(config, f"many/{number}.png", at=number)
        drop(config, f"more/{number}.png", at=10 + number)
    drop(config, "few/a.png", at=20)
    inbox = Inbox(config, watcher, clock=time.clock)
    taken = []
    for _ in range(6):
        inbox.look(now_please=True)
        found = claim.inspect(config.var / archive.WORK, inbox.take() or "")
        taken.append(found and f"{found.form}/{found.name}")
    assert taken == ["many/0.png", "more/0.png", "few/a.png", "many/1.png", "more/1.png", "many/2.png"]


def test_how_long_the_first_file_waits_is_known(config: Config, time: FakeClock, watcher: FakeWatcher) -> None:
    """Since it was first seen, also where it was written to in between; what was taken waits no more."""
    inbox = Inbox(config, watcher, clock=time.clock)
    inbox.look()
    assert inbox.waits_seconds == 0.0
    drop(config, "first.png", at=1)
    inbox.look(now_please=True)
    time.now += 30
    drop(config, "first.png", at=2)
    drop(config, "second.png", at=3)
    inbox.look(now_please=True)
    time.now += 10
    inbox.look(now_please=True)
    assert inbox.waits_seconds == pytest.approx(40)
    assert inbox.take()
    assert inbox.waits_seconds == pytest.approx(10)

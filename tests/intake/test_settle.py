from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from digitd.intake.listing import Sighting
from digitd.intake.settle import Settling
from digitd.intake.whole import Wholeness

A = Path("/inbox/a.png")
WALL = 1_000_000.0


def seen(size: int = 1, *, mtime: float = WALL, path: Path = A) -> Sighting:
    return Sighting(path=path, form=None, size_bytes=size, mtime_ns=int(mtime * 1e9), inode=1)


class Watched:
    """A settling of 1 s and 30 s over a file whose wholeness is set by hand, on clocks that start together."""

    def __init__(self, wholeness: Wholeness = Wholeness.WHOLE, *, trust_mtime: bool = True) -> None:
        self.wholeness = wholeness
        self.opened = 0
        self.settling = Settling(1.0, 30.0, trust_mtime=trust_mtime, judge=self.judge)

    def judge(self, _path: Path) -> Wholeness:
        self.opened += 1
        return self.wholeness

    def look(self, now: float, *files: Sighting, closed: tuple[Path, ...] = ()) -> list[Path]:
        found = self.settling.see(files, {str(p) for p in closed}, now=now, wall_now=WALL + now)
        return [f.path for f in found if self.settling.is_ready(f.path, now)]


def test_a_file_is_ready_when_it_was_quiet_long_enough() -> None:
    """Not at the first look, nor before settle_seconds; at settle_seconds it is."""
    watched = Watched()
    assert watched.look(0.0, seen()) == []
    assert watched.look(0.9, seen()) == []
    assert watched.look(1.0, seen()) == [A]


def test_a_file_that_grows_waits_anew() -> None:
    """Every change of size or time starts the wait again."""
    watched = Watched()
    assert watched.look(0.0, seen(1)) == []
    assert watched.look(0.8, seen(2, mtime=WALL + 0.8)) == []
    assert watched.look(1.5, seen(2, mtime=WALL + 0.8)) == []
    assert watched.look(1.8, seen(2, mtime=WALL + 0.8)) == [A]


def test_a_file_replaced_by_another_waits_anew() -> None:
    """The same name, size and time with another inode is another file."""
    watched = Watched()
    assert watched.look(0.0, seen()) == []
    other = Sighting(path=A, form=None, size_bytes=1, mtime_ns=int(WALL * 1e9), inode=2)
    assert watched.look(1.0, other) == []


def test_a_whole_file_is_ready_when_its_writer_closed_it() -> None:
    """No wait at all where the kernel told of the end and the format agrees."""
    assert Watched().look(0.0, seen(), closed=(A,)) == [A]


def test_closing_is_remembered_until_the_file_changes() -> None:
    """A close that is told after the look that saw the file counts at the next; one before a change does not."""
    watched = Watched(Wholeness.CUT_OFF)
    assert watched.look(0.0, seen(), closed=(A,)) == []
    watched.wholeness = Wholeness.WHOLE
    assert watched.look(0.1, seen(2, mtime=WALL + 0.1)) == []
    assert watched.look(0.2, seen(2, mtime=WALL + 0.1), closed=(A,)) == [A]


def test_closing_does_not_make_a_cut_off_file_ready() -> None:
    """A writer that opens and closes for each piece is waited for."""
    watched = Watched(Wholeness.CUT_OFF)
    assert watched.look(0.0, seen(), closed=(A,)) == []
    assert watched.look(5.0, seen()) == []


def test_closing_does_not_make_an_unknown_file_ready() -> None:
    """Where no format tells the end, only quiet does."""
    watched = Watched(Wholeness.UNKNOWN)
    assert watched.look(0.0, seen(), closed=(A,)) == []
    assert watched.look(1.0, seen()) == [A]


def test_a_file_that_stays_cut_off_is_taken_in_the_end() -> None:
    """After incomplete_seconds without a change it is ready, to fail with its reason."""
    watched = Watched(Wholeness.CUT_OFF)
    assert watched.look(0.0, seen()) == []
    assert watched.look(29.9, seen()) == []
    assert watched.look(30.0, seen()) == [A]


def test_an_old_file_is_ready_at_the_first_look() -> None:
    """What lay there before the start needs no second look, if its time can be trusted."""
    assert Watched().look(0.0, seen(mtime=WALL - 5)) == [A]
    assert Watched(trust_mtime=False).look(0.0, seen(mtime=WALL - 5)) == []


def test_a_time_in_the_future_is_no_time_at_all() -> None:
    """A clock that runs ahead does not keep a file for ever."""
    watched = Watched()
    assert watched.look(0.0, seen(mtime=WALL + 9999)) == []
    assert watched.look(1.0, seen(mtime=WALL + 9999)) == [A]


def test_a_file_is_opened_once_for_each_change() -> None:
    """Looking again at what has not changed costs no reading."""
    watched = Watched(Wholeness.CUT_OFF)
    for now in (0.0, 1.0, 2.0, 3.0):
        watched.look(now, seen())
    assert watched.opened == 1
    watched.look(4.0, seen(2))
    watched.look(5.0, seen(2))
    assert watched.opened == 2


def test_what_is_gone_is_forgotten() -> None:
    """A file that leaves and comes back is a new file; nothing is kept of those that left."""
    watched = Watched()
    watched.look(0.0, seen())
    watched.look(0.5)
    assert watched.settling.waiting == 0
    assert watched.look(1.0, seen()) == [A]  # its own time says that it is quiet


def test_the_next_look_is_due_when_the_first_file_settles() -> None:
    """There is no polling: the time of the next decision is known."""
    watched = Watched()
    assert watched.settling.due(0.0) is None
    watched.look(0.0, seen(), seen(path=Path("/inbox/b"), mtime=WALL - 0.5))
    assert watched.settling.due(0.0) == pytest.approx(0.5)
    assert watched.settling.due(0.6) == pytest.approx(1.0)
    assert watched.settling.due(2.0) == pytest.approx(29.5)


@given(st.lists(st.tuples(st.floats(0.01, 5), st.booleans(), st.booleans()), min_size=1, max_size=20))
def test_no_file_is_taken_while_it_changes(steps: list[tuple[float, bool, bool]]) -> None:
    """Whatever the looks, a file is ready only if it is closed or unchanged for a second, and then it is."""
    watched = Watched()
    now, size, changed_at, closed = 0.0, 1, 0.0, False
    watched.look(now, seen(size))
    for wait, change, close in steps:
        now += wait
        if change:
            size, changed_at, closed = size + 1, now, False
        closed = closed or close
        ready = watched.look(now, seen(size, mtime=WALL + changed_at), closed=(A,) if close else ())
        assert bool(ready) == (closed or now - changed_at >= 1.0)

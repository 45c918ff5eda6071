import fcntl
import os
import threading
from pathlib import Path

import pytest

from digitd.errors import AlreadyRunning, ExitCode
from digitd.intake.lock import Lock, holder


def test_the_second_is_refused_and_told_of_the_first(tmp_path: Path) -> None:
    """Only one holds the lock; the message names the process that does."""
    path = tmp_path / "var" / "lock"
    assert holder(tmp_path / "nowhere" / "lock") is None
    with Lock(path):
        assert holder(path) is not None
        with (
            pytest.raises(AlreadyRunning, match=rf"process {os.getpid()} on .*Stop that one first") as caught,
            Lock(path),
        ):
            pass
        assert caught.value.exit_code is ExitCode.ALREADY_RUNNING
    assert holder(path) is None


def test_a_lock_left_by_a_killed_process_is_free(tmp_path: Path) -> None:
    """The file a dead holder left does not lock anybody out."""
    path = tmp_path / "lock"
    path.write_text("process 1 on elsewhere\n", encoding="utf-8")
    with Lock(path):
        assert str(os.getpid()) in path.read_text(encoding="utf-8")


def test_looking_takes_nothing_from_anybody(tmp_path: Path) -> None:
    """Looking leaves no file and no name; two who look do not see each other; who wants the lock waits for them."""
    path = tmp_path / "lock"
    assert holder(path) is None
    assert not path.exists()
    path.write_text("process 1 on elsewhere\n", encoding="utf-8")
    with path.open() as looking:
        fcntl.flock(looking, fcntl.LOCK_SH)
        assert holder(path) is None
        assert path.read_text(encoding="utf-8") == "process 1 on elsewhere\n"
        gone = threading.Timer(0.1, lambda: fcntl.flock(looking, fcntl.LOCK_UN))
        gone.start()
        with Lock(path):
            assert holder(path) is not None
        gone.join()

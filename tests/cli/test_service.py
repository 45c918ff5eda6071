import json
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from digitd import service as module
from digitd.cli.service import summary
from digitd.errors import AlreadyRunning
from digitd.intake.listing import LeftAlone
from digitd.intake.lock import Lock
from digitd.records import DocumentState
from digitd.service import Progress
from digitd.store import Store

S = DocumentState


@pytest.fixture
def served(monkeypatch: pytest.MonkeyPatch) -> Any:
    """Let `run` end at once with a given progress."""

    def end_with(progress: Progress) -> None:
        monkeypatch.setattr(module, "serve", lambda config, **named: progress)

    return end_with


@pytest.mark.parametrize(
    ("progress", "once", "code"),
    [
        (Progress(), True, 0),
        (Progress(states=Counter({S.DONE: 3, S.DUPLICATE: 1})), True, 0),
        (Progress(states=Counter({S.DONE: 3, S.FAILED: 1})), True, 3),
        (Progress(states=Counter({S.FAILED: 1})), False, 0),
        (Progress(unsettled=1), True, 3),
        (Progress(left=(LeftAlone(path=Path("a"), reason="no permission", barred=True),)), True, 3),
        (Progress(left=(LeftAlone(path=Path("a"), reason="a link"),)), True, 0),
        (Progress(stopped=True, states=Counter({S.FAILED: 1})), True, 0),
    ],
)
def test_the_exit_code_says_whether_all_was_read(
    call: Any, served: Any, progress: Progress, once: bool, code: int
) -> None:
    """`--once` ends with 3 where something could not be read; a service that was stopped ends with 0."""
    served(progress)
    assert call("run", *(["--once"] if once else [])).exit_code == code


def test_the_summary_is_one_line_with_the_next_step(call: Any, served: Any) -> None:
    """Counts, speed, and where the reasons are; JSON has the same."""
    progress = Progress(
        states=Counter({S.DONE: 2, S.FAILED: 1}), pages=4, seconds=2.0, unsettled=1, waiting=5, stopped=True
    )
    text = summary(progress)
    assert text.startswith("3 documents: 2 done, 1 failed (4 pages in 2.0 s, 2.0 pages/s).")
    for part in ("5 wait for the next run", "1 in the inbox are still being written", "`digitd status FILE`"):
        assert part in text
    assert summary(Progress()) == "0 documents: nothing to read."
    served(progress)
    facts = json.loads(call("run", "--once", "--json").stdout)
    assert facts["documents"] == {"done": 2, "review": 0, "failed": 1, "duplicate": 0}


def test_a_running_service_is_named(call: Any, folder: Path) -> None:
    """A second one ends with the code of its own and says who runs."""
    with Lock(folder / "var" / "lock"):
        done = call("run", "--once")
    assert done.exit_code == AlreadyRunning.exit_code
    assert "running already on these folders (process " in done.stderr


@pytest.fixture
def failed(folder: Path) -> Any:
    """Make failed documents whose files lie in var/failed."""

    def fail(*names: str) -> None:
        with Store.open(folder / "var" / "digitd.db", create=True) as store:
            for number, name in enumerate(names):
                token = f"{number:032x}"
                import hashlib
                from datetime import UTC, datetime

                data = name.encode()
                document = store.take_in(
                    name=name, form=None, sha256=hashlib.sha256(data).hexdigest(), size_bytes=1, token=token,
                    seen_at=datetime.now(UTC),
                )  # fmt: skip
                store.claim_next()
                store.record_failure(document.id, "it is torn")
                (folder / "var" / "failed").mkdir(exist_ok=True)
                (folder / "var" / "work").mkdir(exist_ok=True)
                (folder / "var" / "failed" / f"{document.id}-{name}").write_bytes(data)

    return fail


def test_retry_takes_all_or_those_named(call: Any, folder: Path, failed: Any) -> None:
    """By name, by number, or by the file's path; without names, everything that failed."""
    failed("a.png", "b.png", "c.png", "d.png")
    assert json.loads(call("retry", "a.png", "2", "--json").stdout)["queued"] == ["a.png", "b.png"]
    assert call("retry", str(folder / "var" / "failed" / "3-c.png")).stdout == "1 queued again.\n"
    assert call("retry").stdout == "1 queued again.\n"
    assert call("retry").stdout == "Nothing to read again.\n"


def test_retry_of_what_did_not_fail_says_so(call: Any, failed: Any) -> None:
    """A queued document, and a name that nothing has, are told apart and end with 3."""
    failed("a.png")
    call("retry")
    done = call("retry", "a.png")
    assert (done.exit_code, "has not failed: it is queued" in done.stderr) == (3, True)
    done = call("retry", "nothing.png")
    assert (done.exit_code, "nothing.png: no document of that name" in done.stderr) == (3, True)


def test_retry_without_its_file_says_what_to_do(call: Any, folder: Path, failed: Any) -> None:
    """A failed file that a person threw away is not promised to be read."""
    failed("a.png")
    (folder / "var" / "failed" / "1-a.png").unlink()
    done = call("retry")
    assert (done.exit_code, "its file is gone" in done.stderr) == (3, True)


def test_status_counts_and_names_what_is_left(call: Any, folder: Path, failed: Any) -> None:
    """Documents, fields, backlog and what is left alone, as text and as JSON."""
    before = call("status")
    assert "not running" in before.stdout
    assert "none yet" in before.stdout
    failed("a.png")
    (folder / "inbox" / "new.png").write_bytes(b"x")
    (folder / "inbox" / "link.png").symlink_to("nowhere")
    (folder / "inbox" / ".hidden").write_bytes(b"x")
    facts = json.loads(call("status", "--json").stdout)
    assert facts["documents"]["failed"] == 1
    assert facts["inbox"]["waiting"] == 1
    (left,) = facts["inbox"]["left_alone"]
    assert left["path"].endswith("link.png")
    text = call("status").stdout
    assert "1 failed" in text
    assert "1 to be taken, 1 left alone" in text


def test_status_of_a_file_tells_its_history(call: Any, folder: Path, failed: Any) -> None:
    """State, reason, where the file lies, and every change with its time."""
    failed("a.png")
    text = call("status", "a.png").stdout
    for part in ("a.png (document 1): failed", "why    it is torn", "failed/1-a.png", "queued", "reading"):
        assert part in text
    (facts,) = json.loads(call("status", "a.png", "--json").stdout)
    assert [move["state"] for move in facts["history"]] == ["seen", "settling", "queued", "reading", "failed"]


def test_status_of_an_unknown_file_fails(call: Any) -> None:
    """A name that is nowhere ends with 5 and says where was looked."""
    done = call("status", "nothing.png")
    assert (done.exit_code, "neither in" in done.stderr) == (5, True)


@pytest.mark.parametrize(
    ("data", "running", "told"),
    [
        (b"\x89PNG\r\n\x1a\nhalf", False, "no service is running"),
        (b"\x89PNG\r\n\x1a\nhalf", True, "it is cut off, last written to"),
        (b"text", True, "it was written to just now"),
    ],
)
def test_status_says_why_a_file_is_not_taken(call: Any, folder: Path, data: bytes, running: bool, told: str) -> None:
    """Nobody there to take it, not complete, or not yet quiet."""
    (folder / "inbox" / "a.png").write_bytes(data)
    lock = Lock(folder / "var" / "lock")
    if running:
        lock.__enter__()
    try:
        assert told in call("status", "a.png").stdout
    finally:
        lock.__exit__(None, None, None)

import io
import os
import pty
import subprocess
import sys
import termios
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner
from rich.console import Console

from digitd.cli import main
from digitd.cli.verify import sentence
from digitd.errors import ExitCode
from digitd.records import LabelMode
from digitd.store import Store
from digitd.verify import blocks
from digitd.verify.keying import Keying
from digitd.verify.session import Session, Summary
from digitd.verify.terminal import HELP, Keyboard, page, sit


def console(colours: Any = None, *, height: int = 24) -> Console:
    settings: Any = {"color_system": colours, "width": 80, "height": height}
    return Console(file=io.StringIO(), force_terminal=True, no_color=False, _environ={}, **settings)


def seen(session: Session, on: Console) -> str:
    with on.capture() as captured:
        on.print(page(session, on))
    return captured.get()


def sat(session: Session, keys: Iterator[str], on: Console) -> Summary:
    sit(session, keys, on, shown=lambda: page(session, on))
    return session.summary()


@pytest.fixture
def session(store: Store, make_field: Any, record: Any) -> Session:
    record("scan [1].png", [make_field("total", "4711", confidence=0.4, reason="0.40 is low (perhaps 4717)")])
    return Session(Keying(store=store, verifier="ada"))


def test_the_reading_is_nowhere_to_be_seen_when_keying_blind(session: Session) -> None:
    """Neither the value nor a reason that names one; document, page and field are there."""
    page_seen = seen(session, console())
    assert "scan [1].png" in page_seen
    assert "field total" in page_seen
    assert "471" not in page_seen


def test_the_reading_and_the_reason_are_shown_when_asked_for(session: Session, store: Store) -> None:
    """With them stands what Enter does."""
    page_seen = seen(Session(Keying(store=store, verifier="ada", show_reading=True)), console())
    assert "Enter confirms: 4711" in page_seen
    assert "perhaps 4717" in page_seen


@pytest.mark.parametrize("colours", [None, "standard", "256", "truecolor"])
@pytest.mark.parametrize("height", [12, 24, 60])
def test_the_page_fits_the_terminal(session: Session, colours: str | None, height: int) -> None:
    """Whatever the colours and the height, the prompt is on the screen."""
    lines = seen(session, console(colours, height=height)).splitlines()
    assert len(lines) <= height
    assert any(line.startswith("> ") or "> " in line for line in lines)


def test_greys_are_escape_codes_only_where_the_terminal_has_them(session: Session) -> None:
    """24-bit, 256 and no colours: each gets what it understands."""
    blocks._style.cache_clear()
    assert "\x1b[38;2;" in seen(session, console("truecolor"))
    blocks._style.cache_clear()  # rich's styles keep the codes of the console they were first printed on
    assert "38;5;" in seen(session, console("256"))
    assert "\x1b[38" not in seen(session, console())


def test_a_sitting_is_keys_in_and_labels_out(session: Session, store: Store) -> None:
    """From the first page to the end, with a source of keys that is no terminal."""
    summary = sat(session, iter("?4711\r\r"), console())
    assert [label.value for _, label in store.labels()] == ["4711"]
    assert (summary.labelled, summary.waiting) == (1, 0)


def test_interrupting_ends_and_keeps_what_was_saved(session: Session, store: Store) -> None:
    """Ctrl-C is no fault."""

    def keys() -> Iterator[str]:
        yield from "47\r"
        raise KeyboardInterrupt

    assert sat(session, keys(), console()).labelled == 1


def test_help_names_every_key(session: Session) -> None:
    """The page of ? tells what b, s, u and q do."""
    session.press("?")
    assert all(line in seen(session, console()) for line in HELP.splitlines())


def test_keys_come_one_by_one_whatever_the_terminal_sends_at_once() -> None:
    """Typed ahead, arrows left out whole, Ctrl-D ends; the terminal is as before afterwards."""
    leader, follower = pty.openpty()
    try:
        before = termios.tcgetattr(follower)
        with Keyboard(follower) as keys:
            assert not termios.tcgetattr(follower)[3] & (termios.ECHO | termios.ICANON)
            os.write(leader, b"12\x1b[A3\x1bOP\x1b[1;5C\n\x7f\xc3\xa9\x04z")
            assert list(keys) == ["1", "2", "3", "\n", "\x7f", "é", "z"]
        assert termios.tcgetattr(follower) == before
    finally:
        os.close(leader)
        os.close(follower)


def test_without_a_terminal_the_command_says_what_needs_none(tmp_path: Path) -> None:
    """It is a wrong use of the command, told with the other way."""
    (tmp_path / "config.toml").write_text("")
    refused = CliRunner().invoke(main, ["--config", str(tmp_path / "config.toml"), "verify", "--terminal"])
    assert refused.exit_code == 2
    assert "digitd label import" in refused.stderr


@pytest.mark.parametrize(
    ("summary", "words"),
    [
        (Summary(labelled=0, skipped=0, waiting=0, keys=0, seconds=0), "Nothing waits for a verifier."),
        (Summary(labelled=0, skipped=0, waiting=1, keys=1, seconds=0), "Nothing labelled. 1 field waits"),
        (Summary(labelled=1, skipped=0, waiting=2, keys=3, seconds=2), "1 field labelled (2.0 s and 3.0 keys each). 2"),
        (Summary(labelled=4, skipped=1, waiting=1, keys=14, seconds=10), "(2.5 s and 3.5 keys each), 1 skipped."),
    ],
)
def test_the_closing_sentence(summary: Summary, words: str) -> None:
    """How many, how fast, and what is left."""
    assert words in sentence(summary)


def test_the_command_works_in_a_terminal(session: Session, store: Store, tmp_path: Path) -> None:
    """A clerk at a terminal of 80 by 24 keys a field; the label is theirs, and the closing sentence is told."""
    (tmp_path / "config.toml").write_text("[verify]\nsecond_keying = false\n")
    session.end()
    leader, follower = pty.openpty()
    termios.tcsetwinsize(leader, (24, 80))
    command = [
        sys.executable,
        "-c",
        "from digitd.cli import main; main()",
        "verify",
        "--terminal",
        "--verifier",
        "grace",
    ]
    with subprocess.Popen(command, cwd=tmp_path, stdin=follower, stdout=follower, stderr=follower) as clerk:
        os.close(follower)
        read_until(leader, b"> ")
        os.write(leader, b"47119\x7f\r")
        read_until(leader, b"Nothing waits any more")
        os.write(leader, b"\r")
        read_until(leader, b"1 field labelled")
        assert clerk.wait(timeout=30) == ExitCode.OK
    os.close(leader)
    ((_, label),) = store.labels()
    assert (label.value, label.verifier, label.mode) == ("4711", "grace", LabelMode.BLIND)


def read_until(fd: int, words: bytes) -> None:
    seen = b""
    while words not in seen:
        seen += os.read(fd, 4096)

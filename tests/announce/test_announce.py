"""Receivers are told of what happened to documents: all of it, in order, again where they did not take it."""

import hashlib
import hmac
import json
import os
import sys
import threading
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any

import pytest

from digitd.announce import courier as couriers
from digitd.announce.courier import Courier
from digitd.announce.receivers import SECRET, Command, NotTaken, Webhook, receivers_of
from digitd.config import Announce, Config
from digitd.errors import ConfigError
from digitd.records import LabelMode
from digitd.store import Store


class Hearing:
    """A receiver that remembers, and takes what it is told to take."""

    name = "command"

    def __init__(self) -> None:
        self.heard: list[dict[str, Any]] = []
        self.takes: Callable[[int], bool] = lambda number: True

    def tell(self, number: int, body: bytes) -> None:
        if not self.takes(number):
            raise NotTaken("it is down")
        self.heard.append(json.loads(body))


@pytest.fixture
def hearing() -> Hearing:
    return Hearing()


@pytest.fixture
def courier(store: Store, hearing: Hearing) -> Courier:
    store.enter_receivers(["command"])
    return Courier(hearing, store)


def test_a_document_is_told_with_its_fields(courier: Courier, hearing: Hearing, record: Any, make_field: Any) -> None:
    """Once, with what was read of it; then there is nothing to tell."""
    record("a.png", [make_field("total", "105"), make_field("day", "", confidence=1.0)])
    assert courier.tell_next()
    (told,) = hearing.heard
    assert (told["document"], told["state"], told["reason"]) == ("a.png", "done", "")
    assert [(field["field"], field["value"], field["state"]) for field in told["fields"]] == [
        ("total", "105", "accepted"),
        ("day", "", "blank"),
    ]
    assert not courier.tell_next()


def test_what_a_person_verifies_is_told_too(
    courier: Courier, hearing: Hearing, store: Store, record: Any, make_field: Any
) -> None:
    """In review first, done with the label's value afterwards, with a greater number."""
    record("a.png", [make_field("total", "105", reason="0.40 is low")])
    courier.tell_next()
    store.add_label(next(store.fields()).id, "106", verifier="ada", mode=LabelMode.BLIND)
    courier.tell_next()
    assert [(told["state"], told["fields"][0]["value"]) for told in hearing.heard] == [
        ("review", "105"),
        ("done", "106"),
    ]
    assert hearing.heard[0]["number"] < hearing.heard[1]["number"]


def test_what_is_not_taken_is_tried_again_and_holds_nothing_up(
    courier: Courier, hearing: Hearing, store: Store, record: Any, make_field: Any
) -> None:
    """Later ones are told meanwhile; each try waits longer; when it is taken at last, nothing is left."""
    record("a.png", [make_field("total", "1")])
    record("b.png", [make_field("total", "2")])
    oldest = store.next_delivery("command", now=datetime.now(UTC))
    assert oldest is not None
    first = oldest.move_id
    hearing.takes = lambda number: number != first
    assert [courier.tell_next() for _ in range(3)] == [True, True, False]
    assert [told["document"] for told in hearing.heard] == ["b.png"]
    assert store.put_off_count("command") == 1
    due = store.next_due("command")
    assert due is not None
    assert timedelta() < due - datetime.now(UTC) <= timedelta(seconds=couriers.FIRST_SECONDS)
    for tries in range(1, 15):
        delivery = store.next_delivery("command", now=datetime.now(UTC) + timedelta(days=1))
        assert delivery is not None
        assert (delivery.move_id, delivery.tries) == (first, tries)
        store.put_off(delivery, "it is down", due_at=datetime.now(UTC) - timedelta(seconds=1))
    hearing.takes = lambda number: True
    assert [courier.tell_next() for _ in range(2)] == [True, False]
    assert [told["document"] for told in hearing.heard] == ["b.png", "a.png"]
    assert store.put_off_count("command") == 0


def test_a_new_receiver_is_told_of_what_comes_only(
    store: Store, hearing: Hearing, record: Any, make_field: Any
) -> None:
    """And one that was away for a while of all that it missed."""
    record("before.png", [make_field("total", "1")])
    store.enter_receivers(["command"])
    courier = Courier(hearing, store)
    assert not courier.tell_next()
    record("missed.png", [make_field("total", "2")])
    store.enter_receivers(["command"])
    assert courier.tell_next()
    assert [told["document"] for told in hearing.heard] == ["missed.png"]


def test_a_clock_that_is_set_back_delays_nothing(store: Store, record: Any, make_field: Any) -> None:
    """What would be due in a day was put off before that: nothing waits longer than ten minutes."""
    store.enter_receivers(["command"])
    record("a.png", [make_field("total", "1")])
    now = datetime.now(UTC)
    delivery = store.next_delivery("command", now=now)
    assert delivery is not None
    store.put_off(delivery, "down", due_at=now + timedelta(minutes=9))
    assert store.next_delivery("command", now=now) is None
    assert store.next_delivery("command", now=now - timedelta(days=1)) is not None


def test_two_receivers_do_not_know_of_each_other(store: Store, record: Any, make_field: Any) -> None:
    """One is told what the other did not take."""
    store.enter_receivers(["command", "webhook"])
    record("a.png", [make_field("total", "1")])
    now = datetime.now(UTC)
    for name in ("command", "webhook"):
        delivery = store.next_delivery(name, now=now)
        assert delivery is not None
        store.delivered(delivery) if name == "command" else store.put_off(delivery, "down", due_at=now)
    assert store.next_delivery("command", now=now) is None
    assert store.next_delivery("webhook", now=now) is not None


def test_its_thread_tells_when_it_is_rung(store: Store, hearing: Hearing, record: Any, make_field: Any) -> None:
    """Without waiting for its next look; and ends when it is asked to."""
    taken = threading.Event()
    hearing.takes = lambda number: taken.set() or True
    courier = Courier(hearing, store)
    courier.start()
    record("a.png", [make_field("total", "1")])
    courier.ring()
    assert taken.wait(30)
    courier.stop()
    record("b.png", [make_field("total", "2")])
    assert len(hearing.heard) == 1


SAVE = "import os, pathlib, sys; pathlib.Path(os.environ['DIGITD_ANNOUNCEMENT']).write_bytes(sys.stdin.buffer.read())"


def test_a_command_gets_the_announcement(tmp_path: Path) -> None:
    """On standard input, in the folder of the configuration, and without a shell."""
    Command((sys.executable, "-c", SAVE), folder=tmp_path).tell(7, b'{"a": 1}')
    assert (tmp_path / "7").read_bytes() == b'{"a": 1}'
    refuses = "import sys; sys.exit('no room')"
    with pytest.raises(NotTaken, match=r"ended with 1: no room"):
        Command((sys.executable, "-c", refuses), folder=tmp_path).tell(8, b"{}")
    with pytest.raises(NotTaken, match=r"no-such-program; true: No such file"):
        Command(("no-such-program; true",), folder=tmp_path).tell(9, b"{}")


def test_a_command_that_hangs_is_ended(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """After its time, and tried again like any other."""
    monkeypatch.setattr("digitd.announce.receivers.COMMAND_SECONDS", 0.2)
    with pytest.raises(NotTaken, match=r"not done after 0\.2 s"):
        Command((sys.executable, "-c", "import time; time.sleep(600)"), folder=tmp_path).tell(7, b"{}")


class Listening(HTTPServer):
    """A web server that answers as it is told to, and keeps what it got."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Keeping)
        self.answer = 204
        self.got: list[tuple[dict[str, str], bytes]] = []

    @property
    def address(self) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}/told"


class _Keeping(BaseHTTPRequestHandler):
    server: Listening

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        self.server.got.append((dict(self.headers), body))
        self.send_response(self.server.answer)
        self.send_header("Location", self.server.address)
        self.end_headers()

    def log_message(self, *_: object) -> None: ...


@pytest.fixture
def listening() -> Iterator[Listening]:
    with Listening() as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield server
        server.shutdown()


def test_a_webhook_gets_it_signed(listening: Listening) -> None:
    """Whoever knows the secret can tell that it is from here, and when it was sent."""
    Webhook(listening.address, secret=b"hush").tell(7, b'{"a": 1}')
    ((headers, body),) = listening.got
    assert (body, headers["X-Digitd-Announcement"], headers["Content-Type"]) == (b'{"a": 1}', "7", "application/json")
    signed = headers["X-Digitd-Timestamp"].encode() + b'.{"a": 1}'
    assert headers["X-Digitd-Signature"] == hmac.new(b"hush", signed, hashlib.sha256).hexdigest()


def test_a_child_of_a_command_does_not_hold_it_up(tmp_path: Path) -> None:
    """It may go on when the program itself has taken the announcement."""
    leaves = "import subprocess, sys; subprocess.Popen([sys.executable, '-c', 'import time; time.sleep(5)'])"
    begun = time.monotonic()
    Command((sys.executable, "-c", leaves), folder=tmp_path).tell(7, b"{}")
    assert time.monotonic() - begun < 5


def test_what_is_due_is_tried_once_at_the_end(store: Store, hearing: Hearing, record: Any, make_field: Any) -> None:
    """However long each takes: `run --once` ends."""
    store.enter_receivers(["command"])
    for name in ("a.png", "b.png"):
        record(name, [make_field("total", "1")])
    tried: list[int] = []
    hearing.takes = lambda number: bool(tried.append(number))
    courier = Courier(hearing, store)
    courier.start()
    courier.finish()
    assert len(set(tried)) == len(tried) == 2


@pytest.mark.parametrize("answer", [301, 307, 400, 410, 500, 503])
def test_anything_but_2xx_is_not_taken(listening: Listening, answer: int) -> None:
    """A redirect is not followed: what is sent is for that address alone."""
    listening.answer = answer
    with pytest.raises(NotTaken, match=f"answered {answer}"):
        Webhook(listening.address, secret=b"").tell(7, b"{}")
    ((headers, _),) = listening.got
    assert "X-Digitd-Signature" not in headers


def test_nobody_there_is_not_taken(listening: Listening) -> None:
    """With the reason, and without the address, which may hold a token."""
    listening.shutdown()
    listening.server_close()
    with pytest.raises(NotTaken, match=r"cannot be reached: .*refused") as caught:
        Webhook(listening.address + "?token=hush", secret=b"").tell(7, b"{}")
    assert "hush" not in str(caught.value)


def test_the_secret_is_kept_from_others(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A file that others may read is refused; the environment goes before the file; neither is no secret."""
    monkeypatch.delenv(SECRET, raising=False)
    config = Config(root=tmp_path, announce=Announce(webhook="http://example.test/", secret_file="secret"))
    with pytest.raises(ConfigError, match=r"announce\.secret_file: .*No such file"):
        list(receivers_of(config))
    (tmp_path / "secret").write_text("hush\n", encoding="utf-8")
    (tmp_path / "secret").chmod(0o644)
    with pytest.raises(ConfigError, match="chmod 600"):
        list(receivers_of(config))
    (tmp_path / "secret").chmod(0o600)
    (webhook,) = receivers_of(config)
    assert isinstance(webhook, Webhook)
    assert webhook._secret == b"hush"
    monkeypatch.setenv(SECRET, "louder")
    (webhook,) = receivers_of(config)
    assert isinstance(webhook, Webhook)
    assert webhook._secret == b"louder"
    assert list(receivers_of(Config(root=tmp_path))) == []
    assert SECRET not in os.environ

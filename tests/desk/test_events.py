"""Changes told as they happen, over a connection that stays open."""

import json
from collections.abc import Iterator
from itertools import islice
from pathlib import Path
from typing import Any
from urllib.request import Request, urlopen

import pytest

from digitd.config import Config, Web
from digitd.desk import events
from digitd.desk.server import Server
from digitd.records import Role
from digitd.store import Store


@pytest.fixture
def server(store: Store, tmp_path: Path) -> Iterator[Server]:
    running = Server(Config(root=tmp_path, web=Web(listen="127.0.0.1:0")), store, verifier="ada")
    running.start()
    yield running
    running.stop()


def listen(server: Server, **headers: str) -> Any:
    return urlopen(Request(f"{server.url}api/v1/events", headers=headers), timeout=20)


def told(answer: Any, count: int) -> list[dict[str, Any]]:
    lines = (line.decode().strip() for line in answer)
    return [json.loads(line.removeprefix("data: ")) for line in islice((x for x in lines if x[:5] == "data:"), count)]


def test_changes_are_told_from_then_on(server: Server, record: Any, make_field: Any) -> None:
    """What was before is not, unless it is asked for by the number told last."""
    before = record("before.png", [make_field("one", "17")])
    with listen(server) as answer:
        assert answer.headers["content-type"].startswith("text/event-stream")
        assert answer.readline() == b"retry: 2000\n"
        after = record("after.png", [make_field("one", "17", reason="faint")])
        steps = told(answer, 5)
    assert {step["document"] for step in steps} == {after.id}
    assert [(step["previous"], step["state"]) for step in steps] == [
        (None, "seen"),
        ("seen", "settling"),
        ("settling", "queued"),
        ("queued", "reading"),
        ("reading", "review"),
    ]
    assert steps[-1]["reason"] == "1 field to verify"
    with listen(server, **{"Last-Event-ID": "0"}) as answer:
        assert {step["document"] for step in told(answer, 10)} == {before.id, after.id}


def test_a_desk_that_ends_ends_its_listeners(store: Store, tmp_path: Path) -> None:
    """Nobody who listens holds it up."""
    running = Server(Config(root=tmp_path, web=Web(listen="127.0.0.1:0")), store, verifier="ada")
    running.start()
    with listen(running) as answer:
        answer.readline()
        running.stop()
        assert running._thread is not None
        assert not running._thread.is_alive()


def test_so_many_may_listen(server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    """More are refused, and told why."""
    monkeypatch.setattr(events, "MOST_EACH", 1)
    with listen(server) as first:
        first.readline()
        with pytest.raises(OSError, match="503"):
            listen(server)


def test_who_is_removed_hears_no_more(server: Server, store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    """The connection that is open already ends."""
    monkeypatch.setattr(events, "SIGN_SECONDS", 0.5)
    store.add_verifier("eve", Role.CLERK, "eve's", author="root")
    with listen(server, Authorization="Bearer eve's") as answer:
        answer.readline()
        store.remove_verifier("eve", author="root")
        assert b"document" not in answer.read()

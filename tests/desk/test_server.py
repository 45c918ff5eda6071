"""Where the desk listens."""

import socket
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.error import HTTPError
from urllib.request import urlopen

import pytest
from sqlalchemy import select

from digitd.config import Config, Web
from digitd.desk import screens, server
from digitd.desk.server import Server
from digitd.errors import ConfigError, DatabaseError
from digitd.records import Role
from digitd.store import Store
from digitd.store.tables import turns


def config(listen: str, root: Path) -> Config:
    return Config(root=root, web=Web(listen=listen))


def test_it_answers_until_it_is_stopped(store: Store, tmp_path: Path) -> None:
    """In a thread of its own, on any free port where none is named."""
    server = Server(config("127.0.0.1:0", tmp_path), store, verifier="ada")
    server.start()
    with urlopen(server.url) as answer:
        assert b"0 fields wait" in answer.read()
    server.stop()
    with pytest.raises(OSError, match="refused"):
        urlopen(server.url)


@pytest.mark.parametrize("host", ["0.0.0.0", "192.168.1.5", "[::]", "example.org"])
def test_others_cannot_reach_it(store: Store, tmp_path: Path, host: str) -> None:
    """There is no login: the message says what to do instead."""
    with pytest.raises(ConfigError, match="anybody would be let in"):
        Server(config(f"{host}:0", tmp_path), store, verifier="ada")


def test_behind_a_proxy_nobody_is_let_in_without_a_token(store: Store, tmp_path: Path) -> None:
    """A name of its own says that others reach it, though it listens here."""
    web = Web(listen="127.0.0.1:0", hosts=("desk.example.org",))
    with pytest.raises(ConfigError, match=r"web\.hosts: desk\.example\.org: other machines reach that"):
        Server(Config(root=tmp_path, web=web), store, verifier="ada")
    store.add_verifier("ada", Role.ADMIN, "token", author="root")
    running = Server(Config(root=tmp_path, web=web), store, verifier="ada")
    running.start()
    store.remove_verifier("ada", author="root")
    with pytest.raises(HTTPError, match="401"):
        urlopen(f"{running.url}api/v1/me")
    running.stop()


def test_a_request_that_never_ends_does_not_hold_it(
    store: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its body never comes: the desk ends all the same."""
    monkeypatch.setattr(server, "PATIENCE_SECONDS", 1)
    running = Server(config("127.0.0.1:0", tmp_path), store, verifier="ada")
    running.start()
    with socket.create_connection(("127.0.0.1", running.port)) as stuck:
        head = f"POST /api/v1/undo HTTP/1.1\r\nHost: 127.0.0.1:{running.port}\r\nContent-Length: 9\r\n\r\n"
        stuck.sendall(head.encode())
        with urlopen(running.url):
            running.stop()
    assert running._thread is not None
    assert not running._thread.is_alive()


@pytest.mark.parametrize("host", ["127.0.0.5", "[::1]", "localhost"])
def test_each_of_this_machine_s_addresses_is_answered(store: Store, tmp_path: Path, host: str) -> None:
    """By the name that the address line shows."""
    running = Server(config(f"{host}:0", tmp_path), store, verifier="ada")
    running.start()
    with urlopen(running.url) as answer:
        assert answer.status == 200
    running.stop()


def test_a_port_that_is_taken(store: Store, tmp_path: Path) -> None:
    """Is told, or another is taken."""
    with socket.create_server(("127.0.0.1", 0)) as other:
        taken = other.getsockname()[1]
        with pytest.raises(ConfigError, match="already in use"):
            Server(config(f"127.0.0.1:{taken}", tmp_path), store, verifier="ada")
        server = Server(config(f"127.0.0.1:{taken}", tmp_path), store, verifier="ada", any_port=True)
        assert server.port != taken
        server.start()
        server.stop()
    with pytest.raises(ConfigError, match=r"no port above 65535\. Name another port"):
        Server(config("127.0.0.1:70000", tmp_path), store, verifier="ada")


def test_an_answer_does_not_wait_for_its_head_to_be_acknowledged(store: Store, tmp_path: Path) -> None:
    """Connections send what they have at once: they have it from the socket that accepts them."""
    listening = server._listening("127.0.0.1", 0)
    with listening, socket.create_connection(listening.getsockname()), listening.accept()[0] as accepted:
        assert accepted.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY) == 1


def test_what_is_done_before_the_first_request_leaves_no_trace(
    store: Store, tmp_path: Path, record: Any, make_field: Any
) -> None:
    """The field that was asked for nobody is there for whoever comes; templates are compiled."""
    record("a.png", [make_field("one", "11", reason="faint")])
    screens._pages.cache.clear()
    Server(config("127.0.0.1:0", tmp_path), store, verifier="ada")._socket.close()
    (field,) = store.next_turns("ada", now=datetime.now(UTC), lasting=timedelta(minutes=5))
    assert field.name == "one"
    with store._reading() as connection:
        assert connection.scalars(select(turns.c.verifier)).all() == ["ada"]
    assert len(screens._pages.cache) == len(screens._pages.list_templates())


def test_a_desk_whose_database_takes_no_writes_starts(
    store: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It can be looked at; who keys is told."""

    def refused(*_: Any, **__: Any) -> None:
        raise DatabaseError("no writes")

    monkeypatch.setattr(store, "next_turns", refused)
    Server(config("127.0.0.1:0", tmp_path), store, verifier="ada")._socket.close()

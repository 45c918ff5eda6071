"""Signs of life become ailments, lines for systemd, answers over HTTP and metrics."""

import json
import socket
import time
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import replace
from http.client import HTTPConnection, HTTPResponse
from pathlib import Path

import pytest
from prometheus_client.parser import text_string_to_metric_families

from digitd.errors import ConfigError, DatabaseError
from digitd.vitals import systemd
from digitd.vitals.endpoint import Endpoint
from digitd.vitals.metrics import Facts
from digitd.vitals.signs import OVERDUE_SECONDS, Signs, Tally

WELL = Signs(
    at=1000.0,
    watched=True,
    looked_at=1000.0,
    rescan_seconds=30.0,
    wrote_at=1000.0,
    worker_at=1000.0,
    courier_at=1000.0,
)
NEVER = replace(WELL, looked_at=None, wrote_at=None, worker_at=None)


def test_what_is_well_has_no_ailments() -> None:
    """Until a minute without a sign; the inbox has as long as its rescan beside."""
    assert WELL.ailments(1000.0 + OVERDUE_SECONDS) == {}
    assert set(WELL.ailments(1001.0 + OVERDUE_SECONDS)) == {"loop", "database", "worker"}
    assert set(WELL.ailments(1031.0 + OVERDUE_SECONDS)) == {"loop", "look", "database", "worker"}


@pytest.mark.parametrize(
    ("signs", "part"),
    [
        (replace(WELL, watched=False), "observer"),
        (replace(WELL, at=900.0), "loop"),
        (replace(WELL, looked_at=900.0), "look"),
        (replace(WELL, wrote_at=900.0), "database"),
        (replace(WELL, worker_at=None), "worker"),
        (replace(WELL, courier_at=800.0), "courier"),
    ],
)
def test_each_part_can_ail(signs: Signs, part: str) -> None:
    """And is named, with how long, if it ever was well."""
    assert set(signs.ailments(1000.0)) == {part}


def test_ready_means_all_has_been_once() -> None:
    """A first look, a first write, a first answer."""
    assert WELL.ready
    assert not NEVER.ready


@pytest.fixture
def told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[[], str]]:
    """What systemd would be told next."""
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as listening:
        listening.bind(str(tmp_path / "notify"))
        listening.settimeout(5)
        monkeypatch.setenv("NOTIFY_SOCKET", str(tmp_path / "notify"))
        yield lambda: listening.recv(1000).decode()


def test_systemd_is_told_in_its_own_words(told: Callable[[], str]) -> None:
    """As sd_notify(3) has them."""
    systemd.ready()
    assert told() == "READY=1"
    systemd.alive("3 finished")
    assert told() == "WATCHDOG=1\nSTATUS=3 finished"
    systemd.ailing("the database has taken no write")
    assert told() == "STATUS=the database has taken no write"
    systemd.reloading()
    first, second = told().split("\n")
    assert (first, second.partition("=")[0]) == ("RELOADING=1", "MONOTONIC_USEC")


def test_without_systemd_nothing_is_told(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Nor does a socket that nobody listens at harm."""
    made: list[object] = []
    opened = socket.socket
    monkeypatch.setattr(systemd.socket, "socket", lambda *args: made.append(args) or opened(*args))
    monkeypatch.delenv("NOTIFY_SOCKET", raising=False)
    systemd.ready()
    assert made == []
    monkeypatch.setenv("NOTIFY_SOCKET", str(tmp_path / "nobody"))
    systemd.ready()
    assert len(made) == 1


@pytest.mark.parametrize(
    ("microseconds", "pid", "seconds"),
    [("30000000", None, 30.0), ("30000000", "1", None), ("", None, None), ("soon", None, None), ("0", None, None)],
)
def test_how_often_the_watchdog_wants_to_hear(
    monkeypatch: pytest.MonkeyPatch, microseconds: str, pid: str | None, seconds: float | None
) -> None:
    """If it is this process that it watches."""
    monkeypatch.setenv("WATCHDOG_USEC", microseconds)
    monkeypatch.setenv("WATCHDOG_PID", pid) if pid else monkeypatch.delenv("WATCHDOG_PID", raising=False)
    assert systemd.watchdog_seconds() == seconds


FACTS = Facts(
    documents={"done": 7, "review": 2},
    oldest_seconds=12.5,
    inbox=3,
    in_hand=1,
    tally=Tally(
        documents=Counter(done=4), pages=5, stage_seconds=Counter(load=0.25), lost=Counter(hung=1), model="m@1"
    ),
    signs=replace(WELL, wrote_at=900.0),
    now=1000.0,
)

Ask = Callable[[str], HTTPResponse]


class Answering:
    """An endpoint whose signs and facts a test sets."""

    def __init__(self) -> None:
        self.signs: Signs | None = None
        self.fault: DatabaseError | None = None
        self.endpoint = Endpoint("127.0.0.1:0", signs=lambda: self.signs, facts=self.facts)

    def facts(self) -> Facts:
        if self.fault is not None:
            raise self.fault
        return FACTS

    def ask(self, path: str) -> tuple[int, str]:
        connection = HTTPConnection("127.0.0.1", self.endpoint.port, timeout=10)
        connection.request("GET", path)
        answer = connection.getresponse()
        body = answer.read().decode()
        connection.close()
        return answer.status, body


@pytest.fixture
def answering() -> Iterator[Answering]:
    made = Answering()
    made.endpoint.start()
    yield made
    made.endpoint.stop()


def test_health_is_200_or_503_with_the_reasons(answering: Answering) -> None:
    """Before the first round, when all is well, and when something is not."""
    assert answering.ask("/healthz")[0] == 503
    answering.signs = replace(
        WELL, **dict.fromkeys(("at", "looked_at", "wrote_at", "worker_at", "courier_at"), time.monotonic())
    )
    assert [answering.ask(path)[0] for path in ("/healthz", "/readyz", "/readyz?verbose")] == [200, 200, 200]
    answering.signs = replace(answering.signs, worker_at=None)
    status, body = answering.ask("/healthz")
    assert status == 503
    assert json.loads(body) == {"well": False, "ailments": {"worker": "no process that reads has answered yet"}}
    assert json.loads(answering.ask("/readyz")[1])["ailments"] == {"start": "the service is not ready yet"}


def test_nothing_else_is_answered(answering: Answering) -> None:
    """A path that is none of the three is told which there are."""
    assert answering.ask("/") == (404, "/healthz, /readyz or /metrics\n")
    assert answering.ask("/../../etc/passwd")[0] == 404


def test_metrics_are_prometheus_own_format(answering: Answering) -> None:
    """Parsed by its own library: counts by state, seconds by stage, what ails, and the model."""
    status, body = answering.ask("/metrics")
    assert status == 200
    found = {
        (sample.name, *sample.labels.values()): sample.value
        for family in text_string_to_metric_families(body)
        for sample in family.samples
    }
    assert found["digitd_documents", "review"] == 2
    assert found["digitd_finished_total", "done"] == 4
    assert found["digitd_stage_seconds_total", "load"] == 0.25
    assert found["digitd_lost_total", "hung"] == 1
    assert (found["digitd_ailing", "database"], found["digitd_ailing", "worker"]) == (1, 0)
    assert found["digitd_oldest_seconds",] == 12.5
    assert found["digitd_model_info", "m@1"] == 1
    assert found["process_resident_memory_bytes",] > 0


def test_a_database_that_cannot_be_read_is_told(answering: Answering) -> None:
    """The question fails, the endpoint does not."""
    answering.fault = DatabaseError("the database cannot be read")
    assert answering.ask("/metrics") == (500, "the database cannot be read\n")
    assert answering.ask("/healthz")[0] == 503


def test_an_address_in_use_is_told(answering: Answering) -> None:
    """With the key that names it, and the next step."""
    with pytest.raises(ConfigError, match=r"health\.listen: 127\.0\.0\.1:\d+: Address already in use\. Name another"):
        Endpoint(f"127.0.0.1:{answering.endpoint.port}", signs=lambda: None, facts=lambda: FACTS)
    with pytest.raises(ConfigError, match=r"health\.listen: 127\.0\.0\.1:99999"):
        Endpoint("127.0.0.1:99999", signs=lambda: None, facts=lambda: FACTS)

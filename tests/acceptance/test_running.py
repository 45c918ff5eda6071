"""The service as it runs for days: files are dropped in every way, readers die, and a signal ends it."""

import json
import os
import shutil
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from multiprocessing import connection
from pathlib import Path
from typing import Any
from urllib.request import Request, urlopen

import cv2
import numpy as np
import pytest
from click.testing import CliRunner, Result

from digitd.cli import main
from digitd.demo.handwriting import write_number
from digitd.records import Box


class Running:
    """`digitd run` in a process of its own, whose log is read line by line."""

    def __init__(self, folder: Path, *, apart: bool = False, **environment: str) -> None:
        self.folder = folder
        self.inbox = folder / "inbox" / "amount"
        self.process = subprocess.Popen(
            [sys.executable, "-m", "digitd", "run"],
            cwd=folder,
            env=os.environ | environment,
            stderr=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            start_new_session=apart,
        )
        self.lines: list[str] = []
        self.until("service_started")

    def until(self, event: str) -> str:
        """The next line of the log with this event."""
        assert self.process.stderr is not None
        for line in self.process.stderr:
            self.lines.append(line)
            if event in line:
                return line
        raise AssertionError(f"the service ended without {event}: {self.lines}")

    def stop(self) -> int:
        self.process.send_signal(signal.SIGTERM)
        self.process.communicate(timeout=60)
        return self.process.returncode


def command(folder: Path, *arguments: str) -> Result:
    return CliRunner().invoke(main, ["--config", str(folder / "config.toml"), *arguments], catch_exceptions=False)


@pytest.fixture
def running(tmp_path: Path) -> Iterator[Running]:
    command(tmp_path, "init", str(tmp_path))
    config = (tmp_path / "config.toml").read_text(encoding="utf-8").replace("processes = 0", "processes = 2")
    (tmp_path / "config.toml").write_text(config, encoding="utf-8")
    assert command(tmp_path, "form", "new", "amount", "--whole-page").exit_code == 0
    made = Running(tmp_path)
    yield made
    made.process.kill()
    made.process.communicate()


def children(pid: int) -> list[int]:
    listed = Path(f"/proc/{pid}/task/{pid}/children")
    if not listed.exists():
        pytest.skip("this kernel does not list children")
    return [int(child) for child in listed.read_text(encoding="ascii").split()]


def readers_of(pid: int) -> list[int]:
    """The processes that read."""
    return [child for child in children(pid) if b"spawn_main" in Path(f"/proc/{child}/cmdline").read_bytes()]


def busy(running: Running) -> list[int]:
    """Its readers, which stand still in the middle of pages."""
    readers = readers_of(running.process.pid)
    for reader in readers:
        os.kill(reader, signal.SIGSTOP)
    for seed in range(4):
        (running.inbox / f"{seed}.png").write_bytes(number(10 + seed))
    while '"reading": 0' in command(running.folder, "status", "--json").stdout:
        pass
    return readers


def ended(processes: list[int]) -> None:
    """Wait until the processes have ended, given as handles that os.pidfd_open makes."""
    for handle in processes:
        assert connection.wait([handle], timeout=60)
        os.close(handle)


def number(seed: int) -> bytes:
    paper = np.full((80, 300), 250, np.uint8)
    write_number(paper, str(1000 + seed), Box(x0=10, y0=5, x1=290, y1=75), np.random.default_rng(seed))
    return bytes(cv2.imencode(".png", paper)[1].tobytes())


def test_every_way_of_dropping_is_noticed(running: Running, tmp_path: Path) -> None:
    """Copied, renamed within the inbox, moved in from elsewhere, in a new folder, or linked: each is read."""
    (running.inbox / "copied.png").write_bytes(number(1))
    assert "copied.png" in running.until("document_read")
    (running.inbox / "renamed.png.part").write_bytes(number(2))
    (running.inbox / "renamed.png.part").rename(running.inbox / "renamed.png")
    assert "renamed.png" in running.until("document_read")
    (tmp_path / "moved.png").write_bytes(number(3))
    (tmp_path / "moved.png").rename(running.inbox / "moved.png")
    assert "moved.png" in running.until("document_read")
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "elsewhere" / "deep.png").write_bytes(number(4))
    shutil.move(tmp_path / "elsewhere", running.inbox / "box 4")
    assert "deep.png" in running.until("document_read")
    (tmp_path / "original.png").write_bytes(number(5))
    os.link(tmp_path / "original.png", running.inbox / "linked.png")
    assert "linked.png" in running.until("document_read")
    assert running.stop() == 0


def test_a_signal_ends_it_in_good_order(running: Running) -> None:
    """What is in hand is read, the exit code is 0, and the next run reads what was left."""
    for seed in range(30):
        (running.inbox / f"{seed}.png").write_bytes(number(seed))
    running.until("document_read")
    assert running.stop() == 0
    after = command(running.folder, "status", "--json").stdout
    assert '"reading": 0' in after
    assert '"failed": 0' in after
    done = subprocess.run(
        [sys.executable, "-m", "digitd", "run", "--once"],
        cwd=running.folder,
        check=False,
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr
    assert '"queued": 0' in command(running.folder, "status", "--json").stdout


def test_it_survives_the_death_of_its_readers(running: Running) -> None:
    """A reader killed by the system costs nothing: new ones are started, and every document is read."""
    (running.inbox / "first.png").write_bytes(number(1))
    running.until("document_read")
    readers = readers_of(running.process.pid)
    assert len(readers) == 2
    for pid in readers:
        os.kill(pid, signal.SIGKILL)
    (running.inbox / "second.png").write_bytes(number(2))
    assert "second.png" in running.until("document_read")
    assert running.stop() == 0


@pytest.mark.parametrize("reading", [False, True])
def test_nothing_of_it_is_left_when_it_is_killed(running: Running, reading: bool) -> None:
    """What it started ends with it, idle or in the middle of a page: nobody else could end it."""
    (running.inbox / "first.png").write_bytes(number(1))
    running.until("document_read")
    readers = busy(running) if reading else readers_of(running.process.pid)
    ending = [os.pidfd_open(pid) for pid in children(running.process.pid)]
    running.process.kill()
    for reader in readers:
        os.kill(reader, signal.SIGCONT)
    ended(ending)


def test_a_signal_to_all_its_processes_ends_it_in_good_order(tmp_path: Path) -> None:
    """As systemd sends it without KillMode=mixed, and a terminal that is closed: what is in hand is read to its end."""
    command(tmp_path, "init", str(tmp_path))
    assert command(tmp_path, "form", "new", "amount", "--whole-page").exit_code == 0
    running = Running(tmp_path, apart=True)
    (running.inbox / "first.png").write_bytes(number(1))
    running.until("document_read")
    readers = busy(running)
    os.killpg(running.process.pid, signal.SIGTERM)
    for reader in readers:
        os.kill(reader, signal.SIGCONT)
    log = running.process.communicate(timeout=60)[1]
    assert running.process.returncode == 0
    assert "document_read" in log
    assert "document_lost" not in log


def test_what_reads_does_not_know_the_secret_of_the_webhook(tmp_path: Path) -> None:
    """It is in the environment of the service, and of nothing that looks into files of strangers."""
    command(tmp_path, "init", str(tmp_path))
    assert command(tmp_path, "form", "new", "amount", "--whole-page").exit_code == 0
    config = tmp_path / "config.toml"
    text = config.read_text(encoding="utf-8").replace('webhook = ""', f'webhook = "http://127.0.0.1:{free_port()}/"')
    config.write_text(text, encoding="utf-8")
    running = Running(tmp_path, DIGITD_WEBHOOK_SECRET="hush", SAID="aloud")
    (running.inbox / "first.png").write_bytes(number(1))
    running.until("document_read")
    told = [Path(f"/proc/{pid}/environ").read_bytes() for pid in readers_of(running.process.pid)]
    assert running.stop() == 0
    assert told
    assert all(b"SAID=aloud" in each and b"DIGITD_WEBHOOK_SECRET" not in each for each in told)


def test_it_tells_how_it_is_and_reads_its_configuration_again(tmp_path: Path) -> None:
    """systemd hears that it is ready and alive, HTTP answers, and SIGHUP loses nothing and changes what it should."""
    command(tmp_path, "init", str(tmp_path))
    assert command(tmp_path, "form", "new", "amount", "--whole-page").exit_code == 0
    config, listen = tmp_path / "config.toml", f"127.0.0.1:{free_port()}"
    text = config.read_text(encoding="utf-8").replace('listen = ""', f'listen = "{listen}"')
    config.write_text(text, encoding="utf-8")
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as systemd:
        systemd.bind(str(tmp_path / "notify"))
        systemd.settimeout(60)
        running = Running(tmp_path, NOTIFY_SOCKET=str(tmp_path / "notify"), WATCHDOG_USEC="3000000")
        try:
            heard: set[str] = set()
            while not {"READY=1", "WATCHDOG=1"} <= heard:
                heard.add(systemd.recv(1000).decode().partition("\n")[0])
            with urlopen(f"http://{listen}/readyz", timeout=10) as answer:
                assert json.load(answer) == {"well": True, "ailments": {}}
            (running.inbox / "first.png").write_bytes(number(1))
            running.until("document_read")
            config.write_text(text.replace("accept_confidence = 0.97", "accept_confidence = 1.0"), encoding="utf-8")
            running.process.send_signal(signal.SIGHUP)
            running.until("configuration_read_again")
            (running.inbox / "second.png").write_bytes(number(2))
            assert "state=review" in running.until("document_read")
            with urlopen(f"http://{listen}/metrics", timeout=10) as answer:
                assert 'digitd_finished_total{state="review"}' in answer.read().decode()
            assert running.stop() == 0
        finally:
            running.process.kill()
            running.process.communicate()


def test_it_serves_the_desk_where_it_is_asked_to(tmp_path: Path) -> None:
    """What is handed in there is read, waits there, and is keyed there; then the service ends as ever."""
    command(tmp_path, "init", str(tmp_path))
    assert command(tmp_path, "form", "new", "amount", "--whole-page").exit_code == 0
    address = f"127.0.0.1:{free_port()}"
    text = (tmp_path / "config.toml").read_text(encoding="utf-8")
    text = text.replace("enabled = false", "enabled = true").replace("127.0.0.1:8461", address)
    text = text.replace("accept_confidence = 0.97", "accept_confidence = 1.0")
    text = text.replace("second_keying = true", "second_keying = false")
    (tmp_path / "config.toml").write_text(text, encoding="utf-8")

    def ask(path: str, body: bytes) -> Any:
        asked = Request(f"http://{address}/api/v1{path}", body, {"Content-Type": "application/json"})
        with urlopen(asked, timeout=30) as answer:
            return json.load(answer)

    running = Running(tmp_path)
    try:
        assert ask("/documents/scan.png?form=amount", number(7))["document"] is None
        assert "state=review" in running.until("document_read")
        (turn,) = ask("/turns", b"")["turns"]
        with urlopen(f"http://{address}{turn['page_picture']}", timeout=30) as picture:
            assert picture.read().startswith(b"\xff\xd8")
        assert ask(f"/fields/{turn['id']}/label", b'{"value": "7"}')["turns"] == []
        assert running.stop() == 0
    finally:
        running.process.kill()
        running.process.communicate()


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as server:
        return int(server.getsockname()[1])


def test_a_second_service_is_refused_and_named(running: Running) -> None:
    """It ends with 9 at once, and `status` tells who runs."""
    done = command(running.folder, "run", "--once")
    assert (done.exit_code, f"process {running.process.pid}" in done.stderr) == (9, True)
    assert f"process {running.process.pid}" in command(running.folder, "status").stdout

"""How fast the desk is, and that it loses no label. Part of `make bench`; writes desk.json.

In a database of a million glyphs `browser` measures in Chromium from the key that saves a field until the next one is
painted, and from the navigation until a screen of look-alikes is; `clerks` lets twenty people key at once while the
desk is killed with SIGKILL and started again: what it said it has must be there, once. Keys and server time a digit are
of 1,000 fields each, keyed one by one and looked at a hundred at a time.
"""

import argparse
import json
import os
import random
import shutil
import signal
import sqlite3
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from http.client import HTTPConnection, HTTPException
from pathlib import Path
from typing import Any
from uuid import uuid4

import cv2
import numpy as np
from large import GLYPHS, multiply

from digitd.demo.handwriting import write_number
from digitd.evidence import evidence_of
from digitd.records import Box, CellContent, DocumentReading, FieldReading, FieldState, Glyph, PageReading
from digitd.store import Store

DIGITD = (sys.executable, "-m", "digitd")

#: Targets: milliseconds until the next field is painted, until a screen of look-alikes is, and of twenty clerks' 99 %.
PAINTED_MS, SCREEN_MS, CLERKS_MS = 50, 150, 200

#: The system's Chromium, where there is one.
CHROMIUM = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)

#: Fields of a document, digits of a field.
FIELDS, DIGITS = 20, 4


def main() -> None:
    """Measure, print, write down."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--clerks", type=int, default=20)
    parser.add_argument("--seconds", type=float, default=30.0, help="that they key")
    parser.add_argument("--fields", type=int, default=200, help="keyed in the browser")
    parser.add_argument("--glyphs", type=int, default=GLYPHS, help="stored in all")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(scratch) / "clerk"
        subprocess.run([*DIGITD, "init", str(folder)], check=True, capture_output=True)
        fill(folder, waiting=12_000, passed=2_000)
        results: dict[str, Any] = {"stored": {"glyphs": multiply(folder / "var" / "digitd.db", given.glyphs)}}
        with desk(folder) as port:
            results["one_by_one"] = one_by_one(port, fields=1_000)
            results["look_alikes"] = at_a_glance(port, digits=1_000)
        with desk(folder) as port:
            results["browser"] = in_chromium(port, fields=given.fields)
        results["clerks"] = clerks(folder, count=given.clerks, seconds=given.seconds)
    for what, found in results.items():
        print(f"{what:<12}", "  ".join(f"{key} {value:,}" for key, value in found.items()))
    print(f"targets: next field painted {PAINTED_MS} ms, a screen {SCREEN_MS} ms, p99 of the clerks {CLERKS_MS} ms")
    Path(__file__).with_suffix(".json").write_text(json.dumps(results, indent=2) + "\n", encoding="utf-8")
    sys.exit(int(results["clerks"]["lost"] > 0 or results["clerks"]["doubled"] > 0))


def fill(folder: Path, *, waiting: int, passed: int) -> None:
    """Put fields into the database as if they had been read, those that passed first."""
    rng = np.random.default_rng(1)
    again = [field(place % FIELDS, rng, waits=place < 100) for place in range(200)]  # drawing takes longer than storing
    with Store.open(folder / "var" / "digitd.db", create=True) as store:
        for start in range(0, waiting + passed, FIELDS):
            drawn = [one for one in again if (one.state is FieldState.REVIEW) == (start >= passed)]
            fields = tuple(drawn[rng.integers(len(drawn))] for _ in range(FIELDS))
            token = uuid4().hex
            store.take_in(
                name=f"{token[:8]}.png",
                form="f",
                sha256=token * 2,
                size_bytes=1,
                token=token,
                seen_at=datetime.now(UTC),
            )
            claimed = store.claim_next()
            assert claimed is not None
            page = PageReading(
                number=1, width_px=800, height_px=1000, form="f", residual_mm=0.1, fields=fields, stage_ms={}
            )
            reading = DocumentReading(pages=(page,), model="made-up@0", pipeline="1")
            store.record_reading(claimed.id, evidence_of(reading), card={})


def field(place: int, rng: np.random.Generator, *, waits: bool) -> FieldReading:
    """A field of drawn digits, read right."""
    value = "".join(str(digit) for digit in rng.integers(0, 10, DIGITS))
    paper = np.full((60, 200), 240, np.uint8)
    write_number(paper, value, Box(x0=5, y0=5, x1=195, y1=55), rng)
    box = Box(x0=100, y0=45.0 * place + 20, x1=300, y1=45.0 * place + 60)
    return FieldReading(
        name=f"f{place}",
        box=box,
        value=value,
        confidence=float(rng.uniform(0.2, 0.97)),
        state=FieldState.REVIEW if waits else FieldState.ACCEPTED,
        glyphs=tuple(glyph(at, int(digit), box) for at, digit in enumerate(value)),
        crop=cv2.imencode(".jpg", paper)[1].tobytes(),
    )


def glyph(position: int, digit: int, box: Box) -> Glyph:
    """A glyph that was read as digit."""
    probabilities = np.full(11, 0.001, np.float32)
    probabilities[digit] = 0.99
    pixels = np.zeros((28, 28), np.uint8)
    cv2.putText(pixels, str(digit), (6, 22), cv2.FONT_HERSHEY_SIMPLEX, 0.7, 255, 2)
    return Glyph(position=position, box=box, content=CellContent.DIGIT, pixels=pixels, probabilities=probabilities)


@contextmanager
def desk(folder: Path) -> Iterator[int]:
    """A desk that answers; its port."""
    process, port = start(folder)
    try:
        yield port
    finally:
        process.send_signal(signal.SIGINT)
        process.wait(timeout=30)


def start(folder: Path) -> tuple["subprocess.Popen[str]", int]:
    """Start a desk, and wait until it answers."""
    command = [*DIGITD, "verify", "--no-browser", "--verifier", "bench"]
    process = subprocess.Popen(command, cwd=folder, stderr=subprocess.PIPE, text=True)
    assert process.stderr is not None
    line = process.stderr.readline()
    port = int(line.split("127.0.0.1:")[1].split("/")[0])
    threading.Thread(target=process.stderr.read, daemon=True).start()
    for _ in range(200):
        with suppress(OSError):
            Client(port, "bench").ask("GET", "/me")
            return process, port
        time.sleep(0.05)
    raise SystemExit("bench/desk.py: the desk does not answer")


@dataclass
class Client:
    """Somebody at the desk, over one connection."""

    port: int
    name: str
    connection: HTTPConnection | None = None
    cookie: str = ""

    def ask(self, method: str, path: str, body: Any = None) -> tuple[int, Any]:
        """Status and JSON."""
        if self.connection is None:
            self.connection = HTTPConnection("127.0.0.1", self.port, timeout=30)
        if not self.cookie and path != "/me":
            self.ask("PUT", "/me", {"name": self.name})
        headers = {"Cookie": self.cookie, "Content-Type": "application/json"}
        try:
            self.connection.request(method, f"/api/v1{path}", None if body is None else json.dumps(body), headers)
            answer = self.connection.getresponse()
            said = answer.read()
        except (OSError, HTTPException) as fault:
            self.connection = None
            raise OSError(str(fault)) from None
        self.cookie = answer.headers.get("Set-Cookie", self.cookie).split(";")[0]
        return answer.status, json.loads(said) if said[:1] in b"[{" else said


def one_by_one(port: int, *, fields: int) -> dict[str, float]:
    """Key fields one after the other; keys and server time a digit."""
    client, seconds, keyed = Client(port, "one"), 0.0, 0
    _, desk = client.ask("POST", "/turns?count=4")
    while keyed < fields and desk["turns"]:
        begun = time.perf_counter()
        _, desk = client.ask("POST", f"/fields/{desk['turns'][0]['id']}/label?count=4", {"value": "0" * DIGITS})
        seconds += time.perf_counter() - begun
        keyed += 1
    return {
        "fields": keyed,
        "keys_a_digit": (DIGITS + 1) / DIGITS,
        "server_ms_a_digit": round(1000 * seconds / (DIGITS * keyed), 2),
    }


def at_a_glance(port: int, *, digits: int) -> dict[str, float]:
    """Confirm screens of look-alikes; keys and server time a digit."""
    client, seconds, seen, keys = Client(port, "glance"), 0.0, 0, 0
    for digit in range(10):
        begun = time.perf_counter()
        status, screen = client.ask("POST", "/lookalikes", {"digit": digit})
        if status == 200 and seen < digits:
            client.ask("GET", screen["picture"].removeprefix("/api/v1"))
            client.ask("POST", f"/lookalikes/{screen['id']}", {"marked": []})
            seen, keys = seen + len(screen["items"]), keys + 1
        seconds += time.perf_counter() - begun
    return {"digits": seen, "keys_a_digit": round(keys / seen, 3), "server_ms_a_digit": round(1000 * seconds / seen, 2)}


def in_chromium(port: int, *, fields: int) -> dict[str, float]:
    """Milliseconds from Enter until the next field is painted, and until a screen of look-alikes is there."""
    if CHROMIUM is None:
        return {"skipped_no_chromium": 1}
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        page = browser.new_page()
        page.goto(f"http://127.0.0.1:{port}/fields")
        page.wait_for_selector("#picture img")
        page.evaluate(WATCHED)
        for _ in range(fields):
            for key in ("1", "2", "3", "4", "Enter"):
                page.keyboard.press(key)
            page.wait_for_timeout(100)  # a person looks at the next one
        painted = page.evaluate("painted")
        screens = []
        for digit in range(10):
            page.goto(f"http://127.0.0.1:{port}/lookalikes/{digit}", wait_until="commit")
            screens.append(page.evaluate(SHOWN))
        browser.close()
    return {
        "fields": len(painted),
        "painted_ms_median": round(statistics.median(painted), 1),
        "painted_ms_p99": round(sorted(painted)[int(0.99 * len(painted))], 1),
        "screen_ms_median": round(statistics.median(screens), 1),
    }


#: Notes the time from Enter until the frame after the one in which the next field is on the screen.
WATCHED = """() => {
  window.painted = [];
  addEventListener("keydown", (event) => {
    if (event.key !== "Enter") return;
    const image = document.querySelector("#picture img"), at = event.timeStamp;
    const look = () => {
      const now = document.querySelector("#picture img");
      if (now !== image && now.complete) requestAnimationFrame(() => painted.push(performance.now() - at));
      else requestAnimationFrame(look);
    };
    requestAnimationFrame(look);
  }, true);
}"""


#: The time from the navigation until the frame after the one in which a screen's glyphs have their picture.
SHOWN = """() => new Promise((told) => {
  const look = () => {
    const pictures = performance.getEntriesByType("resource").filter((one) => one.name.endsWith("/picture"));
    if (pictures.some((one) => one.responseEnd)) requestAnimationFrame(() => setTimeout(() => told(performance.now())));
    else requestAnimationFrame(look);
  };
  look();
})"""


def clerks(folder: Path, *, count: int, seconds: float) -> dict[str, float]:
    """Let people key at once, kill the desk in the middle, start it again; nothing that it confirmed may be lost."""
    process, port = start(folder)
    starts, ports = [time.perf_counter()], [port]
    ended = threading.Event()
    answers: list[tuple[float, float]] = []
    confirmed: list[tuple[int, int]] = []

    def key(name: str) -> None:
        client = Client(ports[0], name)
        while not ended.is_set():
            client.port = ports[0]
            with suppress(OSError):
                _, desk = client.ask("POST", "/turns?count=4")
                while desk.get("turns") and not ended.is_set():
                    field = desk["turns"][0]["id"]
                    begun = time.perf_counter()
                    status, desk = client.ask("POST", f"/fields/{field}/label?count=4", {"value": "9999"})
                    answers.append((begun, 1000 * (time.perf_counter() - begun)))
                    if status == 200:
                        confirmed.append((field, desk["label"]))
                    time.sleep(random.uniform(0.6, 1.4))  # noqa: S311 - four digits and Enter, at 18,000 keys an hour
            time.sleep(0.05)

    people = [threading.Thread(target=key, args=(f"clerk{number}",)) for number in range(count)]
    for person in people:
        person.start()
    time.sleep(seconds / 2)
    process.kill()
    process.wait()
    process, ports[0] = start(folder)
    starts.append(time.perf_counter())
    time.sleep(seconds / 2)
    ended.set()
    for person in people:
        person.join()
    process.send_signal(signal.SIGINT)
    process.wait(timeout=30)
    return outcome(folder, answers, confirmed, starts=starts) | {
        "clerks": count,
        "seconds": seconds,
        "cores": os.cpu_count() or 1,
    }


def outcome(
    folder: Path, answers: list[tuple[float, float]], confirmed: list[tuple[int, int]], *, starts: list[float]
) -> dict[str, float]:
    """What was confirmed and is not there; what is there twice; how long it took.

    In the second after each of its starts all clerks ask at once: what is slower then is told apart.
    """
    with closing(sqlite3.connect(folder / "var" / "digitd.db")) as database:
        rows = database.execute("SELECT id, field_id, verifier FROM labels WHERE verifier LIKE 'clerk%'").fetchall()
    there = {label: field for label, field, _ in rows}
    twice = Counter((field, verifier) for _, field, verifier in rows)
    ordered = sorted(took for _, took in answers)
    apart = sorted(took for begun, took in answers if all(abs(begun - at) > 1 for at in starts))
    return {
        "labels": len(confirmed),
        "lost": sum(there.get(label) != field for field, label in confirmed),
        "doubled": sum(times - 1 for times in twice.values()),
        "p50_ms": round(statistics.median(ordered), 1),
        "p99_ms": round(ordered[int(0.99 * len(ordered))], 1),
        "p99_after_a_second_ms": round(apart[int(0.99 * len(apart))], 1),
    }


if __name__ == "__main__":
    main()

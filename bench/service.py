"""How fast the service is, and whether it loses anything when it is killed. Run it as `make bench`, or by itself.

Draws an A4 form of 28 fields at 300 dpi, then measures in a folder of its own: `latency`, from a page being dropped
to its rows being committed, the service idle; `throughput`, pages a second of `run --once`, beside the floor, which
is decoding the same files on one core and nothing else; `scaling`, the same with one process and with two; `kill`,
`kill -9` in the middle of `run --once`, three times; `idle`, seconds until it is ready, and what it takes while nothing
comes; `steady`, whether small pages cost the last what they cost the first, and memory and file handles stay.
"""

import argparse
import json
import os
import re
import signal
import socket
import sqlite3
import statistics
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from digitd.demo.handwriting import some_hand, write_number
from digitd.records import Box

DIGITD = (sys.executable, "-m", "digitd")
FORM = "bench"
ROWS, COLUMNS, DIGITS = 14, 2, 5
A4_PX = (3508, 2480)


def boxes() -> dict[str, Box]:
    """The 28 fields of the form, in pixels."""
    found = {}
    for row in range(ROWS):
        for column in range(COLUMNS):
            x, y = 500 + column * 1050, 420 + row * 200
            found[f"f{row + 1}{'ab'[column]}"] = Box(x0=x, y0=y, x1=x + 700, y1=y + 110)
    return found


def blank_form() -> NDArray[np.uint8]:
    """(3508, 2480) uint8: the form without writing."""
    page = np.full(A4_PX, 255, np.uint8)
    cv2.putText(page, "Tally of the bench", (500, 260), cv2.FONT_HERSHEY_DUPLEX, 3.0, 0, 5, cv2.LINE_AA)
    for name, box in boxes().items():
        corner, other = (int(box.x0), int(box.y0)), (int(box.x1), int(box.y1))
        cv2.rectangle(page, corner, other, 60, 4)
        cv2.putText(
            page, f"No. {name}", (corner[0] - 260, corner[1] + 75), cv2.FONT_HERSHEY_SIMPLEX, 1.6, 0, 3, cv2.LINE_AA
        )
    return page


def filled_form(seed: int) -> NDArray[np.uint8]:
    """The form filled in by hand, a little skewed and shifted."""
    rng = np.random.default_rng(seed)
    page, hand = blank_form(), some_hand(rng)
    for box in boxes().values():
        write_number(page, "".join(str(d) for d in rng.integers(0, 10, DIGITS)), box, rng, hand=hand)
    turn = cv2.getRotationMatrix2D((A4_PX[1] / 2, A4_PX[0] / 2), rng.uniform(-1, 1), 1.0)
    turn[:, 2] += rng.uniform(-15, 15, 2)
    skewed = cv2.warpAffine(page, turn, A4_PX[::-1], borderValue=255)
    noise = rng.normal(0, 4, (A4_PX[0] // 4, A4_PX[1] // 4)).astype(np.float32)
    noisy = skewed + cv2.resize(noise, A4_PX[::-1])
    return np.clip(noisy, 0, 255).astype(np.uint8)


def distinct_jpegs(count: int, seeds: int = 8) -> list[bytes]:
    """Scans as JPEG; more than seeds of them are copies with other bytes, as a comment in the file makes them."""
    drawn = [
        cv2.imencode(".jpg", filled_form(seed), [cv2.IMWRITE_JPEG_QUALITY, 85])[1].tobytes() for seed in range(seeds)
    ]
    return [_with_comment(drawn[index % seeds], f"copy {index}") for index in range(count)]


def _with_comment(jpeg: bytes, text: str) -> bytes:
    body = text.encode()
    return jpeg[:2] + b"\xff\xfe" + (len(body) + 2).to_bytes(2, "big") + body + jpeg[2:]


def make_clerk(folder: Path) -> Path:
    """A folder of the service's own with the form in it."""
    digitd("init", str(folder))
    cv2.imwrite(str(folder / "blank.png"), blank_form())
    lines = [f"{n},{b.x0:g},{b.y0:g},{b.x1:g},{b.y1:g}" for n, b in boxes().items()]
    (folder / "fields.csv").write_text("\n".join(["field,x0,y0,x1,y1", *lines]) + "\n", encoding="utf-8")
    digitd("form", "new", FORM, "--reference", "blank.png", "--fields", "fields.csv", folder=folder)
    return folder


def digitd(*arguments: str, folder: Path | None = None) -> str:
    """Run a command to its end and return what it printed."""
    return subprocess.run([*DIGITD, *arguments], cwd=folder, check=True, capture_output=True, text=True).stdout


def drop(folder: Path, pages: Sequence[bytes]) -> None:
    """Put pages into the form's folder of the inbox, long enough ago to be quiet."""
    for index, page in enumerate(pages):
        path = folder / "inbox" / FORM / f"page{index:04d}.jpg"
        path.write_bytes(page)
        os.utime(path, (time.time() - 60, time.time() - 60))


def ask(folder: Path, query: str, *values: object) -> list[tuple[object, ...]]:
    """Rows of the folder's database."""
    with closing(sqlite3.connect(folder / "var" / "digitd.db")) as database:
        return database.execute(query, values).fetchall()


def latency(folder: Path, count: int) -> dict[str, float]:
    """Milliseconds from the writer's closing a page to its rows being committed, the service idle before each."""
    waits = []
    with service(folder) as process:
        follow(process, "service_started", 1)
        for index, page in enumerate(distinct_jpegs(count + 2)):
            name = f"drop{index:03d}.jpg"
            with (folder / "inbox" / FORM / name).open("wb") as file:
                file.write(page)
            closed = time.perf_counter()
            while not ask(folder, "SELECT 1 FROM documents WHERE name = ? AND read_at IS NOT NULL", name):
                time.sleep(0.001)
            waits.append((time.perf_counter() - closed) * 1000)
            follow(process, "document_read", 1)
            time.sleep(0.2)
        process.send_signal(signal.SIGTERM)
    waits = waits[2:]  # the first two wait for the readers to start
    p99 = statistics.quantiles(waits, n=100)[98]
    return {
        "pages": count,
        "p50_ms": statistics.median(waits),
        "p99_ms": p99,
        "worst_ms": max(waits),
        **reading_ms(folder),
    }


def throughput(folder: Path, count: int) -> dict[str, float]:
    """Pages a second of `run --once`, and of nothing but decoding the same files on one core."""
    pages = distinct_jpegs(count)
    drop(folder, pages)
    begun = time.perf_counter()
    facts = json.loads(digitd("run", "--once", "--json", folder=folder))
    wall_seconds = time.perf_counter() - begun
    cv2.setNumThreads(1)
    begun = time.perf_counter()
    for page in pages:
        cv2.imdecode(np.frombuffer(page, np.uint8), cv2.IMREAD_GRAYSCALE)
    floor = count / (time.perf_counter() - begun)
    speed = facts["pages"] / facts["seconds"]
    return {
        "pages": facts["pages"],
        "cores": os.cpu_count() or 1,
        "pages_per_s": speed,
        "pages_per_s_with_start": facts["pages"] / wall_seconds,
        "floor_decode_per_s_one_core": floor,
        "share_of_floor": speed / floor,
        **reading_ms(folder),
    }


def scaling(folder: Path, count: int) -> dict[str, float]:
    """Pages a second with one process and with two, start and model apart."""
    speeds = {}
    for processes in (1, 2):
        set_key(folder, "processes", str(processes))
        drop(folder, [_with_comment(page, f"by {processes}") for page in distinct_jpegs(count)])
        facts = json.loads(digitd("run", "--once", "--json", folder=folder))
        speeds[processes] = facts["pages"] / facts["seconds"]
    return {"one_per_s": speeds[1], "two_per_s": speeds[2], "gain": speeds[2] / speeds[1]}


def idle(folder: Path, seconds: float = 60.0) -> dict[str, float]:
    """Seconds from the start until the service is ready, and its share of a core and memory while nothing comes."""
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as systemd:
        systemd.bind(str(folder / "notify"))
        begun = time.perf_counter()
        with service(folder, NOTIFY_SOCKET=str(folder / "notify")) as process:
            while systemd.recv(1000) != b"READY=1":
                pass
            ready = time.perf_counter() - begun
            time.sleep(5.0)
            pids = descendants(process.pid)
            before = sum(map(cpu_seconds, pids))
            time.sleep(seconds)
            used = sum(map(cpu_seconds, pids)) - before
            memory = [memory_mb(pid) for pid in pids]
            all_mb = sum(map(proportional_mb, pids))
            process.send_signal(signal.SIGTERM)
    return {
        "ready_seconds": ready,
        "cpu_share": used / seconds,
        "coordinator_mb": memory[0],
        "largest_worker_mb": max(memory[1:]),
        "all_mb": all_mb,
    }


def steady(folder: Path, count: int) -> dict[str, float]:
    """Milliseconds a small page in the first and last tenth, and what memory and file handles grow by in between."""
    digitd("form", "new", "small", "--whole-page", folder=folder)
    paper = np.full((50, 200), 245, np.uint8)
    write_number(paper, "1047", Box(x0=5, y0=5, x1=195, y1=45), np.random.default_rng(1))
    (folder / "inbox" / "small").mkdir(exist_ok=True)
    marks: list[tuple[float, float, float, int]] = []
    with service(folder) as process:
        follow(process, "service_started", 1)
        for tenth in range(10):
            begun = time.perf_counter()
            for number in range(tenth * count // 10, (tenth + 1) * count // 10):
                paper[0, :16] = 200 + np.array([number >> bit & 1 for bit in range(16)], np.uint8)
                (folder / "inbox" / "small" / f"{number:06d}.png").write_bytes(cv2.imencode(".png", paper)[1].tobytes())
            follow(process, "document_read", count // 10)
            took, pids = time.perf_counter() - begun, descendants(process.pid)
            marks.append((took, memory_mb(pids[0]), max(map(memory_mb, pids[1:])), sum(map(handles, pids))))
        process.send_signal(signal.SIGTERM)
    each_ms = [1000 * mark[0] / (count / 10) for mark in marks]
    return {
        "pages": count,
        "first_tenth_ms": each_ms[0],
        "last_tenth_ms": each_ms[-1],
        "last_to_first": each_ms[-1] / each_ms[0],
        "memory_mb_after_a_tenth": marks[0][1],
        "memory_mb_at_the_end": marks[-1][1],
        "worker_mb_after_a_tenth": marks[0][2],
        "worker_mb_at_the_end": marks[-1][2],
        "handles_after_a_tenth": marks[0][3],
        "handles_at_the_end": marks[-1][3],
    }


def set_key(folder: Path, key: str, value: str) -> None:
    """Change a key of the folder's configuration."""
    path = folder / "config.toml"
    text = re.sub(rf"^{key} = \S+", f"{key} = {value}", path.read_text(encoding="utf-8"), flags=re.MULTILINE)
    path.write_text(text, encoding="utf-8")


def descendants(pid: int) -> list[int]:
    """A process, and those that it and they started."""
    started = (children.read_text(encoding="ascii") for children in Path(f"/proc/{pid}/task").glob("*/children"))
    return [pid, *(found for each in started for child in each.split() for found in descendants(int(child)))]


def cpu_seconds(pid: int) -> float:
    """What a process has used of a core."""
    fields = Path(f"/proc/{pid}/stat").read_text(encoding="ascii").rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def memory_mb(pid: int) -> float:
    """What a process has in memory, with what it shares with others."""
    status = Path(f"/proc/{pid}/status").read_text(encoding="ascii")
    return int(re.search(r"VmRSS:\s+(\d+)", status)[1]) / 1000  # type: ignore[index]


def proportional_mb(pid: int) -> float:
    """What a process has in memory, with its part of what it shares: of several processes, this can be added up."""
    found = Path(f"/proc/{pid}/smaps_rollup").read_text(encoding="ascii")
    return int(re.search(r"Pss:\s+(\d+)", found)[1]) / 1000  # type: ignore[index]


def handles(pid: int) -> int:
    """How many files a process has open."""
    return len(list(Path(f"/proc/{pid}/fd").iterdir()))


def kill(folder: Path, count: int, kills: int = 3) -> dict[str, float]:
    """Kill `run --once` in its middle, again and again, then let it end; count what is there."""
    pages = distinct_jpegs(count)
    drop(folder, [*pages, *pages[:3], *[page[: len(page) // 2] for page in pages[:2]]])
    chance = np.random.default_rng()
    for _ in range(kills):
        with service(folder, "--once") as process:
            follow(process, "document_read", int(chance.integers(2, count // (kills + 2))))
            process.kill()
    subprocess.run([*DIGITD, "run", "--once"], cwd=folder, capture_output=True, check=False)
    states = dict(ask(folder, "SELECT state, count(*) FROM documents GROUP BY state"))
    ((pages_kept, documents_read),) = ask(folder, "SELECT count(*), count(DISTINCT document_id) FROM pages")
    ((fields,),) = ask(folder, "SELECT count(*) FROM fields")
    found: Counter[str] = Counter({str(state): int(str(n)) for state, n in states.items()})
    return {
        "dropped": count + 5,
        "seen": found.total(),
        **{state: found[state] for state in ("done", "review", "failed", "duplicate", "queued", "reading")},
        "read_twice": int(str(pages_kept)) - int(str(documents_read)),
        "fields": int(str(fields)),
        "fields_expected": count * ROWS * COLUMNS,
    }


def reading_ms(folder: Path) -> dict[str, float]:
    """The median of what the stages of a page took, in milliseconds: all but it is the service's own."""
    rows = [json.loads(str(row[0])) for row in ask(folder, "SELECT stage_ms FROM pages")]
    stages = {f"stage_{name}_ms": statistics.median(row[name] for row in rows) for name in rows[0]}
    return {"reading_ms": statistics.median(sum(row.values()) for row in rows), **stages}


@contextmanager
def service(folder: Path, *arguments: str, **environment: str) -> Iterator[subprocess.Popen[str]]:
    """A running `digitd run`, whose log can be followed; waited for at the end."""
    process = subprocess.Popen(
        [*DIGITD, "run", *arguments], cwd=folder, stderr=subprocess.PIPE, text=True, env=os.environ | environment
    )
    try:
        yield process
    finally:
        process.communicate(timeout=60)


def follow(process: subprocess.Popen[str], event: str, times: int) -> None:
    """Read the log until an event has come so many times."""
    assert process.stderr is not None
    for line in process.stderr:
        times -= event in line
        if times <= 0:
            return


def main() -> None:
    """Measure what is asked for, print it, and write it beside this file."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("what", nargs="*", default=["latency", "throughput", "scaling", "kill", "idle", "steady"])
    parser.add_argument("--pages", type=int, default=200, help="for throughput; half as many for scaling and kill")
    parser.add_argument("--small-pages", type=int, default=10_000, help="for steady")
    arguments = parser.parse_args()
    measures = {
        "latency": lambda folder: latency(folder, 100),
        "scaling": lambda folder: scaling(folder, arguments.pages // 2),
        "idle": idle,
        "steady": lambda folder: steady(folder, arguments.small_pages),
        "throughput": lambda folder: throughput(folder, arguments.pages),
        "kill": lambda folder: kill(folder, arguments.pages // 2),
    }
    results = {}
    for name in arguments.what:
        with tempfile.TemporaryDirectory() as temporary:
            results[name] = measures[name](make_clerk(Path(temporary) / "clerk"))
        print(f"\n{name}")
        for key, value in results[name].items():
            print(f"  {key:<28} {value:>10,.2f}" if isinstance(value, float) else f"  {key:<28} {value:>10,}")
    Path(__file__).with_suffix(".json").write_text(json.dumps(results, indent=2) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()

"""How long a report over a million labelled glyphs takes, and its memory. Part of `make bench`; writes report.json.

The database is filled by SQL, as if a year of forms had been read and every field of them keyed or drawn: three in a
hundred digits are read wrong, a tenth of the fields was in review, and a hundredth of what passed was drawn.
"""

import argparse
import json
import os
import sqlite3
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime, timedelta
from itertools import islice
from pathlib import Path
from typing import Any

import cv2
import numpy as np

from digitd.store import Store

DIGITD = (sys.executable, "-m", "digitd")

#: Targets.
SECONDS, MEGABYTES = 5.0, 500.0

#: Fields of a document, digits of a field.
FIELDS, DIGITS = 20, 4

#: Runs the command and tells the most memory that it held, in kB.
MEASURED = (
    "import resource, sys, time; from digitd.cli import main; begun = time.perf_counter()\n"
    "try: main(sys.argv[1:])\n"
    "finally: print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss, time.perf_counter() - begun, file=sys.stderr)"
)


def main() -> None:
    """Measure, print, write down."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--glyphs", type=int, default=1_000_000)
    parser.add_argument("--keep", type=Path, help="fill this folder, and leave it there")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as scratch:
        folder = given.keep or Path(scratch) / "clerk"
        if not (folder / "var" / "digitd.db").exists():
            subprocess.run([*DIGITD, "init", str(folder)], check=True, capture_output=True)
            fill(folder / "var" / "digitd.db", glyphs=given.glyphs)
        results = {
            name: measure(folder, *options)
            for name, options in {
                "text": [],
                "json": ["--json"],
                "page": ["--html", str(Path(scratch) / "report.html")],
                "week": ["--since", "7d", "--html", str(Path(scratch) / "week.html")],
            }.items()
        }
    for what, found in results.items():
        print(f"{what:<6}", "  ".join(f"{key} {value:,}" for key, value in found.items()))
    print(f"targets: {SECONDS} s, {MEGABYTES:.0f} MB")
    told = {"glyphs": given.glyphs, "cores": os.cpu_count() or 1, **results}
    Path(__file__).with_suffix(".json").write_text(json.dumps(told, indent=2) + "\n", encoding="utf-8")


def measure(folder: Path, *options: str) -> dict[str, float]:
    """Seconds and megabytes of `digitd report`, start of Python included."""
    begun = time.perf_counter()
    done = subprocess.run(
        [sys.executable, "-c", MEASURED, "report", *options], cwd=folder, capture_output=True, text=True, check=True
    )
    kilobytes = float(done.stderr.split()[-2])
    return {"seconds": round(time.perf_counter() - begun, 2), "megabytes": round(kilobytes / 1000, 1)}


def fill(path: Path, *, glyphs: int) -> None:
    """Put labelled fields into a new database."""
    Store.open(path, create=True).close()
    rng = np.random.default_rng(1)
    pictures = [picture(digit) for digit in range(10)]
    crop = cv2.imencode(".jpg", np.full((60, 200), 240, np.uint8))[1].tobytes().ljust(1500, b"\0")
    documents = glyphs // (FIELDS * DIGITS)
    start = datetime.now(UTC).replace(tzinfo=None) - timedelta(days=364)
    with closing(sqlite3.connect(path)) as database:
        database.execute("PRAGMA synchronous = OFF")
        database.execute("INSERT INTO models VALUES ('made-up@0', '{}', ?)", (str(start),))
        days = [str(start + timedelta(days=364 * number / documents)) for number in range(documents)]
        database.executemany(
            "INSERT INTO documents (id, name, form, sha256, size_bytes, state, reason, attempts, token, seen_at,"
            " read_at) VALUES (?, ?, ?, ?, 1, 'done', '', 1, ?, ?, ?)",
            ((n + 1, f"{n}.png", form(n), f"{n:064x}", f"{n:032x}", days[n], days[n]) for n in range(documents)),
        )
        database.executemany(
            "INSERT INTO pages (id, document_id, number, width_px, height_px, form, reason, stage_ms, model_id,"
            " pipeline) VALUES (?, ?, 1, 800, 1000, ?, '', '{}', 'made-up@0', '1')",
            ((n + 1, n + 1, form(n)) for n in range(documents)),
        )
        made = read_fields(rng, documents * FIELDS, pictures, crop, days)
        while some := list(islice(made, 5_000)):
            database.executemany(
                "INSERT INTO fields VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, 'verified', ?, '', '[]', ?, ?)",
                (each["field"] for each in some),
            )
            database.executemany(
                "INSERT INTO glyphs (field_id, position, x0, y0, x1, y1, content, probabilities, pixels_png, digit,"
                " sure) VALUES (?, ?, 0, 0, 9, 9, 'digit', ?, ?, ?, ?)",
                (glyph for each in some for glyph in each["glyphs"]),
            )
            database.executemany(
                "INSERT INTO labels (field_id, value, verifier, mode, at, duration_ms, sampling_probability)"
                " VALUES (?, ?, ?, ?, ?, 2500, ?)",
                (each["label"] for each in some),
            )
            database.commit()


def form(number: int) -> str:
    return ("tally", "meter")[number % 2]


def picture(digit: int) -> bytes:
    pixels = np.zeros((28, 28), np.uint8)
    cv2.putText(pixels, str(digit), (6, 22), cv2.FONT_HERSHEY_SIMPLEX, 0.7, 255, 2)
    return cv2.imencode(".png", pixels, (cv2.IMWRITE_PNG_COMPRESSION, 1))[1].tobytes()


def read_fields(
    rng: np.random.Generator, count: int, pictures: list[bytes], crop: bytes, days: list[str]
) -> Iterator[dict[str, Any]]:
    """Fields with their glyphs and their label, as rows."""
    for number in range(count):
        truth = rng.integers(0, 10, DIGITS)
        said = np.where(rng.random(DIGITS) < 0.03, rng.integers(0, 10, DIGITS), truth)
        review = rng.random() < 0.1
        place = number % FIELDS
        value, label = "".join(map(str, said)), "".join(map(str, truth))
        sure = rng.uniform(0.5, 0.97 if review else 1, DIGITS).astype(np.float32)
        probabilities = np.repeat(((1 - sure) / 10)[:, None], 11, axis=1)
        probabilities[np.arange(DIGITS), said] = sure
        drawn = None if review or rng.random() > 0.01 else 0.01
        yield {
            "field": (
                number + 1, number // FIELDS + 1, place, f"f{place}", 100, 45 * place + 20, 300, 45 * place + 60,
                value, float(sure.min()), "review" if review else "accepted", crop, drawn,
            ),
            "glyphs": [
                (number + 1, at, each.astype("<f4").tobytes(), pictures[truth[at]], int(said[at]), float(sure[at]))
                for at, each in enumerate(probabilities)
            ],
            "label": (
                number + 1, label, ("ada", "bob")[number % 2], "blind" if drawn is None else "audit",
                days[number // FIELDS], drawn or (1.0 if review else None),
            ),
        }  # fmt: skip


if __name__ == "__main__":
    main()

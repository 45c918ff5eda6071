"""What reading a page costs beside merely decoding its file, and beside Tesseract. Run by `make bench`, or by itself.

A registered A4 page of 300 dpi with 28 fields, as G4, JPEG and PNG, on one core, without any start. Machines differ and
are never idle, so only ratios count: what is compared is measured in turn, round by round, and the median is given.
"""

import argparse
import io
import json
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from PIL import Image

from digitd.config import load
from digitd.reader import Reader, open_reader
from service import COLUMNS, FORM, ROWS, filled_form, make_clerk

DPI = 300

#: What is to be reached: reading takes at most so many times the decoding; and Tesseract so many times the reading.
MOST_DECODINGS, LEAST_TESSERACT = 3, 20

#: Rounds of Tesseract, which takes seconds for a page.
TESSERACT_ROUNDS = 3

Call = Callable[[], object]


def main() -> None:
    """Measure, print and write."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=21, help="of each format; Tesseract has fewer")
    parser.add_argument("--out", type=Path, default=Path(__file__).with_name("speed.json"))
    given = parser.parse_args()
    on_one_core()
    with tempfile.TemporaryDirectory() as temporary:
        folder = make_clerk(Path(temporary) / "clerk")
        reader, files = open_reader(load(folder / "config.toml")), page_files(filled_form(1))
        decoding = [beside_decoding(reader, name, data, rounds=given.rounds) for name, data in files.items()]
        tesseract = beside_tesseract(reader, files["PNG"], Path(temporary), rounds=min(given.rounds, TESSERACT_ROUNDS))
    result = {
        "date": datetime.now(UTC).isoformat(timespec="seconds"),
        "model": reader.model_id,
        "fields": ROWS * COLUMNS,
        "rounds": given.rounds,
        "decoding": decoding,
        "tesseract": tesseract,
    }
    given.out.write_text(json.dumps(result, indent=2) + "\n", encoding="utf-8")
    show(result)
    print(f"\nWritten: {given.out}")


def on_one_core() -> None:
    """Keep this process, and what it starts, on one core where the system can."""
    cv2.setNumThreads(1)
    os.environ["OMP_THREAD_LIMIT"] = "1"
    if hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, {max(os.sched_getaffinity(0))})


def page_files(page: np.ndarray[Any, np.dtype[np.uint8]]) -> dict[str, bytes]:
    """The page as scanners write it: G4 of two levels, JPEG and PNG of grey ones."""
    grey = Image.fromarray(page)
    two_levels = Image.fromarray(np.where(page < 128, 0, 255).astype(np.uint8)).convert("1")
    return {
        "G4": saved(two_levels, format="TIFF", compression="group4"),
        "JPEG": saved(grey, format="JPEG", quality=85),
        "PNG": saved(grey, format="PNG"),
    }


def saved(image: Image.Image, **settings: Any) -> bytes:
    """The bytes of image as a file that says its resolution."""
    data = io.BytesIO()
    image.save(data, dpi=(DPI, DPI), **settings)
    return data.getvalue()


def beside_decoding(reader: Reader, name: str, data: bytes, *, rounds: int) -> dict[str, Any]:
    """How many times as long as decoding reading takes, on one file."""
    check(reader, data, name)
    buffer = np.frombuffer(data, np.uint8)
    mode = cv2.IMREAD_GRAYSCALE if name == "JPEG" else cv2.IMREAD_UNCHANGED
    times = paired((lambda: reader.read(data, FORM), lambda: cv2.imdecode(buffer, mode)), rounds=rounds)
    return {"file": name, "bytes": len(data), **compared(times, ("read_ms", "decode_ms"))}


def check(reader: Reader, data: bytes, name: str) -> None:
    """A page on which the form is not found is read fast, and says nothing."""
    (page,) = reader.read(data, FORM).pages
    if page.form != FORM or len(page.fields) != ROWS * COLUMNS:
        sys.exit(f"bench/speed.py: the form was not found on its own page as {name}: there is nothing to measure.")


def beside_tesseract(reader: Reader, png: bytes, folder: Path, *, rounds: int) -> dict[str, Any]:
    """How many pages digitd reads while Tesseract reads one, as it is by default; its start is left out, as ours is."""
    program = shutil.which("tesseract")
    if program is None:
        return {"skipped": "there is no command tesseract"}
    (folder / "page.png").write_bytes(png)
    lists = [folder / "one.txt", folder / "two.txt"]
    for count, path in enumerate(lists, start=1):
        path.write_text(f"{folder / 'page.png'}\n" * count, encoding="utf-8")
    calls: list[Call] = [lambda: reader.read(png, FORM), *(tesseract(program, path) for path in lists)]
    times = [(ours, two - one) for ours, one, two in paired(calls, rounds=rounds)]
    version = subprocess.run([program, "--version"], capture_output=True, text=True, check=True).stdout.split("\n")[0]
    return {"version": version, "rounds": rounds, **compared([t[::-1] for t in times], ("tesseract_ms", "read_ms"))}


def tesseract(program: str, pages: Path) -> Call:
    """A call that reads the pages of a list."""
    return lambda: subprocess.run([program, str(pages), "stdout"], capture_output=True, check=True)


def paired(calls: Sequence[Call], *, rounds: int) -> list[tuple[float, ...]]:
    """Seconds of each call, by rounds; who goes first changes from round to round."""
    found = []
    for number in range(rounds):
        order = range(len(calls)) if number % 2 == 0 else reversed(range(len(calls)))
        times = {which: seconds(calls[which]) for which in order}
        found.append(tuple(times[which] for which in range(len(calls))))
    return found


def seconds(call: Call) -> float:
    """How long a call takes."""
    begun = time.perf_counter()
    call()
    return time.perf_counter() - begun


def compared(times: Sequence[Sequence[float]], names: Sequence[str]) -> dict[str, Any]:
    """The median milliseconds of two, under their names, and of the first by the second, with its quartiles."""
    ratios = [first / second for first, second in times]
    low, middle, high = statistics.quantiles(ratios, n=4) if len(ratios) > 1 else ratios * 3
    medians = {
        name: round(1000 * statistics.median(column), 2)
        for name, column in zip(names, zip(*times, strict=True), strict=True)
    }
    return {**medians, "ratio": round(middle, 2), "ratio_quartiles": [round(low, 2), round(high, 2)]}


def show(result: Mapping[str, Any]) -> None:
    """Print what was measured, with what is to be reached."""
    print(f"\nspeed: {result['fields']} fields, one core, median of {result['rounds']} rounds, {result['model']}")
    for way in result["decoding"]:
        low, high = way["ratio_quartiles"]
        print(f"  {way['file']:<10} read {way['read_ms']:>8.1f} ms   decode {way['decode_ms']:>8.1f} ms   "
              f"{way['ratio']:>6.2f} times, quartiles {low} to {high} (at most {MOST_DECODINGS})")  # fmt: skip
    theirs = result["tesseract"]
    if "skipped" in theirs:
        print(f"  Tesseract: skipped: {theirs['skipped']}")
        return
    print(f"  {theirs['version']}: {theirs['tesseract_ms']:.0f} ms a page, "
          f"{theirs['ratio']:.1f} times ours (at least {LEAST_TESSERACT}; {theirs['rounds']} rounds)")  # fmt: skip


if __name__ == "__main__":
    main()

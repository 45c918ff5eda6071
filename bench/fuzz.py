"""Whether damaged files can do harm: `make fuzz`, ten minutes. Every one must be read, or refused with a reason.

Good files of every format are damaged (bytes flipped, cut off, spliced, sizes blown up) and loaded in a process with
bounds like the service's. Counts what came of them; keeps the bytes of each that killed or hung its process, took
more than its memory, or met a fault of digitd's own. Prints and writes fuzz.json; ends with 1 if there is any.
"""

import argparse
import io
import json
import multiprocessing
import os
import resource
import sys
import time
from collections import Counter
from multiprocessing.connection import Connection
from pathlib import Path

import cv2
import numpy as np
from numpy.random import Generator

from digitd.errors import UnreadableDocument
from digitd.reading.load import Limits, load, page_count

#: Seconds for one file, and MB for its process.
SECONDS, MEMORY_MB = 20.0, 2048

#: Numbers that fields of headers are set to: what is off by one, negative, or too much.
EDGES = (0, 1, 0x7F, 0x80, 0xFF, 0x7FFF, 0x8000, 0xFFFF, 0x7FFFFFFF, 0x80000000, 0xFFFFFFFF)


def main() -> None:
    """Fuzz for so long, print what came of it, write it down."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seconds", type=float, default=600.0)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--keep", type=Path, default=Path("build/fuzz"), help="where what did harm is kept")
    given = parser.parse_args()
    found: Counter[str] = Counter()
    chance, seeds, worker = np.random.default_rng(given.seed), good_files(), Worker()
    begun = time.monotonic()
    while time.monotonic() - begun < given.seconds:
        kind = list(seeds)[int(chance.integers(len(seeds)))]
        data = damaged(seeds[kind], chance)
        what, said = worker.loads(data)
        found[what] += 1
        if what not in {"read", "refused"}:
            print(f"{what}: {kind}: {said}", file=sys.stderr)
            given.keep.mkdir(parents=True, exist_ok=True)
            (given.keep / f"{what}-{found[what]}.{kind}").write_bytes(data)
    worker.stop()
    result = {"files": found.total(), **found, "seconds": round(time.monotonic() - begun)}
    print("  ".join(f"{name} {value:,}" for name, value in result.items()))
    Path(__file__).with_suffix(".json").write_text(json.dumps(result, indent=2) + "\n", encoding="utf-8")
    sys.exit(int(bool(set(found) - {"read", "refused"})))


def good_files() -> dict[str, bytes]:
    """A small file of each kind: grey and colour, one page and several, each compression that scanners use."""
    from PIL import Image  # comes with matplotlib

    grey = np.full((90, 140), 230, np.uint8)
    cv2.putText(grey, "1047", (10, 60), cv2.FONT_HERSHEY_SIMPLEX, 1.5, 20, 4)
    colour, picture = cv2.cvtColor(grey, cv2.COLOR_GRAY2BGR), Image.fromarray(grey)
    pages = [picture.rotate(angle, expand=True) for angle in (0, 90, 180)]

    def saved(kind: str, images: list[Image.Image], **options: object) -> bytes:
        buffer = io.BytesIO()
        more = {"save_all": True, "append_images": images[1:]} if len(images) > 1 else {}
        images[0].save(buffer, kind, **more, **options)
        return buffer.getvalue()

    return {
        "png": cv2.imencode(".png", grey)[1].tobytes(),
        "rgb.png": cv2.imencode(".png", colour)[1].tobytes(),
        "jpg": cv2.imencode(".jpg", grey)[1].tobytes(),
        "progressive.jpg": saved("JPEG", pages[:1], progressive=True),
        "g4.tiff": saved("TIFF", [page.convert("1") for page in pages], compression="group4"),
        "lzw.tiff": saved("TIFF", pages, compression="tiff_lzw"),
        "jpeg.tiff": saved("TIFF", pages[:1], compression="jpeg"),
        "raw.tiff": saved("TIFF", pages[:1]),
        "pdf": saved("PDF", pages),
    }


def damaged(data: bytes, chance: Generator) -> bytes:
    """Data with one to eight injuries."""
    bad = bytearray(data)
    for _ in range(int(chance.integers(1, 9))):
        if not bad:
            break
        at, kind = int(chance.integers(len(bad))), int(chance.integers(7))
        if kind == 0:
            bad[at] ^= 1 << int(chance.integers(8))
        elif kind == 1:
            bad[at] = int(chance.integers(256))
        elif kind == 2:
            del bad[at:]
        elif kind == 3:
            del bad[at : at + int(chance.integers(1, 64))]
        elif kind == 4:
            start = int(chance.integers(len(bad)))
            bad[at:at] = bad[start : start + int(chance.integers(1, 256))]
        elif kind == 5:
            edge, size = EDGES[int(chance.integers(len(EDGES)))], int(chance.choice((1, 2, 4)))
            order = "big" if chance.random() < 0.5 else "little"
            bad[at : at + size] = (edge & ((1 << 8 * size) - 1)).to_bytes(size, order)
        else:
            bad[at : at + 32] = chance.bytes(32)
    return bytes(bad)


class Worker:
    """A process that loads, with its bounds; another where it dies or hangs."""

    def __init__(self) -> None:
        self._context = multiprocessing.get_context("spawn")
        self._start()

    def loads(self, data: bytes) -> tuple[str, str]:
        """What came of data: read, refused, memory, fault, died or hung; and what was said of it."""
        try:
            self._pipe.send_bytes(data)
            if self._pipe.poll(SECONDS):
                what, said = self._pipe.recv()
                return what, said
            what = "hung"
        except (EOFError, OSError):
            what = "died"
        self.stop()
        self._start()
        return what, ""

    def stop(self) -> None:
        """End the process."""
        self._process.kill()
        self._process.join()

    def _start(self) -> None:
        self._pipe, theirs = self._context.Pipe()
        self._process = self._context.Process(target=_work, args=(theirs,), daemon=True)
        self._process.start()
        theirs.close()
        self._pipe.recv()


def _work(pipe: Connection) -> None:
    cv2.setNumThreads(1)
    os.dup2(os.open(os.devnull, os.O_WRONLY), 2)  # what decoders say of damage
    resource.setrlimit(resource.RLIMIT_DATA, (MEMORY_MB << 20, MEMORY_MB << 20))
    pipe.send("ready")
    for data in iter(pipe.recv_bytes, None):
        pipe.send(_outcome(data))


def _outcome(data: bytes) -> tuple[str, str]:
    try:
        for page in load(data, Limits(max_megapixels=50)):
            assert page.pixels.size
        assert page_count(data)
    except UnreadableDocument as fault:
        return "refused", str(fault)
    except MemoryError:
        return "memory", ""
    except Exception as fault:  # noqa: BLE001 - which is what is looked for
        return "fault", f"{type(fault).__name__}: {fault}"
    return "read", ""


if __name__ == "__main__":
    main()

"""Filled-in cards as a scanner gives them, with what is written on them. The same seed gives the same pictures."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray

from digitd.demo.card import FIELDS, PAPER, blank_card
from digitd.demo.encode import Pages, as_jpeg, as_pdf, as_png, as_tiff
from digitd.demo.handwriting import write_number
from digitd.demo.pen import some_hand
from digitd.records import Box, TemplateField

#: The scan whose labels the demo leaves to whoever tries it.
LEFT_TO_VERIFY = "card-07 changed.png"

#: How many files there are.
HOW_MANY = 7

#: Seed of the demo: chosen once, so that everybody sees the same cards.
SEED = 20260714


@dataclass(frozen=True, slots=True, kw_only=True)
class Scan:
    """A file for the inbox: its bytes, and for each page the true value of each field; no pages where it is broken."""

    name: str
    data: bytes
    pages: tuple[Mapping[str, str], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Filled:
    pixels: NDArray[np.uint8]
    truth: Mapping[str, str]


def scans(seed: int = SEED) -> Iterator[Scan]:
    """The demo's scans: single pages as PNG and JPEG, three pages in a TIFF, a PDF, a copy, and a file cut off."""
    rng = np.random.default_rng(seed)
    first = _scan("card-01.png", [_fill(rng)], as_png)
    yield first
    yield _scan("card-02 shadow.jpg", [_fill(rng, shadow=0.45)], as_jpeg)
    yield _scan("three.tif", [_fill(rng) for _ in range(3)], as_tiff)
    yield _scan("card-06.pdf", [_fill(rng)], as_pdf)
    yield _scan(LEFT_TO_VERIFY, [_fill(rng, changed=True)], as_png)
    yield Scan(name="card-09 sent twice.png", data=first.data, pages=())
    whole = as_png([_fill(rng).pixels])
    yield Scan(name="card-08 cut off.png", data=whole[: len(whole) // 2], pages=())


def truth_csv(found: Sequence[Scan]) -> str:
    """What is written on the scans, as `digitd label import` takes it."""
    lines = ["document,page,field,value,verifier"]
    for scan in found:
        for number, page in enumerate(scan.pages, start=1):
            lines += [f'"{scan.name}",{number},{field},{value},truth' for field, value in page.items()]
    return "\n".join(lines) + "\n"


def _scan(name: str, pages: list[_Filled], encode: Callable[[Pages], bytes]) -> Scan:
    return Scan(name=name, data=encode([page.pixels for page in pages]), pages=tuple(page.truth for page in pages))


def _fill(rng: Generator, *, shadow: float = 0.15, changed: bool = False) -> _Filled:
    """A card filled in by somebody, and scanned."""
    page, hand = blank_card(), some_hand(rng)
    truth = {}
    for field, value in zip(FIELDS, _values(rng), strict=True):
        written = _changed(field, value) if changed else value
        inner = Box(x0=field.box.x0 + 4, y0=field.box.y0 + 4, x1=field.box.x1 - 4, y1=field.box.y1 - 4)
        if written:
            write_number(page, written, inner, rng, cells=field.cells, hand=hand, gap=0.22)
        truth[field.name] = "".join(symbol for symbol in written if symbol.isdecimal())
    return _Filled(pixels=_scanned(page, rng, shadow=shadow), truth=truth)


def _values(rng: Generator) -> Iterator[str]:
    """A household's numbers, in the order of the card's fields."""
    yield f"{rng.integers(1_000_000, 10_000_000)}"
    yield f"{rng.integers(1, 29):02d}"
    yield f"{rng.integers(1, 13):02d}"
    yield "2026"
    for most in (900, 9_000, 60_000):
        before = int(rng.integers(most // 10, most))
        yield f"{before}"
        yield f"{before + int(rng.integers(20, most // 5))}"
    yield f"{rng.integers(1, 7)}"
    yield f"{rng.integers(24, 260)}" if rng.random() < 0.8 else ""
    yield f"{rng.integers(10_000_000, 100_000_000)}"


def _changed(field: TemplateField, value: str) -> str:
    """As somebody fills a card in who changes their mind: unused cells crossed, a digit struck out, a dash for none."""
    written = {"persons": f"{value}X", "card": f"{value[:3]}*{value[4:]}", "floor": "-"}
    return written.get(field.name, value)


def _scanned(page: NDArray[np.uint8], rng: Generator, *, shadow: float) -> NDArray[np.uint8]:
    """The page askew, shifted, a little larger or smaller, in uneven light, slightly blurred and noisy."""
    height, width = page.shape
    turn = cv2.getRotationMatrix2D((width / 2, height / 2), rng.uniform(-2.5, 2.5), rng.uniform(0.97, 1.02))
    turn[:, 2] += rng.uniform(-18, 18, 2)
    lying = cv2.warpAffine(page, turn, (width, height), flags=cv2.INTER_AREA, borderValue=(PAPER,))
    soft = cv2.GaussianBlur(lying, (0, 0), rng.uniform(0.5, 0.8)).astype(np.float32)
    y, x = np.mgrid[0 : 1 : height * 1j, 0 : 1 : width * 1j].astype(np.float32)
    angle = rng.uniform(0, 2 * np.pi)
    light = 1 - shadow * np.clip(0.5 + (x - 0.5) * np.cos(angle) + (y - 0.5) * np.sin(angle), 0, 1)
    # Noise in steps of 2 keeps the files small and looks the same.
    noise = np.rint(rng.normal(0, rng.uniform(2.0, 4.0), page.shape) / 2) * 2
    return np.clip(soft * light + noise, 0, 255).astype(np.uint8)

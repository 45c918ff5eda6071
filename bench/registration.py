"""How exactly a form is found on a page, and how often a wrong one is: on forms drawn here, however they were scanned.

Each page is a drawn form, filled in by hand, turned by any angle or by --turned at most, at 100 to 300 dots an inch;
half are scans, half photos in perspective on a cluttered table in uneven light, some cropped, some bilevel. The error
is the largest distance on the paper between where a field's corner is and where it was found. Every page is also
offered a form with the very same boxes and other words, and one of another family. Prints a table, writes
registration.json.
"""

import argparse
import json
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray

from digitd.demo.handwriting import write_number
from digitd.demo.pen import some_hand
from digitd.forms.draw import draw_form
from digitd.forms.library import reference_pages
from digitd.reading.load import Limits
from digitd.reading.register import Features, Reference, prepare, register
from digitd.records import Template

HERE = Path(__file__).resolve().parent
DPI = 200
LIMITS = Limits(pdf_dpi=DPI)
MAX_RESIDUAL_MM = 1.5
SYLLABLES = ["ba", "ce", "di", "fo", "gu", "ha", "ke", "li", "mo", "nu", "pa", "re", "si", "to", "vu", "an", "el", "us"]
Picture = NDArray[np.uint8]


@dataclass(frozen=True, slots=True, kw_only=True)
class Drawn:
    """A form: its blank page, and what registration has made of it."""

    blank: Picture
    reference: Reference

    @property
    def template(self) -> Template:
        return self.reference.template


def main() -> None:
    """Measure with markers and without."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--pages", type=int, default=500)
    parser.add_argument("--families", type=int, default=8, help="of forms; each has two with the same boxes")
    parser.add_argument("--seed", type=int, default=7)
    parser.add_argument("--turned", type=float, default=180.0, help="degrees at most; 2 is what a feeder does")
    parser.add_argument("--keep", type=Path, help="write the pages that were missed here")
    given = parser.parse_args()
    figures = {}
    for markers in (True, False):
        with tempfile.TemporaryDirectory() as scratch:
            forms = list(drawn_forms(Path(scratch), given.families, given.seed, markers=markers))
        name = "with markers" if markers else "without markers"
        figures[name] = measure(forms, given.pages, given.seed, turned=given.turned, keep=given.keep)
        show(name, figures[name])
    (HERE / "registration.json").write_text(json.dumps(figures, indent=2) + "\n")


def measure(forms: list[Drawn], pages: int, seed: int, *, turned: float, keep: Path | None) -> dict[str, Any]:
    """Find forms on as many pages; forms 2n and 2n + 1 have the same boxes."""
    errors: dict[str, list[float]] = {"scan": [], "photo": []}
    seconds, wrong, refused_in = [], 0, []
    for number in range(pages):
        rng = np.random.default_rng((seed, number))
        right, kind = int(rng.integers(len(forms))), ("scan", "photo")[number % 2]
        others = (right ^ 1, (right + 2) % len(forms))
        beside = [form for index, form in enumerate(forms) if index not in (right, *others)]
        page, truth = seen(filled(forms[right], rng), beside, rng, kind=kind, most=turned)
        start = time.perf_counter()
        features = Features(page)
        found = register(features, forms[right].reference, max_residual_mm=MAX_RESIDUAL_MM)
        seconds.append(time.perf_counter() - start)
        error = np.inf if found is None else error_mm(forms[right].template, found.page_from_template, truth)
        errors[kind].append(error)
        for other in others:
            start = time.perf_counter()
            taken = register(features, forms[other].reference, max_residual_mm=MAX_RESIDUAL_MM) is not None
            refused_in.append(time.perf_counter() - start)
            wrong += taken
            if keep and taken:
                error = np.nan
        if keep and not error <= 1:
            keep.mkdir(parents=True, exist_ok=True)
            cv2.imwrite(str(keep / f"{number}-{kind}-{error:.1f}mm.jpg"), page)
    every = np.array(errors["scan"] + errors["photo"])
    return {
        "pages": pages,
        "within_1_mm_pct": 100 * float((every <= 1).mean()),
        "scans_within_1_mm_pct": 100 * float((np.array(errors["scan"]) <= 1).mean()),
        "photos_within_1_mm_pct": 100 * float((np.array(errors["photo"]) <= 1).mean()),
        "not_found": int(np.isinf(every).sum()),
        "found_but_beyond_1_mm": int(((every > 1) & np.isfinite(every)).sum()),
        "median_mm": float(np.median(every)),
        "wrong_offered": 2 * pages,
        "wrong_accepted": int(wrong),
        "ms_to_find": 1000 * float(np.median(seconds)),
        "ms_to_refuse": 1000 * float(np.median(refused_in)),
    }


def show(name: str, figures: dict[str, Any]) -> None:
    """Print figures, one a line."""
    print(name)
    for key, value in figures.items():
        print(f"  {key:24} {value:8.2f}" if isinstance(value, float) else f"  {key:24} {value:8}")


def error_mm(template: Template, found: NDArray[np.float64], truth: NDArray[np.float64]) -> float:
    """The largest distance on the paper between a field's corner and where it was found."""
    corners = np.concatenate([field.box.corners() for field in template.fields])[:, None]
    back = cv2.perspectiveTransform(cv2.perspectiveTransform(corners, found), np.linalg.inv(truth))
    return float(np.linalg.norm(back - corners, axis=2).max()) / template.dpi * 25.4


def drawn_forms(folder: Path, families: int, seed: int, *, markers: bool) -> Iterator[Drawn]:
    """First pages of forms of different boxes, each followed by one with the same boxes and other words."""
    for family in range(families):
        for sibling in range(2):
            described = folder / "described.toml"
            words = np.random.default_rng((seed, family, sibling))
            described.write_text(description(np.random.default_rng((seed, family)), words), encoding="utf-8")
            pages = draw_form(f"form{family}-{sibling}", described, forms=folder, limits=LIMITS)
            blank = reference_pages(pages, LIMITS)[0].pixels.copy()
            if not markers:
                wiped(blank)
            yield Drawn(blank=blank, reference=prepare(pages[0], blank))


def description(rng: Generator, words: Generator) -> str:
    """A form of a few fields and sometimes a table; rng decides the boxes, words the words."""
    wide = 14
    lines = [f'title = "{some_words(words, wide + 6)}"', f"columns = {rng.integers(1, 4)}"]
    for number in range(rng.integers(4, 10)):
        room = "cells" if rng.random() < 0.7 else "digits"
        lines += ["[[fields]]", f'name = "f{number}"', f'label = "{some_words(words, wide)}"']
        lines += [f"{room} = {rng.integers(2, 7)}"]
    if rng.random() < 0.6:
        named = [
            ", ".join(f'"{some_words(words, 8)}"' for _ in range(rng.integers(*many))) for many in ((2, 6), (2, 4))
        ]
        lines += ["[[tables]]", f"rows = [{named[0]}]", f"columns = [{named[1]}]", f"cells = {rng.integers(2, 5)}"]
    return "\n".join(lines)


def some_words(rng: Generator, letters: int) -> str:
    """Words of just so many letters, so that other words move no box."""
    return " ".join("".join(rng.choice(SYLLABLES, 3)) for _ in range(1 + letters // 6))[:letters].strip().capitalize()


def wiped(page: Picture) -> None:
    """Whiten the corners with the markers, in place."""
    room = round(21 / 25.4 * DPI)
    for down in (slice(0, room), slice(-room, None)):
        for across in (slice(0, room), slice(-room, None)):
            page[down, across] = 255


def filled(form: Drawn, rng: Generator) -> Picture:
    """The form with numbers in most of its fields."""
    page, hand = form.blank.copy(), some_hand(rng)
    for field in form.template.fields:
        digits = rng.integers(0, (field.cells or 4) + 1)
        value = "".join(str(digit) for digit in rng.integers(0, 10, digits))
        write_number(page, value, field.box, rng, cells=field.cells, hand=hand)
    return page


def seen(
    page: Picture, beside: list[Drawn], rng: Generator, *, kind: str, most: float
) -> tuple[Picture, NDArray[np.float64]]:
    """The page as a scanner or a camera gives it, turned by so many degrees at most; and the homography there."""
    scale = rng.uniform(100, 300) / DPI
    if kind == "photo":
        scale = min(scale, 1.2)
    height, width = page.shape
    corners = (np.array([(0, 0), (width, 0), (width, height), (0, height)]) - (width / 2, height / 2)) * scale
    angle = np.radians(rng.uniform(-most, most))
    turned = corners @ np.array([[np.cos(angle), np.sin(angle)], [-np.sin(angle), np.cos(angle)]])
    if kind == "photo":
        turned += rng.uniform(-0.07, 0.07, (4, 2)) * scale * height
    margin = rng.uniform(0, 0.12 if kind == "photo" else 0.03) * scale * height * np.ones(2)
    if rng.random() < 0.1:
        margin -= 0.06 * scale * height  # an edge of the paper is not in the picture
    low, high = turned.min(axis=0) - margin, turned.max(axis=0) + margin
    truth = cv2.getPerspectiveTransform(corners_of(width, height), (turned - low).astype(np.float32))
    size = tuple(int(side) for side in np.ceil(high - low))
    return photographed(page, truth, size, beside, rng, kind=kind), truth


def photographed(
    page: Picture, truth: NDArray[np.float64], size: tuple[int, int], beside: list[Drawn], rng: Generator, *, kind: str
) -> Picture:
    """The page on a table or in a scanner, in its light, blurred, noisy."""
    flags = cv2.INTER_AREA if truth[0, 0] ** 2 + truth[1, 0] ** 2 < 1 else cv2.INTER_LINEAR
    soft = cv2.GaussianBlur(page, (0, 0), max(0.3, 0.45 / np.hypot(truth[0, 0], truth[1, 0])))
    there = cv2.warpPerspective(np.full_like(page, 255), truth, size)
    shot = cv2.warpPerspective(soft, truth, size, flags=flags).astype(np.float32)
    ground = (
        table(size, beside, rng) if kind == "photo" else np.full(size[::-1], rng.choice([255, 245, 30]), np.float32)
    )
    shot = np.where(there > 127, shot, ground)
    y, x = np.mgrid[0 : 1 : size[1] * 1j, 0 : 1 : size[0] * 1j].astype(np.float32)
    towards = rng.uniform(0, 2 * np.pi)
    dark = 0.55 if kind == "photo" else 0.1
    light = 1 - dark * np.clip(0.5 + (x - 0.5) * np.cos(towards) + (y - 0.5) * np.sin(towards), 0, 1)
    if kind == "photo" and rng.random() < 0.5:  # the shadow of a hand or a head
        edge = (x - rng.uniform(0.2, 0.8)) * np.cos(towards) + (y - rng.uniform(0.2, 0.8)) * np.sin(towards)
        light *= 1 - rng.uniform(0.2, 0.5) / (1 + np.exp(-edge * rng.uniform(15, 80)))
    shot = cv2.GaussianBlur(shot * light, (0, 0), rng.uniform(0.3, 1.3))
    shot += rng.normal(0, rng.uniform(1, 9), shot.shape).astype(np.float32)
    picture = np.clip(shot, 0, 255).astype(np.uint8)
    if kind == "scan" and rng.random() < 0.25:  # a fax
        picture = np.where(picture < 150, 0, 255).astype(np.uint8)
    return cv2.imdecode(cv2.imencode(".jpg", picture, [cv2.IMWRITE_JPEG_QUALITY, int(rng.integers(55, 95))])[1], 0)


def table(size: tuple[int, int], beside: list[Drawn], rng: Generator) -> NDArray[np.float32]:
    """A table top: grain, edges of things, and part of some other paper."""
    across, down = size
    grain = rng.normal(0, 1, (max(2, down // 40), max(2, across // 5))).astype(np.float32)
    ground = rng.uniform(40, 200) + 18 * cv2.resize(grain, size, interpolation=cv2.INTER_CUBIC)
    for _ in range(int(rng.integers(0, 8))):
        spot = tuple(int(v) for v in rng.uniform(0, 1, 2) * size)
        cv2.circle(ground, spot, int(rng.uniform(0.02, 0.2) * across), float(rng.uniform(0, 255)), cv2.FILLED)
    if rng.random() < 0.5:  # a part of a form that lies beside it
        other = beside[int(rng.integers(len(beside)))].blank
        shift = np.float32([[0.8, 0.3, rng.uniform(-0.3, 0.8) * across], [-0.3, 0.8, rng.uniform(-0.3, 0.8) * down]])
        mask = cv2.warpAffine(np.full_like(other, 255), shift, size)
        ground = np.where(mask > 127, cv2.warpAffine(other, shift, size), ground)
    return ground.astype(np.float32)


def corners_of(width: float, height: float) -> NDArray[np.float32]:
    """(4, 2) float32, clockwise from the left upper one."""
    return np.array([(0, 0), (width, 0), (width, height), (0, height)], np.float32)


if __name__ == "__main__":
    main()

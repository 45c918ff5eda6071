"""Sets of digits become the glyphs an epoch is trained on, drawn by worker processes while the last epoch trains."""

import multiprocessing
from collections.abc import Iterator, Sequence
from concurrent.futures import Future, ProcessPoolExecutor
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from digitd.reading.normalise import GLYPH_SIDE, normalise
from digitd.records import NOT_A_DIGIT
from digitd.wake import end_with_parent
from digitd_trainer.augment.distort import distort
from digitd_trainer.augment.strangers import stranger

#: Strangers for each digit. Half of what stands in the cells of a real form is no digit, but few kinds make it up.
STRANGER_SHARE = 0.15

#: A set smaller than this share of the largest is repeated, at most LARGEST_REPEAT times, so that it is heard.
HEARD_SHARE, LARGEST_REPEAT = 0.08, 8

#: Glyphs drawn by a worker at a time: long enough that handing them over costs nothing.
CHUNK = 2000


@dataclass(frozen=True, slots=True, kw_only=True)
class Glyphs:
    """What is trained on or measured with: images (N, 28, 28) uint8, labels (N,) uint8, 10 for *not a digit*."""

    images: NDArray[np.uint8]
    labels: NDArray[np.uint8]


def as_squares(images: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """(N, h, w) uint8 pictures to (N, 28, 28): a margin around those that are smaller, larger ones scaled down."""
    height, width = images.shape[1:]
    if max(height, width) > GLYPH_SIDE:
        scale = GLYPH_SIDE / max(height, width)
        size = (max(1, round(width * scale)), max(1, round(height * scale)))
        images = np.stack([cv2.resize(image, size, interpolation=cv2.INTER_AREA) for image in images])
        height, width = images.shape[1:]
    top, left = (GLYPH_SIDE - height) // 2, (GLYPH_SIDE - width) // 2
    squares = np.zeros((len(images), GLYPH_SIDE, GLYPH_SIDE), np.uint8)
    squares[:, top : top + height, left : left + width] = images
    return squares


def normalised(images: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """(N, h, w) uint8 light on black to glyphs, (N, 28, 28) uint8."""
    return np.stack([normalise(image) for image in images])


def joined(parts: Sequence[Glyphs]) -> Glyphs:
    """All parts in one, in order."""
    return Glyphs(
        images=np.concatenate([part.images for part in parts]), labels=np.concatenate([part.labels for part in parts])
    )


def balanced(sets: Sequence[Glyphs]) -> Glyphs:
    """All sets in one, the small ones repeated."""
    wanted = HEARD_SHARE * max(len(each.labels) for each in sets)
    repeats = [min(LARGEST_REPEAT, max(1, round(wanted / len(each.labels)))) for each in sets]
    return Glyphs(
        images=np.concatenate([np.tile(each.images, (n, 1, 1)) for each, n in zip(sets, repeats, strict=True)]),
        labels=np.concatenate([np.tile(each.labels, n) for each, n in zip(sets, repeats, strict=True)]),
    )


def round_size(digits: int) -> int:
    """Glyphs in a round of so many digits, strangers counted."""
    return digits + round(STRANGER_SHARE * digits)


def draw_round(digits: Glyphs, number: int, *, seed: int) -> Glyphs:
    """One round, drawn in this process: each of digits distorted anew, and strangers. number is the round's, from 0."""
    _keep(digits)
    return joined([_draw(*order) for order in _orders(len(digits.labels), number, seed)])


def draw_rounds(digits: Glyphs, count: int, *, seed: int, processes: int, first: int = 0) -> Iterator[Glyphs]:
    """Yield count rounds, number first and on, each drawn by worker processes while the one before is in use.

    What is drawn depends on seed alone, not on how many processes draw.
    """
    context = multiprocessing.get_context("spawn")  # a fork of a process with TensorFlow's threads may hang
    with ProcessPoolExecutor(processes, mp_context=context, initializer=_begin, initargs=(digits,)) as workers:

        def start(number: int) -> list[Future[Glyphs]]:
            return [workers.submit(_draw, *order) for order in _orders(len(digits.labels), number, seed)]

        waiting = start(first)
        for number in range(first, first + count):
            drawn = joined([future.result() for future in waiting])
            waiting = start(number + 1) if number + 1 < first + count else []
            yield drawn


#: The digits a worker draws from; set once in each process, since handing them over with every order costs more.
_KEPT: list[Glyphs] = []


def _begin(digits: Glyphs) -> None:
    end_with_parent()
    _keep(digits)


def _keep(digits: Glyphs) -> None:
    cv2.setNumThreads(1)  # the processes share the cores already
    _KEPT[:] = [digits]


def _orders(digits: int, number: int, seed: int) -> list[tuple[tuple[int, int, int], int, int]]:
    """What to draw for a round: (entropy, first, last) each; places from digits upward are strangers."""
    size = round_size(digits)
    return [((seed, number, first), first, min(first + CHUNK, size)) for first in range(0, size, CHUNK)]


def _draw(entropy: tuple[int, int, int], first: int, last: int) -> Glyphs:
    rng = np.random.default_rng(entropy)
    digits = _KEPT[0]
    count = len(digits.labels)
    images = np.empty((last - first, GLYPH_SIDE, GLYPH_SIDE), np.uint8)
    labels = np.full(last - first, NOT_A_DIGIT, np.uint8)
    for place in range(first, last):
        if place < count:
            images[place - first] = _as_another(digits.images[place], rng, others=digits.images)
            labels[place - first] = digits.labels[place]
        else:
            images[place - first] = normalise(stranger(digits.images, digits.labels, rng))
    return Glyphs(images=images, labels=labels)


def _as_another(ink: NDArray[np.uint8], rng: np.random.Generator, *, others: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """The glyph of ink as another hand and machine had it; of ink itself where nothing was left of it."""
    glyph = normalise(distort(ink, rng, others=others))
    return glyph if glyph.any() else normalise(ink)

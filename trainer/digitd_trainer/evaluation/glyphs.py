"""Sets become glyphs, by two processes at most, each set once in each way; then a model reads them.

Paper is measured twice: given to `normalise` as it is, borders and all, only what is brighter than the paper taken
away; and isolated first, as segmentation does on a page. The difference is what segmentation is worth.
"""

import multiprocessing
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ProcessPoolExecutor
from contextlib import ExitStack
from dataclasses import dataclass
from enum import StrEnum

import cv2
import numpy as np
from numpy.typing import NDArray

from digitd.reading.classify import Classifier
from digitd.reading.normalise import normalise
from digitd.reading.segment import isolate
from digitd.records import NOT_A_DIGIT
from digitd_trainer.augment.rounds import normalised
from digitd_trainer.evaluation.sets import Source

#: Pictures a process is given at a time.
CHUNK = 500

#: More processes would take the machine from whoever else is using it.
PROCESSES = 2


class Way(StrEnum):
    """How a picture becomes a glyph."""

    #: Light on black already: `normalise` only.
    PLAIN = "as it is"
    #: Paper: what is darker than it, printed borders and all.
    IN_VIEW = "borders in view"
    #: Paper: the one symbol in it, as segmentation finds it. This is how pages are read.
    ISOLATED = "isolated"


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Said:
    """What a model said of a set in one way.

    pictures is (N, h, w) uint8 as they lay on disk, glyphs (N, 28, 28) uint8, probabilities (N, 11) float32, labels
    (N,) uint8 or None where nothing is a digit. A glyph without ink is never classified: all of its probability is
    on *not a digit*, and blank says so.
    """

    source: Source
    way: Way
    glyphs: NDArray[np.uint8]
    probabilities: NDArray[np.float32]

    @property
    def name(self) -> str:
        return self.source.name if self.way is Way.PLAIN else f"{self.source.name}, {self.way}"

    @property
    def labels(self) -> NDArray[np.uint8] | None:
        return self.source.labels

    @property
    def blank(self) -> NDArray[np.bool_]:
        return blank(self.glyphs)

    @property
    def as_read(self) -> bool:
        """Whether this is the way in which pages are read."""
        return self.way is not Way.IN_VIEW


def ways(source: Source) -> Sequence[Way]:
    """In which ways a set is measured."""
    return (Way.IN_VIEW, Way.ISOLATED) if source.paper else (Way.PLAIN,)


def read(glyphs: NDArray[np.uint8], classifier: Classifier) -> NDArray[np.float32]:
    """(N, 11) float32 probabilities of glyphs, (N, 28, 28) uint8; those without ink are *not a digit* for certain."""
    probabilities = classifier(glyphs)
    probabilities[blank(glyphs)] = np.eye(NOT_A_DIGIT + 1, dtype=np.float32)[NOT_A_DIGIT]
    return probabilities


def blank(glyphs: NDArray[np.uint8]) -> NDArray[np.bool_]:
    """(N,) whether a glyph, of (N, 28, 28) uint8, has no ink."""
    inkless: NDArray[np.bool_] = glyphs.reshape(len(glyphs), -1).max(axis=1, initial=0) == 0
    return inkless


def read_sets(sources: Sequence[Source], classifier: Classifier, *, told: Callable[[float], None]) -> Iterator[Said]:
    """Let classifier read every set in each of its ways, in order; told hears the share done, in [0, 1]."""
    jobs = [(source, way) for source in sources for way in ways(source)]
    total = sum(len(source.images) for source, _ in jobs) or 1
    done = 0
    with ExitStack() as closing:
        workers = closing.enter_context(_workers()) if total > 4 * CHUNK else None
        waiting = [_submitted(source.images, way, workers) for source, way in jobs]
        for (source, way), chunks in zip(jobs, waiting, strict=True):
            parts = []
            for chunk in chunks:
                parts.append(chunk.result())
                done += len(parts[-1])
                told(done / total)
            glyphs = np.concatenate(parts)
            yield Said(source=source, way=way, glyphs=glyphs, probabilities=read(glyphs, classifier))


def to_glyphs(images: NDArray[np.uint8], way: Way) -> NDArray[np.uint8]:
    """(N, 28, 28) uint8 glyphs of images, (N, h, w) uint8."""
    cv2.setNumThreads(1)  # two processes share the cores already
    if way is Way.ISOLATED:
        return np.stack([normalise(isolate(image)) for image in images])
    return normalised(light_on_black(images) if way is Way.IN_VIEW else images)


def light_on_black(images: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """(N, h, w) uint8 dark on paper to light on black: what is darker than the paper, the median of each picture."""
    paper = np.median(images, axis=(1, 2), keepdims=True)
    return np.clip(paper - images, 0, 255).astype(np.uint8)


def _workers() -> ProcessPoolExecutor:
    return ProcessPoolExecutor(PROCESSES, mp_context=multiprocessing.get_context("spawn"))


def _submitted(
    images: NDArray[np.uint8], way: Way, workers: ProcessPoolExecutor | None
) -> Sequence[Future[NDArray[np.uint8]]]:
    chunks = [images[first : first + CHUNK] for first in range(0, len(images), CHUNK)]
    if workers is not None:
        return [workers.submit(to_glyphs, chunk, way) for chunk in chunks]
    here: list[Future[NDArray[np.uint8]]] = []
    for chunk in chunks:
        here.append(Future())
        here[-1].set_result(to_glyphs(chunk, way))
    return here

"""The order of the stages, and nothing else: load, register, locate, segment, normalise, classify, decode, validate."""

import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field

import cv2
import numpy as np
from numpy.typing import NDArray

from digitd import PIPELINE_VERSION
from digitd.budget.thresholds import Thresholds
from digitd.reading.lengths import of_one_length
from digitd.reading.load import ALL, Limits, load, page_count
from digitd.reading.locate import locate, locate_freely, locate_whole, page_box
from digitd.reading.register import Features, Reference, register
from digitd.reading.seen import NO_GLYPHS, Classify, Seen, look
from digitd.reading.segment import find_writing, segment, segment_again
from digitd.reading.validate import FieldCandidates, validate_page
from digitd.records import (
    DocumentReading,
    FieldReading,
    Page,
    PageReading,
    Region,
    Registration,
    Symbol,
    Template,
)
from digitd.rules import NO_RULES

#: A field's picture is for people: half the size of a PNG, and seven times faster made; the glyphs are kept exactly.
CROP_JPEG = (cv2.IMWRITE_JPEG_QUALITY, 90)


@dataclass(frozen=True, slots=True, kw_only=True)
class Form:
    """A form ready to be looked for; reference is None for a whole-page template."""

    template: Template
    reference: Reference | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """What the stages need to know of the configuration; thresholds, where there are any, replace accept_confidence."""

    limits: Limits = field(default_factory=Limits)
    accept_confidence: float = 0.97
    max_residual_mm: float = 1.5
    thresholds: Thresholds | None = None

    def accept(self, form: str | None, name: str) -> float:
        """How sure the field called name on form must be to pass."""
        return self.accept_confidence if self.thresholds is None else self.thresholds.of(form, name)


@dataclass(frozen=True, slots=True, kw_only=True)
class Trace:
    """What each stage gave for a page, for people who want to see; see `digitd read --debug`."""

    page: Page
    form: Form | None
    registration: Registration | None
    regions: tuple[Region, ...]
    symbols: tuple[tuple[Symbol, ...], ...]
    glyphs: NDArray[np.uint8]
    reading: PageReading


def read_document(
    data: bytes,
    forms: Sequence[Form],
    classify: Classify,
    *,
    settings: Settings,
    model: str,
    forced: bool = False,
    wanted: slice = ALL,
) -> DocumentReading:
    """Read the pages of a document.

    Parameters
    ----------
    data
        The bytes of a picture or PDF.
    forms
        The forms it may be.
    classify
        (N, 28, 28) uint8 to (N, 11) float32.
    settings
        Limits and thresholds.
    model
        The id of the model behind classify.
    forced
        The document must be one of forms: a page that is none of them goes to review instead of being read freely.
    wanted
        Which of its pages, counted from 0; all, if it says nothing.

    Raises
    ------
    UnreadableDocument
        It cannot be read; trying again will not help.
    """
    traces = trace_document(data, forms, classify, settings=settings, forced=forced, wanted=wanted)
    return DocumentReading(
        pages=tuple(t.reading for t in traces),
        model=model,
        pipeline=PIPELINE_VERSION,
        of_pages=page_count(data),
    )


def trace_document(
    data: bytes,
    forms: Sequence[Form],
    classify: Classify,
    *,
    settings: Settings,
    forced: bool = False,
    wanted: slice = ALL,
) -> Iterator[Trace]:
    """As `read_document`, but yield each page with what every stage gave."""
    clock = _Clock()
    pages = load(data, settings.limits, wanted)
    while True:
        with clock("load"):
            page = next(pages, None)
        if page is None:
            return
        yield _read_page(page, forms, classify, settings=settings, forced=forced, clock=clock)
        clock = _Clock()


def _read_page(
    page: Page, forms: Sequence[Form], classify: Classify, *, settings: Settings, forced: bool, clock: "_Clock"
) -> Trace:
    with clock("register"):
        form, registration = best_form(page, forms, settings.max_residual_mm)
    with clock("locate"):
        regions = tuple(_regions(page, form, registration, forced=forced))
    with clock("segment"):
        writings = [find_writing(region) for region in regions]
        symbols = [segment(writing) for writing in writings]
    seen = look(regions, symbols, classify, clock=clock)
    if unsure := [place for place, one in enumerate(seen) if one.unsure()]:
        with clock("segment"):
            again = [segment_again(writings[place], unparted=seen[place].surely_whole()) for place in unsure]
        doubtful = [regions[place] for place in unsure]
        for place, one in zip(unsure, look(doubtful, again, classify, clock=clock, again=True), strict=True):
            seen[place] = one
    with clock("validate"):
        fields = tuple(_fields(seen, None if form is None else form.template, settings=settings))
    reading = PageReading(
        number=page.number,
        width_px=page.pixels.shape[1],
        height_px=page.pixels.shape[0],
        form=None if form is None else form.template.name,
        residual_mm=None if registration is None else registration.residual_mm,
        fields=fields,
        stage_ms=clock.stage_ms,
        dpi=page.dpi,
        reason=_why_not(form, forms, fields, forced=forced),
    )
    return Trace(
        page=page,
        form=form,
        registration=registration,
        regions=regions,
        symbols=tuple(one.taken() for one in seen),
        glyphs=np.concatenate([one.glyphs[one.places()] for one in seen] or [NO_GLYPHS]),
        reading=reading,
    )


def best_form(page: Page, forms: Sequence[Form], max_residual_mm: float) -> tuple[Form | None, Registration | None]:
    """The form that lies best on the page; a whole-page form where it is the only one."""
    if len(forms) == 1 and forms[0].reference is None:
        return forms[0], None
    features = Features(page.pixels) if any(form.reference is not None for form in forms) else None
    best: tuple[Form | None, Registration | None] = (None, None)
    for form in forms:
        if form.reference is None or features is None:
            continue
        found = register(features, form.reference, max_residual_mm=max_residual_mm)
        if found is not None and (best[1] is None or found.residual_mm < best[1].residual_mm):
            best = (form, found)
    return best


def _regions(page: Page, form: Form | None, registration: Registration | None, *, forced: bool) -> Iterator[Region]:
    if form is not None and registration is not None:
        yield from locate(page, form.template, registration)
    elif form is not None:
        yield from locate_whole(page, form.template)
    elif not forced:
        yield from locate_freely(page)


def _why_not(form: Form | None, forms: Sequence[Form], fields: Sequence[FieldReading], *, forced: bool) -> str:
    if form is None and forced:
        return f"form {forms[0].template.name} does not fit on the page"
    return "" if fields else "nothing is written on the page"


def _fields(seen: Sequence[Seen], template: Template | None, *, settings: Settings) -> Iterator[FieldReading]:
    rules = {} if template is None else {field.name: field.rules for field in template.fields}
    reads = [
        FieldCandidates(
            name=one.region.name,
            candidates=one.decoded.candidates,
            contents=tuple(one.contents()),
            rules=rules.get(one.region.name, NO_RULES),
            cut_off=one.region.cut_off,
        )
        for one in seen
    ]
    if template is None:
        reads = of_one_length(reads)
    verdicts = validate_page(
        reads,
        rules=() if template is None else template.rules,
        accept_confidence={
            read.name: settings.accept(None if template is None else template.name, read.name) for read in reads
        },
    )
    for one, verdict in zip(seen, verdicts, strict=True):
        yield FieldReading(
            name=one.region.name,
            box=page_box(one.region),
            value=verdict.value,
            confidence=verdict.confidence,
            state=verdict.state,
            reason=verdict.reason,
            candidates=verdict.candidates,
            glyphs=tuple(one.evidence(verdict.value)),
            crop=cv2.imencode(".jpg", one.region.pixels, CROP_JPEG)[1].tobytes(),
        )


class _Clock:
    """Adds up milliseconds by stage."""

    def __init__(self) -> None:
        self._ms: dict[str, float] = {}

    @property
    def stage_ms(self) -> Mapping[str, float]:
        return {stage: round(ms, 2) for stage, ms in self._ms.items()}

    @contextmanager
    def __call__(self, stage: str) -> Iterator[None]:
        start = time.perf_counter()
        yield
        self._ms[stage] = self._ms.get(stage, 0.0) + 1000 * (time.perf_counter() - start)

"""The order of the stages, and nothing else: load, register, locate, segment, normalise, classify, decode, validate."""

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field

import cv2
import numpy as np
from numpy.typing import NDArray

from digitd import PIPELINE_VERSION
from digitd.reading.decode import Decoded, decode
from digitd.reading.lattice import as_said, score
from digitd.reading.load import Limits, load
from digitd.reading.locate import box_on_page, locate, locate_freely, locate_whole, page_box
from digitd.reading.normalise import GLYPH_SIDE, normalise
from digitd.reading.register import Features, Reference, register
from digitd.reading.segment import segment, segment_again
from digitd.reading.validate import FieldCandidates, validate_page
from digitd.records import (
    NOT_A_DIGIT,
    CellContent,
    DocumentReading,
    FieldReading,
    Glyph,
    Page,
    PageReading,
    Region,
    Registration,
    Symbol,
    Template,
)
from digitd.rules import NO_RULES

Classify = Callable[[NDArray[np.uint8]], NDArray[np.float32]]
Score = Callable[[Sequence[Symbol], NDArray[np.float32]], NDArray[np.float32]]

#: Writing that is no wider than this for its height, is all digits, and gives a string at least so probable, falls into
#: symbols in one way only: of 57 such amounts of development cheques none was wrong, of all others half.
WIDEST_SURE, LEAST_SURE = 1.1, 0.95

#: What is passed over and is lower than this share of the highest digit is a dot or a dash, and no evidence of a digit.
PUNCTUATION = 0.5

_NO_GLYPHS = np.zeros((0, GLYPH_SIDE, GLYPH_SIDE), np.uint8)
_BLACK = np.zeros((GLYPH_SIDE, GLYPH_SIDE), np.uint8)


@dataclass(frozen=True, slots=True, kw_only=True)
class Form:
    """A form ready to be looked for; reference is None for a whole-page template."""

    template: Template
    reference: Reference | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """What the stages need to know of the configuration."""

    limits: Limits = field(default_factory=Limits)
    accept_confidence: float = 0.97
    max_residual_mm: float = 1.5


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
    data: bytes, forms: Sequence[Form], classify: Classify, *, settings: Settings, model: str, forced: bool = False
) -> DocumentReading:
    """Read every page of a document.

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

    Raises
    ------
    UnreadableDocument
        It cannot be read; trying again will not help.
    """
    traces = trace_document(data, forms, classify, settings=settings, forced=forced)
    return DocumentReading(pages=tuple(t.reading for t in traces), model=model, pipeline=PIPELINE_VERSION)


def trace_document(
    data: bytes, forms: Sequence[Form], classify: Classify, *, settings: Settings, forced: bool = False
) -> Iterator[Trace]:
    """As `read_document`, but yield each page with what every stage gave."""
    clock = _Clock()
    pages = load(data, settings.limits)
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
        form, registration = _best_form(page, forms, settings.max_residual_mm)
    with clock("locate"):
        regions = tuple(_regions(page, form, registration, forced=forced))
    with clock("segment"):
        symbols = [segment(region) for region in regions]
    seen = _look(regions, symbols, classify, clock=clock)
    if unsure := [place for place, one in enumerate(seen) if one.unsure()]:
        with clock("segment"):
            again = [segment_again(regions[place]) for place in unsure]
        doubtful = [regions[place] for place in unsure]
        for place, one in zip(unsure, _look(doubtful, again, classify, clock=clock, score=score), strict=True):
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
        glyphs=np.concatenate([one.glyphs[one.places()] for one in seen] or [_NO_GLYPHS]),
        reading=reading,
    )


def _look(
    regions: Sequence[Region],
    symbols: Sequence[Sequence[Symbol]],
    classify: Classify,
    *,
    clock: "_Clock",
    score: Score = as_said,
) -> list["_Seen"]:
    """What the symbols of regions are, all of them in one batch, and the strings that they make."""
    with clock("normalise"):
        flat = [normalise(symbol.ink) for found in symbols for symbol in found if symbol.ink.size]
        glyphs = np.array(flat, np.uint8).reshape(-1, GLYPH_SIDE, GLYPH_SIDE)
    with clock("classify"):
        probabilities = classify(glyphs)
    with clock("decode"):
        ends = np.cumsum([sum(1 for symbol in found if symbol.ink.size) for found in symbols])[:-1]
        parts = zip(regions, symbols, np.split(glyphs, ends), np.split(probabilities, ends), strict=True)
        return [_seen(region, found, own, said, score=score) for region, found, own, said in parts] if regions else []


def _seen(
    region: Region,
    symbols: Sequence[Symbol],
    glyphs: NDArray[np.uint8],
    probabilities: NDArray[np.float32],
    *,
    score: Score,
) -> "_Seen":
    inked = tuple(symbol for symbol in symbols if symbol.ink.size)
    return _Seen(
        region=region,
        blank=tuple(symbol for symbol in symbols if not symbol.ink.size),
        inked=inked,
        glyphs=glyphs,
        probabilities=probabilities,
        decoded=decode(score(inked, probabilities), None if region.cells else [symbol.span for symbol in inked]),
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class _Seen:
    """A region with all symbols that may be in it, what the classifier says of each, and the strings they may be."""

    region: Region
    blank: tuple[Symbol, ...]
    inked: tuple[Symbol, ...]
    glyphs: NDArray[np.uint8]
    probabilities: NDArray[np.float32]
    decoded: Decoded

    def unsure(self) -> bool:
        """Whether the writing may fall into other symbols than these: so only where no cells say how it does."""
        if self.region.cells or not self.inked:
            return False
        wide = max(symbol.box.width / symbol.box.height for symbol in self.inked) > WIDEST_SURE
        strange = bool((self.probabilities[:, NOT_A_DIGIT] > 0.5).any())
        return wide or strange or self.decoded.candidates[0].probability < LEAST_SURE

    def places(self, value: str | None = None) -> list[int]:
        """Places of the symbols that make value, by default the best string; not those of dots and dashes."""
        return [place for place, _ in self._steps(value)]

    def taken(self, value: str | None = None) -> tuple[Symbol, ...]:
        """The symbols that make value, and the blank cells, from left to right."""
        chosen = [self.inked[place] for place in self.places(value)]
        return tuple(sorted([*self.blank, *chosen], key=lambda symbol: symbol.span))

    def evidence(self, value: str | None = None) -> Iterator[Glyph]:
        """Of each of these what the classifier saw and said; a blank cell has black pixels and is *not a digit*."""
        steps = {self.inked[place].span: (place, is_digit) for place, is_digit in self._steps(value)}
        for position, symbol in enumerate(self.taken(value)):
            if symbol.ink.size:
                place, is_digit = steps[symbol.span]
                pixels, chances = self.glyphs[place], self.probabilities[place]
                content = CellContent.DIGIT if is_digit else CellContent.OTHER
            else:
                pixels, chances, content = _BLACK, _certainly_nothing(), CellContent.BLANK
            box = box_on_page(self.region, symbol.box)
            yield Glyph(position=position, box=box, content=content, pixels=pixels, probabilities=chances)

    def _steps(self, value: str | None) -> list[tuple[int, bool]]:
        values = [candidate.value for candidate in self.decoded.candidates]
        path = self.decoded.paths[0 if value is None else values.index(value)]
        if self.region.cells:
            return list(path)
        tallest = max((self.inked[place].box.height for place, is_digit in path if is_digit), default=0.0)
        return [
            (place, is_digit)
            for place, is_digit in path
            if is_digit or self.inked[place].box.height >= PUNCTUATION * tallest
        ]


def _best_form(page: Page, forms: Sequence[Form], max_residual_mm: float) -> tuple[Form | None, Registration | None]:
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


def _fields(seen: Sequence[_Seen], template: Template | None, *, settings: Settings) -> Iterator[FieldReading]:
    rules = {} if template is None else {field.name: field.rules for field in template.fields}
    reads = [
        FieldCandidates(
            name=one.region.name,
            candidates=one.decoded.candidates,
            contents=tuple(glyph.content for glyph in one.evidence()),
            rules=rules.get(one.region.name, NO_RULES),
            cut_off=one.region.cut_off,
        )
        for one in seen
    ]
    verdicts = validate_page(
        reads, rules=() if template is None else template.rules, accept_confidence=settings.accept_confidence
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
            crop_png=cv2.imencode(".png", one.region.pixels)[1].tobytes(),
        )


def _certainly_nothing() -> NDArray[np.float32]:
    chances = np.zeros(NOT_A_DIGIT + 1, np.float32)
    chances[NOT_A_DIGIT] = 1.0
    return chances


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

"""A reader as the configuration describes it: the model, the forms and the limits, opened once a process."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import cv2
import numpy as np

from digitd.budget.thresholds import Thresholds, Watched
from digitd.config import Config
from digitd.errors import DigitdError, ModelError, TemplateError, UnreadableDocument
from digitd.evidence import DocumentEvidence, evidence_of
from digitd.forms import library
from digitd.logs import log
from digitd.models import Model, find
from digitd.reading.classify import Classifier
from digitd.reading.load import ALL, Limits
from digitd.reading.normalise import normalise
from digitd.reading.pipeline import Form, Settings, Trace, read_document, trace_document
from digitd.reading.register import prepare
from digitd.records import DocumentReading, Template


class Unexpected(UnreadableDocument):
    """A fault of digitd's own on one document."""


class Reader:
    """Reads documents. Not shared between processes: each opens its own with `open_reader`.

    thresholds, where given, is asked for each document how sure a field must be to pass.
    """

    def __init__(
        self,
        model: Model,
        classifier: Classifier,
        *,
        forms: Path,
        settings: Settings,
        thresholds: Callable[[], Thresholds] | None = None,
    ) -> None:
        self._model = model
        self._classifier = classifier
        self._folder = forms
        self._settings = settings
        self._thresholds = thresholds
        self._prepared: dict[str, tuple[tuple[Template, ...], list[Form]]] = {}

    @property
    def model_id(self) -> str:
        """What the evidence names the model by."""
        return self._model.id

    @property
    def card(self) -> Mapping[str, Any]:
        """The model's card."""
        return self._model.card

    def read(self, data: bytes, form: str | None = None, *, wanted: slice = ALL) -> DocumentReading:
        """Read a document, or those of its pages that are wanted; form, where given, is the form it must be.

        Raises
        ------
        UnreadableDocument
            It cannot be read; trying again will not help. (Unexpected, where digitd itself is at fault.)
        TemplateError
            The form cannot be used.
        """
        with _one_document():
            return read_document(
                data,
                self._forms(form),
                self._classifier,
                settings=self._now(),
                model=self.model_id,
                forced=form is not None,
                wanted=wanted,
            )

    def evidence(self, data: bytes, form: str | None = None, *, wanted: slice = ALL) -> DocumentEvidence:
        """As `read`, but give what is kept of it."""
        with _one_document():
            return evidence_of(self.read(data, form, wanted=wanted))

    def trace(self, data: bytes, form: str | None = None) -> Iterator[Trace]:
        """As `read`, page by page, with what every stage gave."""
        with _one_document():
            yield from trace_document(
                data, self._forms(form), self._classifier, settings=self._now(), forced=form is not None
            )

    def _now(self) -> Settings:
        """The settings with the thresholds of this moment."""
        return self._settings if self._thresholds is None else replace(self._settings, thresholds=self._thresholds())

    def _forms(self, name: str | None) -> list[Form]:
        """The pages of the form called name, or of every form that can be looked for.

        A form that cannot be used is left out, and told.
        """
        if name is not None:
            return self._prepare(library.open_form(name, self._folder))
        found: list[Form] = []
        for each in library.names(self._folder):
            try:
                pages = library.open_form(each, self._folder)
                if not pages[0].whole_page:
                    found += self._prepare(pages)
            except TemplateError as fault:
                log().warning("form_left_out", form=each, reason=str(fault))
        return found

    def _prepare(self, pages: tuple[Template, ...]) -> list[Form]:
        known = self._prepared.get(pages[0].name)
        if known is None or known[0] != pages:
            known = self._prepared[pages[0].name] = (pages, prepare_form(pages, self._settings.limits))
        return known[1]


def prepare_form(pages: Sequence[Template], limits: Limits) -> list[Form]:
    """A form's pages, ready to be looked for.

    Raises
    ------
    TemplateError
        A reference is missing, changed, or cannot be read.
    """
    if pages[0].whole_page:
        return [Form(template=pages[0], reference=None)]
    pictures = library.reference_pages(pages, limits)
    return [
        Form(template=page, reference=prepare(page, picture.pixels))
        for page, picture in zip(pages, pictures, strict=True)
    ]


def open_reader(config: Config) -> Reader:
    """Open the model of the configuration, ready to read with its forms.

    Raises
    ------
    ModelError
        The model is missing or cannot be used.
    """
    model = find(config.reading.model, config.models)
    classifier = Classifier(model.litert, temperature=float(model.card["temperature"]))
    settings = Settings(
        limits=limits_of(config),
        accept_confidence=config.reading.accept_confidence,
        max_residual_mm=config.reading.max_residual_mm,
    )
    thresholds = Watched(config.budget_book, model.id) if config.budget.enabled else None
    return Reader(model, classifier, forms=config.forms, settings=settings, thresholds=thresholds)


#: What `try_model` draws.
DRAWN = 7


def try_model(model: Model) -> int:
    """Open model and let it read a digit drawn here, DRAWN; returns the likeliest class, 10 for *not a digit*.

    Raises
    ------
    ModelError
        It cannot be opened, or gives no probabilities.
    """
    classifier = Classifier(model.litert, temperature=float(model.card["temperature"]))
    ink = np.zeros((60, 40), np.uint8)
    seven = np.array([(6, 8), (34, 8), (16, 54)], np.int32)
    cv2.polylines(ink, [seven], isClosed=False, color=255, thickness=5, lineType=cv2.LINE_AA)
    (said,) = classifier(normalise(ink)[None])
    if not np.isfinite(said).all():
        raise ModelError(
            f"{model.folder}: gives no probabilities. Copy the whole model folder again, or train it anew."
        )
    return int(said.argmax())


def limits_of(config: Config) -> Limits:
    """What the configuration refuses to load."""
    return Limits(max_megapixels=config.reading.max_megapixels, pdf_dpi=config.reading.pdf_dpi)


@contextmanager
def _one_document() -> Iterator[None]:
    """Turn a fault of digitd's own on one document into that document's reason, so that others are still read."""
    try:
        yield
    except (DigitdError, MemoryError, OSError):  # the last two may pass
        raise
    except cv2.error as fault:
        if fault.code == cv2.Error.STS_NO_MEM:
            raise MemoryError from fault
        raise _unexpected(fault) from fault
    except Exception as fault:
        raise _unexpected(fault) from fault


def _unexpected(fault: Exception) -> Unexpected:
    return Unexpected(f"digitd itself failed on it ({type(fault).__name__}: {fault}): please report this")


def check_forms(config: Config) -> Iterator[tuple[str, str]]:
    """Each form's name and what is wrong with it; an empty string where it can be used."""
    for name in library.names(config.forms):
        try:
            library.reference_pages(library.open_form(name, config.forms), limits_of(config))
            yield name, ""
        except TemplateError as fault:
            yield name, str(fault)

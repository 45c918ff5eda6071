"""The words of digitd as frozen values that travel between stages. No files, no SQL, no OpenCV.

Arrays are row-major (y, x). Pixel coordinates are floats (x, y) with the origin at the outer corner of the
top-left pixel. Pages are uint8 with dark ink on light paper; glyphs are uint8 with light ink on black, as MNIST is.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

from digitd.rules import NO_RULES, FieldRules, FormRule

if TYPE_CHECKING:  # commands that tell states and counts need not wait for it
    import numpy as np
    from numpy.typing import NDArray

#: Index of *not a digit* in a reading's probabilities; 0 to 9 are the digits.
NOT_A_DIGIT = 10

#: How the reason begins where a field is in review for its confidence and nothing else: with another threshold it would
#: pass. Whoever sets thresholds from what people keyed knows such fields by it.
UNSURE = "confidence "

#: Reasons of what is written not being a number as it should be.
CUT_OFF = "part of the field lies outside the page"
NO_DIGIT = "there is writing, but none of it is a digit"
INTERRUPTED = "an empty or crossed cell stands between digits"


class DocumentState(StrEnum):
    """Where a document is in its life."""

    #: The file was noticed in the inbox.
    SEEN = "seen"
    #: Waiting until its writer has finished.
    SETTLING = "settling"
    #: Taken out of the inbox, waiting for a worker.
    QUEUED = "queued"
    #: A worker has it.
    READING = "reading"
    #: Read; nothing is left for a person to do.
    DONE = "done"
    #: Read; at least one field waits for a verifier.
    REVIEW = "review"
    #: The same bytes were taken before; linked to that document.
    DUPLICATE = "duplicate"
    #: Could not be read; the reason is kept.
    FAILED = "failed"


#: Every legal change of state. Nothing else may be written.
LEGAL_MOVES: Mapping[DocumentState | None, frozenset[DocumentState]] = {
    None: frozenset({DocumentState.SEEN}),
    DocumentState.SEEN: frozenset({DocumentState.SETTLING}),
    DocumentState.SETTLING: frozenset({DocumentState.QUEUED, DocumentState.DUPLICATE, DocumentState.FAILED}),
    DocumentState.QUEUED: frozenset({DocumentState.READING, DocumentState.FAILED}),
    DocumentState.READING: frozenset(
        {DocumentState.DONE, DocumentState.REVIEW, DocumentState.FAILED, DocumentState.QUEUED}
    ),
    DocumentState.REVIEW: frozenset({DocumentState.DONE}),
    DocumentState.DONE: frozenset({DocumentState.REVIEW}),
    DocumentState.FAILED: frozenset({DocumentState.QUEUED}),
    DocumentState.DUPLICATE: frozenset(),
}

#: States of a document that has been taken in and is not finished; a restart brings these back to the queue.
IN_FLIGHT = frozenset({DocumentState.QUEUED, DocumentState.READING})


class FieldState(StrEnum):
    """What is known of a field's value."""

    #: Read with a confidence above the threshold, and every rule holds.
    ACCEPTED = "accepted"
    #: A person has to look; the reason says why.
    REVIEW = "review"
    #: A person has said what it is.
    VERIFIED = "verified"
    #: Nothing was written in it.
    BLANK = "blank"


class CellContent(StrEnum):
    """What stands in the room for one digit."""

    DIGIT = "digit"
    BLANK = "blank"
    #: Crossed out, struck through, or anything that is ink but no digit.
    OTHER = "other"


class LabelMode(StrEnum):
    """How a label was given; a report must not mix these unknowingly."""

    #: The verifier did not see the machine's reading.
    BLIND = "blind"
    #: The verifier saw the machine's reading and confirmed or corrected it.
    SHOWN = "shown"
    #: Drawn at random from what passed untouched.
    AUDIT = "audit"
    #: Each digit was seen among others that were read as the same one, errors sown among them, and none stood out.
    LOOKALIKE = "lookalike"
    #: Came from a file.
    IMPORTED = "imported"


class Role(StrEnum):
    """What a verifier with a token may do at a desk."""

    #: Keys fields, looks at look-alikes, sees documents.
    CLERK = "clerk"
    #: Besides, hands in and approves documents, and takes labels and the trail out.
    ADMIN = "admin"


class Why(StrEnum):
    """Why a field waits for a person."""

    #: The machine is not sure enough of what it read.
    UNSURE = "unsure"
    #: A rule of the form speaks against it.
    RULE = "rule"
    #: What is written there is no number as it should be: struck out, with gaps, or partly off the page.
    ODD = "odd"
    #: Somebody doubted it, though it had passed or was keyed.
    DOUBTED = "doubted"


class Order(StrEnum):
    """In which order fields are keyed."""

    #: The least sure first.
    SURENESS = "sureness"
    #: Those that came first.
    AGE = "age"
    #: Those between sure and hopeless first, of which a label teaches most (Lewis and Gale, "A sequential algorithm
    #: for training text classifiers", 1994).
    INFORMATION = "information"


class Verdict(StrEnum):
    """What a label says of its field."""

    #: What is written there.
    VALUE = "value"
    #: Something is written there that nobody can read.
    UNREADABLE = "unreadable"
    #: The picture shows another place of the page than the field.
    MISPLACED = "misplaced"


@dataclass(frozen=True, slots=True, kw_only=True)
class Box:
    """An upright rectangle in pixels; x1 and y1 are exclusive."""

    x0: float
    y0: float
    x1: float
    y1: float

    @property
    def width(self) -> float:
        return self.x1 - self.x0

    @property
    def height(self) -> float:
        return self.y1 - self.y0

    def corners(self) -> "NDArray[np.float64]":
        """(4, 2) float64: top left, top right, bottom right, bottom left."""
        import numpy as np

        return np.array([(self.x0, self.y0), (self.x1, self.y0), (self.x1, self.y1), (self.x0, self.y1)], np.float64)


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """One side of paper as `load` gives it.

    number counts from 1 within the document; pixels is (H, W) uint8, ink dark on light; dpi is the resolution the
    file claims, or None where it claims none or nonsense.
    """

    number: int
    pixels: "NDArray[np.uint8]"
    dpi: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class TemplateField:
    """A field of a form: name, box in pixels of the reference, number of cells (None: unknown), and rules."""

    name: str
    box: Box
    cells: int | None = None
    rules: FieldRules = NO_RULES


@dataclass(frozen=True, slots=True, kw_only=True)
class Template:
    """The description of a form's page.

    reference is the path of the picture the boxes were measured on, reference_page its page that is meant, and
    reference_sha256 its bytes' hash: the picture stays where the user has it. width_px and height_px are its size and
    dpi its resolution. A whole-page template has no reference and a single field that covers every page, whatever its
    size. rules speak of several fields at once: sums, equality.
    """

    name: str
    fields: tuple[TemplateField, ...]
    reference: str | None = None
    reference_sha256: str | None = None
    width_px: int = 0
    height_px: int = 0
    dpi: float = 300.0
    rules: tuple[FormRule, ...] = ()
    reference_page: int = 1

    @property
    def whole_page(self) -> bool:
        return self.reference is None


@dataclass(frozen=True, slots=True, kw_only=True)
class Registration:
    """Where a template lies on a page.

    page_from_template is a (3, 3) float64 homography taking template pixels to page pixels; residual_mm is the
    median distance between matched points after it, in millimetres on the paper.
    """

    page_from_template: "NDArray[np.float64]"
    residual_mm: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Region:
    """A field found on a page: its corners there, and its pixels made upright.

    quad is (4, 2) float64 in page pixels: top left, top right, bottom right, bottom left. pixels is (h, w) uint8,
    dark on light, cut with margin_px of the surroundings on each side so that strokes over the edge are kept. cut_off
    says that part of it lies outside the page.
    """

    name: str
    quad: "NDArray[np.float64]"
    pixels: "NDArray[np.uint8]"
    margin_px: int = 0
    cells: int | None = None
    cut_off: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Symbol:
    """One segmented piece of writing in a region: ink is (h, w) uint8, light on black; box is in region pixels.

    A blank cell has an empty ink array. span is the first slice of the writing that it covers and the one behind the
    last, or its cell: symbols with slices in common exclude each other. as_digit and as_nothing are logarithms: how
    well its shape and place suit a digit, or something that is to be passed over; 0 where there is no choice.
    """

    box: Box
    ink: "NDArray[np.uint8]"
    span: tuple[int, int]
    as_digit: float = 0.0
    as_nothing: float = 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Glyph:
    """A symbol as the classifier saw it, with what it said: the evidence that is kept.

    pixels is (28, 28) uint8, light on black; box is in page pixels; probabilities is (11,) float32 summing to 1,
    the last being *not a digit*. A blank cell has all-zero pixels and content BLANK.
    """

    position: int
    box: Box
    content: CellContent
    pixels: "NDArray[np.uint8]"
    probabilities: "NDArray[np.float32]"


@dataclass(frozen=True, slots=True, kw_only=True)
class Candidate:
    """One possible string of a field with its probability in [0, 1]."""

    value: str
    probability: float


@dataclass(frozen=True, slots=True, kw_only=True)
class FieldReading:
    """What the machine makes of one field. confidence is the probability of value, in [0, 1]."""

    name: str
    box: Box
    value: str
    confidence: float
    state: FieldState
    reason: str = ""
    candidates: tuple[Candidate, ...] = ()
    glyphs: tuple[Glyph, ...] = ()
    #: The field as a verifier sees it, dark on light: the bytes of a JPEG.
    crop: bytes = b""


@dataclass(frozen=True, slots=True, kw_only=True)
class PageReading:
    """What came of one page. form is None where no template was used; stage_ms is milliseconds by stage name."""

    number: int
    width_px: int
    height_px: int
    form: str | None
    residual_mm: float | None
    fields: tuple[FieldReading, ...]
    stage_ms: Mapping[str, float]
    dpi: float | None = None
    reason: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class DocumentReading:
    """What came of one document. model is the model's id (its name and the start of its file's hash).

    of_pages is how many pages the document has.
    """

    pages: tuple[PageReading, ...]
    model: str
    pipeline: str
    of_pages: int = 1

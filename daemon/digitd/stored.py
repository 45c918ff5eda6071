"""What the store gives back: documents, their moves, fields with their evidence and labels, as frozen values."""

from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

from digitd.records import Box, CellContent, DocumentState, FieldState, LabelMode, Order, Role, Verdict, Why

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray


@dataclass(frozen=True, slots=True, kw_only=True)
class Document:
    """A file that was taken in. name is as dropped, made printable; form is what its folder forces, or None.

    token names its folder in `var/work`; original_id is the first document with the same bytes, for a duplicate.
    """

    id: int
    name: str
    form: str | None
    sha256: str
    size_bytes: int
    state: DocumentState
    reason: str
    attempts: int
    token: str
    original_id: int | None
    seen_at: datetime
    read_at: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Move:
    """One change of a document's state. previous is None at the start of its life."""

    at: datetime
    previous: DocumentState | None
    state: DocumentState
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Told(Move):
    """A change with its number, and its document by number and name."""

    id: int
    document_id: int
    document: str


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredPage:
    """A page that was read: the form that lies on it, or None, and what is doubtful about it, or ""."""

    number: int
    width_px: int
    height_px: int
    form: str | None
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class LastService:
    """The service that runs, or ran last: its process, digitd's version, its model, and its last sign of life."""

    holder: str
    version: str
    model: str
    started_at: datetime
    beat_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Delivery:
    """A move that a receiver is to be told of. tries counts those that failed."""

    receiver: str
    move_id: int
    document_id: int
    state: DocumentState
    at: datetime
    tries: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredGlyph:
    """A glyph's evidence as it was kept: pixels_png is 28x28, probabilities (11,) float32."""

    id: int
    position: int
    content: CellContent
    probabilities: "NDArray[np.float32]"
    pixels_png: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class Choice:
    """Which of the fields that wait are keyed, and in which order; None chooses all.

    Those drawn for the audit are among those that the machine is unsure of: nothing may tell them from these.
    """

    form: str | None = None
    why: Why | None = None
    order: Order = Order.SURENESS


@dataclass(frozen=True, slots=True, kw_only=True)
class Waiting:
    """How many fields of a form wait for a reason, and when the first of their documents was seen."""

    form: str | None
    why: Why
    count: int
    since: datetime


#: All that wait, the least sure first.
ALL = Choice()


@dataclass(frozen=True, slots=True, kw_only=True)
class Label:
    """What a person said a field is. value holds what is written, "" for nothing, or where the verdict is another.

    alone says that it settles its field whatever others say. Never changed, only added to.
    """

    id: int
    field_id: int
    value: str
    verifier: str
    mode: LabelMode
    shown: str | None
    at: datetime
    duration_ms: int | None
    sampling_probability: float | None
    verdict: Verdict = Verdict.VALUE
    alone: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class Origin:
    """Where a glyph comes from: its field and document, by number and by name, and the page."""

    field_id: int
    document_id: int
    document: str
    page: int
    field: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Screen:
    """Glyphs that were read as digit, to be looked at together by verifier; some may be known to be others.

    origins are those of the glyphs, in their order; marked are the places that were not the digit when it was closed
    and then taken back.
    """

    id: int
    digit: int
    verifier: str
    glyphs: tuple[StoredGlyph, ...]
    origins: tuple[Origin, ...]
    marked: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class LookedAt:
    """What came of a screen: sown errors that were missed, fields that it verified, and those it sent to be keyed."""

    missed: int
    verified: int
    doubted: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Verifier:
    """Somebody with a token, by which a desk knows them."""

    name: str
    role: Role
    added_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Act:
    """Something that a person did, other than to label: that has rows of its own."""

    at: datetime
    author: str
    act: str
    subject: str


#: What is told of a field that is verified and has no value.
WHY_NO_VALUE = {Verdict.UNREADABLE: "cannot be read", Verdict.MISPLACED: "the picture shows another place"}


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredField:
    """A field with its document and page. machine_value is the reading, whatever was said later; label is the last.

    machine_state is that in which the machine left it. audit_probability is that with which it was drawn, though it
    had passed, to be keyed all the same; None if not.
    """

    id: int
    document: str
    document_id: int
    sha256: str
    page: int
    page_width_px: int
    page_height_px: int
    form: str | None
    name: str
    box: Box
    machine_value: str
    confidence: float
    state: FieldState
    machine_state: FieldState
    reason: str
    model: str
    read_at: datetime
    crop: bytes
    glyphs: tuple[StoredGlyph, ...] = ()
    label: Label | None = None
    audit_probability: float | None = None

    @property
    def in_audit(self) -> bool:
        """Whether it passed, and waits to be keyed all the same."""
        return self.audit_probability is not None and self.state is FieldState.ACCEPTED

    @property
    def waits(self) -> bool:
        """Whether somebody is to key it: nobody may tell why."""
        return self.state is FieldState.REVIEW or self.in_audit

    @property
    def crop_type(self) -> str:
        """The media type of its picture."""
        return "image/png" if self.crop.startswith(b"\x89PNG") else "image/jpeg"

    @property
    def value(self) -> str:
        """The value to use: what people settled, else the machine's."""
        settled = self.label is not None and self.state is FieldState.VERIFIED
        return self.label.value if settled and self.label else self.machine_value


def as_row(field: StoredField) -> dict[str, object]:
    """A field as others get it: in exports, and in announcements."""
    return {
        "document": field.document,
        "sha256": field.sha256,
        "page": field.page,
        "form": field.form,
        "field": field.name,
        "value": field.value,
        "confidence": round(field.confidence, 6),
        "state": str(field.state),
        "reason": field.reason if field.label is None else WHY_NO_VALUE.get(field.label.verdict, field.reason),
        "model": field.model,
        "read_at": field.read_at.isoformat(timespec="seconds"),
    }

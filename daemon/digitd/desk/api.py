"""The API of the desk: whose turn is what, what they say of it, and the pictures to say it by."""

from datetime import datetime
from typing import Annotated, Any, Self

from fastapi import APIRouter, Depends, HTTPException, Path, Query, Response
from pydantic import BaseModel, Field, model_validator

from digitd.desk.room import WRITES, Room, TheKeying, TheName, TheRoom
from digitd.records import Order, Verdict, Why
from digitd.stored import Choice, Document, StoredField, Waiting
from digitd.verify.keying import LONGEST, Keying

PREFIX = "/api/v1"

router = APIRouter(tags=["verification"])

#: The largest number of a row in the database.
LARGEST_ID = 2**63 - 1

PICTURE: dict[str, Any] = {"content": {"image/jpeg": {}, "image/png": {}}}

Id = Annotated[int, Path(ge=1, le=LARGEST_ID)]


class Place(BaseModel):
    """Where a field lies on its page, as shares of the page's width and height."""

    x0: float
    y0: float
    x1: float
    y1: float


class Wanted(BaseModel):
    """What a desk asks for: which fields, in which order, and so many at most, the next before it is needed."""

    form: str | None = Field(default=None, max_length=200)
    why: Why | None = None
    order: Order = Order.SURENESS
    count: int = Field(default=2, ge=1, le=20)

    @property
    def choice(self) -> Choice:
        return Choice(form=self.form, why=self.why, order=self.order)


class Turn(BaseModel):
    """A field to be keyed. What the machine made of it is not told; longest: digits there is room for."""

    id: int
    document: str
    document_id: int
    page: int
    form: str | None
    field: str
    longest: int | None
    place: Place
    picture: str
    page_picture: str


class Turns(BaseModel):
    """The fields on this desk."""

    turns: list[Turn]


class Desk(Turns):
    """The fields on this desk, and how many wait that this person has not keyed.

    Told when they are asked for, not when one is keyed: whether the number falls then would tell what was read.
    """

    waiting: int


class Said(BaseModel):
    """What a person says of a field: the digits as they are written, "" for nothing; or why there are none."""

    value: str = Field(default="", pattern=rf"^[0-9]{{0,{LONGEST}}}$")
    verdict: Verdict = Verdict.VALUE
    duration_ms: int | None = Field(default=None, ge=0, le=86_400_000)
    entry: str | None = Field(
        default=None,
        pattern="^[0-9A-Za-z-]{8,64}$",
        description="Names this act of saying: sent twice, it is said once.",
    )

    @model_validator(mode="after")
    def _digits_are_a_value(self) -> Self:
        if self.verdict is not Verdict.VALUE and self.value:
            raise ValueError("a verdict has no digits")
        return self


class Saved(Turns):
    """A label's number, and what is on the desk then."""

    label: int


class TakenBack(Turns):
    """What was said of the field that is the first of the turns again."""

    said: str


class OfForm(BaseModel):
    """How many fields of a form wait that this person has not keyed, and when the first of their documents was seen."""

    form: str | None
    waiting: int
    since: datetime
    reasons: dict[Why, int]


Wants = Annotated[Wanted, Query()]


@router.get("/queue")
def queue(room: TheRoom, name: TheName) -> list[OfForm]:
    """How many fields wait that this person has not keyed, by form, most first."""
    found: dict[str | None, list[Waiting]] = {}
    for one in room.store.queue(verifier=name):
        found.setdefault(one.form, []).append(one)
    forms = [
        OfForm(
            form=form,
            waiting=sum(one.count for one in some),
            since=min(one.since for one in some),
            reasons={one.why: one.count for one in some},
        )
        for form, some in found.items()
    ]
    return sorted(forms, key=lambda one: -one.waiting)


@router.post("/turns", dependencies=WRITES)
def turns(keying: TheKeying, wanted: Wants) -> Desk:
    """The fields that are this person's to key, nobody else's for as long as a turn."""
    return Desk(turns=_on_desk(keying, wanted), waiting=keying.waiting(wanted.choice))


@router.post("/fields/{field_id}/label", responses={404: {}, 409: {}}, dependencies=WRITES)
def label(room: TheRoom, keying: TheKeying, field_id: Id, said: Said, wanted: Wants) -> Saved:
    """Say what a field is, in its turn. 409 if it waits no longer, or for another."""
    field = _field(room, field_id)
    label_id = keying.save(field, said.value, verdict=said.verdict, duration_ms=said.duration_ms, entry=said.entry)
    return Saved(label=label_id, turns=_on_desk(keying, wanted))


@router.post("/fields/{field_id}/skip", responses={404: {}}, dependencies=WRITES)
def skip(room: TheRoom, keying: TheKeying, field_id: Id, wanted: Wants) -> Turns:
    """Pass a field over: others may have it at once, this person in an hour."""
    keying.skip(_field(room, field_id).id)
    return Turns(turns=_on_desk(keying, wanted))


@router.post("/undo", responses={404: {}}, dependencies=WRITES)
def undo(keying: TheKeying, wanted: Wants) -> TakenBack:
    """Take back the last label that this person keyed, whenever that was. 404 where there is none."""
    found = keying.undo()
    if found is None:
        raise HTTPException(404, "there is nothing to take back")
    label, field = found
    others = [turn for turn in _on_desk(keying, wanted) if turn.id != field.id]
    return TakenBack(said=label.value, turns=[_turn(keying, field), *others][: wanted.count])


@router.get("/fields/{field_id}/picture", response_class=Response, responses={200: PICTURE, 404: {}})
def picture(room: TheRoom, field_id: Id) -> Response:
    """The field as it was cut from its page."""
    found = _field(room, field_id, evidence=True)
    if not found.crop:
        raise HTTPException(404, "its picture was deleted after its time")
    return Response(found.crop, media_type=found.crop_type)


def _document(room: TheRoom, document_id: Id) -> Document:
    for found in room.store.documents(ids=[document_id]):
        return found
    raise HTTPException(404, "there is no such document")


@router.get(
    "/documents/{document_id}/pages/{number}/picture", response_class=Response, responses={200: PICTURE, 404: {}}
)
async def page_picture(
    room: TheRoom, document: Annotated[Document, Depends(_document)], number: Annotated[int, Path(ge=1, le=100_000)]
) -> Response:
    """A page of a document, as it was read."""
    return Response(await room.pages.page(document, number), media_type="image/jpeg")


def _field(room: Room, field_id: int, *, evidence: bool = False) -> StoredField:
    for found in room.store.fields_of([field_id], evidence=evidence):
        return found
    raise HTTPException(404, "there is no such field")


def _on_desk(keying: Keying, wanted: Wanted) -> list[Turn]:
    return [_turn(keying, field) for field in keying.next(wanted.choice, count=wanted.count, evidence=False)]


def picture_of(field_id: int) -> str:
    """The address of a field's picture."""
    return f"{PREFIX}/fields/{field_id}/picture"


def page_picture_of(document_id: int, page: int) -> str:
    """The address of a page's picture."""
    return f"{PREFIX}/documents/{document_id}/pages/{page}/picture"


def place_of(field: StoredField) -> Place:
    """Where a field lies on its page."""
    box, width, height = field.box, field.page_width_px, field.page_height_px
    return Place(x0=box.x0 / width, y0=box.y0 / height, x1=box.x1 / width, y1=box.y1 / height)


def _turn(keying: Keying, field: StoredField) -> Turn:
    return Turn(
        id=field.id,
        document=field.document,
        document_id=field.document_id,
        page=field.page,
        form=field.form,
        field=field.name,
        longest=keying.longest(field),
        place=place_of(field),
        picture=picture_of(field.id),
        page_picture=page_picture_of(field.document_id, field.page),
    )

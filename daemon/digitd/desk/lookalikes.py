"""The API of look-alikes: screens of digits that passed, and which of them are not what they were read as."""

from typing import Annotated

from fastapi import APIRouter, Depends, HTTPException, Response
from pydantic import BaseModel, Field

from digitd.desk.api import LARGEST_ID, PICTURE, PREFIX, Id, page_picture_of, picture_of
from digitd.desk.pictures import COLUMNS, sheet
from digitd.desk.room import WRITES, TheName, TheRoom
from digitd.errors import NotTheirTurn
from digitd.stored import Screen
from digitd.verify.looking import Looking, looking

router = APIRouter(tags=["look-alikes"])


async def looking_of(room: TheRoom, name: TheName) -> Looking:
    """Who is asking, at what passed."""
    return looking(room.store, room.config, verifier=name)


TheLooking = Annotated[Looking, Depends(looking_of)]


class Passed(BaseModel):
    """How many glyphs that were read as a digit nobody has looked at."""

    digit: int
    waiting: int


class Which(BaseModel):
    """The digit to look at."""

    digit: int = Field(ge=0, le=9)


class Item(BaseModel):
    """Where a glyph comes from. Nothing tells whether it was sown."""

    document: str
    page: int
    field: str
    picture: str
    page_picture: str


class LookAt(BaseModel):
    """Glyphs on one picture, columns in a row, in the order of items; marked are places of a screen taken back.

    Of those that wait no more than 10,000 are counted.
    """

    id: int
    digit: int
    columns: int
    picture: str
    items: list[Item]
    waiting: int
    marked: list[int]


class Looked(BaseModel):
    """Which places of the screen, counted from 0, are not its digit; all others are."""

    marked: list[Annotated[int, Field(ge=0, le=LARGEST_ID)]] = Field(max_length=1000)
    duration_ms: int | None = Field(default=None, ge=0, le=86_400_000)


class CameOfIt(BaseModel):
    """Sown errors that were missed, in which case nothing else counts; fields verified, and fields to be keyed."""

    missed: int
    verified: int
    doubted: int


@router.get("/lookalikes")
def passed(room: TheRoom) -> list[Passed]:
    """How many glyphs wait to be looked at, by digit."""
    return [Passed(digit=digit, waiting=count) for digit, count in sorted(room.store.to_look_at().items())]


@router.post("/lookalikes", responses={404: {}}, dependencies=WRITES)
def open_screen(at: TheLooking, which: Which) -> LookAt:
    """A screen of glyphs that were read as a digit, the least sure first. 404 where none wait."""
    found = at.open(which.digit)
    if found is None:
        raise HTTPException(404, f"no {which.digit} waits to be looked at")
    return _shown(at, found)


@router.post("/lookalikes/undo", responses={404: {}}, dependencies=WRITES)
def undo(at: TheLooking) -> LookAt:
    """Take back the last screen that this person confirmed, whenever that was, unless a field of it was keyed since."""
    found = at.undo()
    if found is None:
        raise HTTPException(404, "there is no screen to take back, or a field of the last was keyed since")
    return _shown(at, found)


def _shown(at: Looking, found: Screen) -> LookAt:
    return LookAt(
        id=found.id,
        digit=found.digit,
        columns=COLUMNS,
        picture=f"{PREFIX}/lookalikes/{found.id}/picture",
        items=[
            Item(
                document=origin.document,
                page=origin.page,
                field=origin.field,
                picture=picture_of(origin.field_id),
                page_picture=page_picture_of(origin.document_id, origin.page),
            )
            for origin in found.origins
        ],
        waiting=at.left(found.digit),
        marked=list(found.marked),
    )


@router.get("/lookalikes/{screen_id}/picture", response_class=Response, responses={200: PICTURE, 404: {}})
def picture(room: TheRoom, name: TheName, screen_id: Id) -> Response:
    """All glyphs of a screen on one picture."""
    found = room.store.screen(screen_id)
    if found is None or found.verifier != name:
        raise HTTPException(404, "there is no such screen on this desk")
    return Response(sheet(found.glyphs), media_type="image/png")


@router.post("/lookalikes/{screen_id}", responses={404: {}}, dependencies=WRITES)
def close_screen(at: TheLooking, screen_id: Id, looked: Looked) -> CameOfIt:
    """Say which are not the digit; all others are. Said again it changes nothing; 404 if it differs then."""
    try:
        came = at.close(screen_id, frozenset(looked.marked), duration_ms=looked.duration_ms)
    except NotTheirTurn as fault:
        raise HTTPException(404, str(fault)) from None
    return CameOfIt(missed=came.missed, verified=came.verified, doubted=came.doubted)

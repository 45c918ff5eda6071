"""The API of look-alikes: screens of digits that passed, and which of them are not what they were read as."""

from datetime import UTC, datetime, timedelta
from typing import Annotated

from fastapi import APIRouter, HTTPException, Response
from pydantic import BaseModel, Field

from digitd.desk.api import LARGEST_ID, PICTURE, PREFIX, Id, page_picture_of, picture_of
from digitd.desk.pictures import COLUMNS, sheet
from digitd.desk.room import Room, TheName, TheRoom
from digitd.stored import Screen

router = APIRouter(tags=["look-alikes"])

#: Glyphs on a screen, those sown among them not counted.
SIZE = 100


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
    """Glyphs on one picture, columns in a row, in the order of items; marked are places of a screen taken back."""

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


@router.post("/lookalikes", responses={404: {}})
def open_screen(room: TheRoom, name: TheName, which: Which) -> LookAt:
    """A screen of glyphs that were read as a digit, the least sure first. 404 where none wait."""
    rules = room.config.verify
    found = room.store.open_screen(
        which.digit,
        name,
        now=datetime.now(UTC),
        lasting=timedelta(seconds=rules.turn_seconds),
        size=SIZE,
        sown_share=rules.sown_share,
    )
    if found is None:
        raise HTTPException(404, f"no {which.digit} waits to be looked at")
    return _shown(room, found)


@router.post("/lookalikes/undo", responses={404: {}})
def undo(room: TheRoom, name: TheName) -> LookAt:
    """Take back the last screen that this person confirmed, whenever that was, unless a field of it was keyed since."""
    lasting = timedelta(seconds=room.config.verify.turn_seconds)
    found = room.store.reopen_screen(name, now=datetime.now(UTC), lasting=lasting)
    if found is None:
        raise HTTPException(404, "there is no screen to take back, or a field of the last was keyed since")
    return _shown(room, found)


def _shown(room: Room, found: Screen) -> LookAt:
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
        waiting=room.store.to_look_at().get(found.digit, 0),
        marked=list(found.marked),
    )


@router.get("/lookalikes/{screen_id}/picture", response_class=Response, responses={200: PICTURE, 404: {}})
def picture(room: TheRoom, name: TheName, screen_id: Id) -> Response:
    """All glyphs of a screen on one picture."""
    return Response(sheet(_own(room.store.screen(screen_id), name).glyphs), media_type="image/png")


@router.post("/lookalikes/{screen_id}", responses={404: {}, 409: {}})
def close_screen(room: TheRoom, name: TheName, screen_id: Id, looked: Looked) -> CameOfIt:
    """Say which are not the digit; all others are. Said again it changes nothing."""
    came = room.store.close_screen(
        _own(room.store.screen(screen_id), name).id,
        name,
        not_that_digit=frozenset(looked.marked),
        now=datetime.now(UTC),
        duration_ms=looked.duration_ms,
    )
    return CameOfIt(missed=came.missed, verified=came.verified, doubted=came.doubted)


def _own(found: Screen | None, name: str) -> Screen:
    if found is None or found.verifier != name:
        raise HTTPException(404, "there is no such screen on this desk")
    return found

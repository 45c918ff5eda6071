"""The API of documents: hand one in, see what became of it, and take its values."""

import hashlib
import os
import pathlib
from datetime import datetime
from typing import Annotated
from uuid import uuid4

from fastapi import APIRouter, HTTPException, Path, Query, Request
from pydantic import BaseModel, ConfigDict, Field
from starlette.concurrency import run_in_threadpool

from digitd.desk.api import Id, Place, place_of
from digitd.desk.room import Room, TheRoom
from digitd.forms import library
from digitd.intake.names import named
from digitd.records import DocumentState, FieldState
from digitd.stored import StoredField, as_row

router = APIRouter(tags=["documents"])

#: The longest name of what is handed in, in characters.
LONGEST_NAME = 200


class Facts(BaseModel):
    """A document as it stands."""

    model_config = ConfigDict(from_attributes=True)

    id: int
    name: str
    sha256: str
    form: str | None
    state: DocumentState
    reason: str
    seen_at: datetime
    read_at: datetime | None


class Step(BaseModel):
    """A change of a document's state."""

    model_config = ConfigDict(from_attributes=True)

    at: datetime
    state: DocumentState
    reason: str


class Value(BaseModel):
    """A field's value. While it waits to be keyed it is not told, so that nobody keys what was read."""

    id: int
    page: int
    form: str | None
    field: str
    value: str | None
    confidence: float | None
    state: FieldState
    reason: str
    place: Place


class Whole(Facts):
    """A document with its history and its values."""

    history: list[Step]
    values: list[Value]


class HandedIn(BaseModel):
    """What was handed in: where it lies until it is taken, or the document that has these bytes already."""

    sha256: str
    name: str
    document: int | None


class Chosen(BaseModel):
    """Which documents; the newest first."""

    state: DocumentState | None = None
    name: str | None = Field(default=None, max_length=300)
    sha256: str | None = Field(default=None, pattern="^[0-9a-f]{64}$")
    newest: int = Field(default=50, ge=1, le=1000)


@router.get("/documents")
def documents(room: TheRoom, chosen: Annotated[Chosen, Query()]) -> list[Facts]:
    """The newest documents that are as asked for."""
    states = None if chosen.state is None else [chosen.state]
    found = room.store.documents(states=states, name=chosen.name, sha256=chosen.sha256, newest=chosen.newest)
    return [Facts.model_validate(document) for document in reversed(found)]


@router.get("/documents/{document_id}", responses={404: {}})
def document(room: TheRoom, document_id: Id) -> Whole:
    """A document, what became of it, and its values."""
    found = room.store.documents(ids=[document_id])
    if not found:
        raise HTTPException(404, "there is no such document")
    return Whole(
        **Facts.model_validate(found[0]).model_dump(),
        history=[Step.model_validate(step) for step in room.store.history(document_id)],
        values=[_value(field) for field in room.store.fields(document_id=document_id)],
    )


@router.post("/documents/{name}", status_code=202, responses={404: {}, 413: {}, 422: {}, 507: {}})
async def hand_in(
    room: TheRoom,
    request: Request,
    name: Annotated[str, Path(min_length=1, max_length=LONGEST_NAME)],
    form: Annotated[str | None, Query(max_length=200)] = None,
) -> HandedIn:
    """Hand in a document: the body is its bytes, form what it must be. The same bytes again are handed in once."""
    if form is not None and form not in library.names(room.config.forms):
        raise HTTPException(404, f"there is no form called {form}")
    part = room.config.inbox / f".{uuid4().hex}.part"  # no look at the inbox takes it
    try:
        sha256 = await _received(request, part, limit_bytes=room.config.intake.max_megabytes * 1e6)
        return await run_in_threadpool(_drop, part, named(name, sha256[:8]), form, sha256, room)
    except OSError as fault:
        raise HTTPException(507, f"it cannot be kept: {fault.strerror}") from None
    finally:
        part.unlink(missing_ok=True)


async def _received(request: Request, part: pathlib.Path, *, limit_bytes: float) -> str:
    """Write what comes into a file; returns its hash. Others are answered meanwhile."""
    digest, size = hashlib.sha256(), 0
    with part.open("xb") as file:
        async for some in request.stream():
            size += len(some)
            if size > limit_bytes:
                raise HTTPException(413, f"it is larger than {limit_bytes / 1e6:g} MB")
            digest.update(some)
            await run_in_threadpool(file.write, some)
        file.flush()
        await run_in_threadpool(os.fsync, file.fileno())
    if not size:
        raise HTTPException(422, "the body is empty: send the document's bytes")
    return digest.hexdigest()


def _drop(part: pathlib.Path, name: str, form: str | None, sha256: str, room: Room) -> HandedIn:
    """Give a whole file the name by which the inbox takes it, unless its bytes are known."""
    known = room.store.documents(sha256=sha256, newest=1)
    if not known:
        folder = room.config.inbox / form if form else room.config.inbox
        folder.mkdir(exist_ok=True)
        part.replace(folder / name)
    return HandedIn(sha256=sha256, name=name, document=known[0].id if known else None)


def _value(field: StoredField) -> Value:
    waits = field.state is FieldState.REVIEW or field.in_audit
    return Value(
        id=field.id,
        page=field.page,
        form=field.form,
        field=field.name,
        value=None if waits else field.value,
        confidence=None if waits else field.confidence,
        state=FieldState.REVIEW if waits else field.state,
        reason="" if waits else str(as_row(field)["reason"]),
        place=place_of(field),
    )

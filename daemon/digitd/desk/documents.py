"""The API of documents: hand one in, see what became of it, and take its values."""

import hashlib
import os
import pathlib
from collections.abc import Sequence, Set
from datetime import datetime
from itertools import groupby
from typing import Annotated
from uuid import uuid4

from fastapi import APIRouter, HTTPException, Path, Query, Request
from pydantic import BaseModel, ConfigDict, Field
from starlette.concurrency import run_in_threadpool

from digitd.desk.api import LARGEST_ID, Id, Place, place_of
from digitd.desk.room import WRITES, AnAdmin, Room, TheName, TheRoom
from digitd.errors import TemplateError
from digitd.forms import library
from digitd.intake.names import named
from digitd.records import DocumentState, FieldState
from digitd.rules.forms import FormRule
from digitd.stored import StoredField, as_row, version_of

router = APIRouter(tags=["documents"])

#: The longest name of what is handed in, in characters.
LONGEST_FILE_NAME = 200


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


class Check(BaseModel):
    """A rule over several fields of a page, in words, and how its values break it; None: one of them waits."""

    page: int
    rule: str
    holds: bool | None
    told: str


class Sheet(BaseModel):
    """A page, its size in pixels, its form, and what is doubtful about it."""

    model_config = ConfigDict(from_attributes=True)

    number: int
    width_px: int
    height_px: int
    form: str | None
    reason: str


class Whole(Facts):
    """A document with its history, its values, and whether they add up; version tells these values from later ones."""

    version: str
    history: list[Step]
    pages: list[Sheet]
    values: list[Value]
    checks: list[Check]


class Seen(BaseModel):
    """The values that a person saw, by the version that came with them."""

    version: str = Field(min_length=1, max_length=64)


class Doubted(BaseModel):
    """Fields that look wrong on their page."""

    fields: list[Annotated[int, Field(ge=1, le=LARGEST_ID)]] = Field(min_length=1, max_length=200)


class Sent(BaseModel):
    """How many of them are to be keyed that did not wait already."""

    sent: int


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
    fields = list(room.store.fields(document_id=document_id))
    unsettled = {field.page for field in fields if field.waits}
    return Whole(
        **Facts.model_validate(found[0]).model_dump(),
        version=version_of(fields),
        history=[Step.model_validate(step) for step in room.store.history(document_id)],
        pages=[Sheet.model_validate(page) for page in room.store.pages(document_id)],
        values=[_value(field, speaks=field.page not in unsettled) for field in fields],
        checks=_checks(fields, room.config.forms),
    )


@router.post("/documents/{document_id}/approve", responses={403: {}, 404: {}, 409: {}}, dependencies=WRITES)
def approve(room: TheRoom, person: AnAdmin, document_id: Id, seen: Seen) -> Facts:
    """Say that a document is right as it was seen: it is done. 409 while fields of it wait to be keyed, or if its
    values have changed since.
    """
    if not room.store.documents(ids=[document_id]):
        raise HTTPException(404, "there is no such document")
    room.store.approve_document(document_id, verifier=person.name, version=seen.version)
    return Facts.model_validate(room.store.document(document_id))


@router.post("/fields/doubt", dependencies=WRITES)
def doubt(room: TheRoom, name: TheName, doubted: Doubted) -> Sent:
    """Say that values look wrong: they are keyed, again where they were."""
    return Sent(sent=room.store.doubt_fields(doubted.fields, verifier=name, reason="looked wrong on its page"))


@router.post("/documents/{name}", status_code=202, responses={400: {}, 403: {}, 404: {}, 413: {}, 507: {}})
async def hand_in(
    room: TheRoom,
    person: AnAdmin,
    request: Request,
    name: Annotated[str, Path(min_length=1, max_length=LONGEST_FILE_NAME)],
    form: Annotated[str | None, Query(max_length=200)] = None,
) -> HandedIn:
    """Hand in a document: the body is its bytes, form what it must be. The same bytes again are handed in once."""
    if form is not None and form not in library.names(room.config.forms):
        raise HTTPException(404, f"there is no form called {form}")
    part = room.config.inbox / f".{uuid4().hex}.part"  # no look at the inbox takes it
    try:
        sha256 = await _received(request, part, limit_bytes=room.config.intake.max_megabytes * 1e6)
        handed = await run_in_threadpool(_drop, part, named(name, sha256[:8]), form, sha256, room)
    except OSError as fault:
        raise HTTPException(507, f"it cannot be kept: {fault.strerror}") from None
    finally:
        part.unlink(missing_ok=True)
    if handed.document is None:
        async with room.writing:
            await run_in_threadpool(room.store.note_act, person.name, "document handed in", handed.name)
    return handed


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
        raise HTTPException(400, "the body is empty: send the document's bytes")
    return digest.hexdigest()


def _drop(part: pathlib.Path, name: str, form: str | None, sha256: str, room: Room) -> HandedIn:
    """Give a whole file the name by which the inbox takes it, unless its bytes are known."""
    known = room.store.documents(sha256=sha256, newest=1)
    if not known:
        folder = room.config.inbox / form if form else room.config.inbox
        folder.mkdir(exist_ok=True)
        part.replace(folder / name)
    return HandedIn(sha256=sha256, name=name, document=known[0].id if known else None)


def _checks(fields: Sequence[StoredField], forms: pathlib.Path) -> list[Check]:
    """What the rules of the pages' forms say of them, as the forms are now."""
    found = []
    for (page, form), of_page in groupby(fields, key=lambda field: (field.page, field.form)):
        known = {field.name: field for field in of_page}
        decimals, rules = _rules(form, set(known), forms)
        for rule in rules:
            waits = any(known[name].waits for name in rule.names())
            told = "" if waits else rule.fault({name: field.value for name, field in known.items()}, decimals)
            found.append(Check(page=page, rule=rule.words(), holds=None if waits else not told, told=told))
    return found


def _rules(form: str | None, names: Set[str], forms: pathlib.Path) -> tuple[dict[str, int], list[FormRule]]:
    """The decimals of a form's fields, and its rules over those named; none where there is no such form any more."""
    try:
        pages = library.open_form(form, forms) if form else ()
    except TemplateError:
        return {}, []
    decimals = {field.name: field.rules.decimals for page in pages for field in page.fields}
    return decimals, [rule for page in pages for rule in page.rules if set(rule.names()) <= names]


def _value(field: StoredField, *, speaks: bool) -> Value:
    """speaks: whether its reason may be told; it may name what was read in fields of its page that wait."""
    waits = field.waits
    return Value(
        id=field.id,
        page=field.page,
        form=field.form,
        field=field.name,
        value=None if waits else field.value,
        confidence=None if waits else field.confidence,
        state=FieldState.REVIEW if waits else field.state,
        reason=str(as_row(field)["reason"]) if speaks else "",
        place=place_of(field),
    )

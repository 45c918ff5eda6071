"""The API of access: who is here, logging in and out, and the trail of what people did."""

import secrets
from datetime import UTC, datetime
from typing import Annotated

from fastapi import APIRouter, HTTPException, Query, Request, Response
from pydantic import BaseModel, ConfigDict, Field

from digitd.desk.room import (
    LONGEST_TOKEN,
    NAME_KEPT_SECONDS,
    WRITES,
    AnAdmin,
    ThePerson,
    TheRoom,
    as_cookie,
    caller,
)
from digitd.records import Role
from digitd.verify.keying import LONGEST_NAME

#: What anybody may ask, and what those may who are let in.
doors = APIRouter(tags=["access"])
router = APIRouter(tags=["access"])

#: Random bytes of a login's key.
KEY_BYTES = 32


class Token(BaseModel):
    """What `digitd verifier add` printed."""

    token: str = Field(min_length=1, max_length=LONGEST_TOKEN)


class Name(BaseModel):
    """A person's name."""

    name: str = Field(min_length=1, max_length=LONGEST_NAME, pattern=r"^\S(.*\S)?$")


class Who(BaseModel):
    """Who signs what is said here. known says that they have proved it."""

    model_config = ConfigDict(from_attributes=True)

    name: str
    role: Role
    known: bool


class Done(BaseModel):
    """Something that a person did, other than to label."""

    model_config = ConfigDict(from_attributes=True)

    at: datetime
    author: str
    act: str
    subject: str


class Last(BaseModel):
    """How many."""

    newest: int = Field(default=100, ge=1, le=10_000)


@doors.post("/login", responses={401: {}, 429: {}}, dependencies=WRITES)
def log_in(request: Request, response: Response, room: TheRoom, shown: Token) -> Who:
    """Log a browser in by a token. 401 if it is nobody's, 429 after too many wrong ones."""
    key = secrets.token_urlsafe(KEY_BYTES)
    found = room.store.log_in(shown.token.strip(), key, now=datetime.now(UTC), lasting=room.login_lasts)
    if found is None:
        room.tries.failed(caller(request))
        raise HTTPException(401, "nobody has this token; `digitd verifier add NAME` makes one")
    _set_cookie(request, response, room.login_cookie, key)
    return Who(name=found.name, role=found.role, known=True)


@doors.delete("/login", status_code=204, dependencies=WRITES)
def log_out(request: Request, response: Response, room: TheRoom) -> None:
    """End this browser's login."""
    room.store.log_out(request.cookies.get(room.login_cookie, ""))
    response.delete_cookie(room.login_cookie, path="/")


@router.get("/me")
def me(person: ThePerson) -> Who:
    """Who signs what is said at this browser."""
    return Who.model_validate(person)


@router.put("/me", responses={403: {}})
def call_me(request: Request, response: Response, room: TheRoom, person: ThePerson, who: Name) -> Who:
    """Sign with this name from now on, where nobody has to log in."""
    if person.known:
        raise HTTPException(403, f"you are logged in as {person.name}")
    _set_cookie(request, response, room.name_cookie, as_cookie(who.name), max_age=NAME_KEPT_SECONDS)
    return Who(name=who.name, role=person.role, known=False)


@router.get("/trail", responses={403: {}})
def trail(room: TheRoom, _: AnAdmin, last: Annotated[Last, Query()]) -> list[Done]:
    """What people did last, other than to label, the oldest first."""
    return [Done.model_validate(act) for act in room.store.trail(newest=last.newest)]


def _set_cookie(request: Request, response: Response, name: str, value: str, *, max_age: int | None = None) -> None:
    """Hand a browser what only it gives back, only to this desk, and that no script sees."""
    secure = request.url.scheme == "https"
    response.set_cookie(name, value, max_age=max_age, httponly=True, samesite="strict", secure=secure, path="/")

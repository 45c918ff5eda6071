"""What a request needs: the open store, the rules, and who is asking."""

import hashlib
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Annotated
from urllib.parse import quote, unquote

from anyio import CapacityLimiter
from fastapi import Depends, HTTPException, Request

from digitd.config import Config
from digitd.desk.pictures import Kept
from digitd.desk.tries import Tries
from digitd.records import Role
from digitd.store import Store
from digitd.stored import Verifier
from digitd.verify.keying import LONGEST_NAME, Keying, keying

#: How long a browser keeps a name.
NAME_KEPT_SECONDS = 90 * 24 * 3600

#: Requests that write and are worked on at once; the others wait. They wait for each other, and for other processes:
#: of the threads of `digitd.desk.app.AT_ONCE` some are left for who only reads.
WRITING = 2

#: A token's length in characters at most: longer ones are not looked at.
LONGEST_TOKEN = 200


class NotLoggedIn(Exception):
    """Who asks has not said who they are, as everybody has to once somebody has a token."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Room:
    """The desk's surroundings.

    verifier signs for whoever gives no name; pages are the documents' pictures; open_to_others says that other machines
    reach it, so that nobody is let in without a token.
    """

    config: Config
    store: Store
    verifier: str
    pages: Kept
    open_to_others: bool
    tries: Tries = field(default_factory=Tries)
    writing: CapacityLimiter = field(default_factory=lambda: CapacityLimiter(WRITING))

    @property
    def identity(self) -> str:
        """Tells this database from others that a browser may have met at the same address."""
        return hashlib.sha256(str(self.config.database.absolute()).encode()).hexdigest()[:12]

    @property
    def name_cookie(self) -> str:
        """The cookie with the name of the person at this browser, where nobody has to prove it.

        Named after the desk: browsers show all desks of a host the same cookies, whatever their ports.
        """
        return f"digitd_name_{self.identity}"

    @property
    def login_cookie(self) -> str:
        """The cookie with the key of a login."""
        return f"digitd_login_{self.identity}"

    @property
    def login_lasts(self) -> timedelta:
        return timedelta(hours=self.config.web.login_hours)


@dataclass(frozen=True, slots=True, kw_only=True)
class Person:
    """Who is asking. known says that they have proved it, by a token or a login."""

    name: str
    role: Role
    known: bool


def room_of(request: Request) -> Room:
    """The room that a request came into."""
    room = request.app.state.room
    assert isinstance(room, Room)
    return room


def person_of(request: Request) -> Person:
    """Who is asking: by the header Authorization, by a login, or, where nobody has a token, by the name they give.

    Raises
    ------
    NotLoggedIn
        Somebody has a token, and they have neither shown theirs nor logged in.
    """
    room = room_of(request)
    if not room.open_to_others and not room.store.has_verifiers():
        given = unquote(request.cookies.get(room.name_cookie, ""))[:LONGEST_NAME]
        return Person(name=given or room.verifier, role=Role.ADMIN, known=False)
    found = _by_token(request, room) or _by_login(request, room)
    if found is None:
        raise NotLoggedIn
    return Person(name=found.name, role=found.role, known=True)


async def admin_of(person: "ThePerson") -> Person:
    """Who is asking, where it takes an admin."""
    if person.role is not Role.ADMIN:
        raise HTTPException(403, "that takes an admin; `digitd verifier add NAME --role admin` makes one")
    return person


async def name_of(person: "ThePerson") -> str:
    """Who is asking, by name."""
    return person.name


async def keying_of(request: Request, name: "TheName") -> Keying:
    """Who is asking, at the queue."""
    room = room_of(request)
    return keying(room.store, room.config, verifier=name)


def as_cookie(name: str) -> str:
    """A name as a cookie can hold it."""
    return quote(name[:LONGEST_NAME])


def caller(request: Request) -> str:
    """The address of who is asking."""
    return request.client.host if request.client else ""


def _by_token(request: Request, room: Room) -> Verifier | None:
    scheme, _, token = request.headers.get("authorization", "").partition(" ")
    if scheme.lower() != "bearer" or not 0 < len(token) <= LONGEST_TOKEN:
        return None
    found = room.store.verifier_with(token.strip())
    if found is None:
        room.tries.failed(caller(request))
    return found


def _by_login(request: Request, room: Room) -> Verifier | None:
    key = request.cookies.get(room.login_cookie, "")
    return room.store.logged_in(key, now=datetime.now(UTC), lasting=room.login_lasts) if key else None


async def _room(request: Request) -> Room:
    return room_of(request)


async def among_writers(room: "TheRoom") -> AsyncIterator[None]:
    """A place among the requests that write, until what is asked is done."""
    async with room.writing:
        yield


# What asks no database is asynchronous: else FastAPI sends each of them through a thread, longer than they take.
TheRoom = Annotated[Room, Depends(_room)]
ThePerson = Annotated[Person, Depends(person_of)]
AnAdmin = Annotated[Person, Depends(admin_of)]
TheName = Annotated[str, Depends(name_of)]
TheKeying = Annotated[Keying, Depends(keying_of)]

#: The dependencies of a request that writes.
WRITES = [Depends(among_writers, scope="function")]

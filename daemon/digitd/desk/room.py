"""What a request needs: the open store, the rules, and who is asking."""

import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from typing import Annotated
from urllib.parse import quote, unquote

from fastapi import Depends, Request

from digitd.config import Config
from digitd.store import Store
from digitd.stored import Document
from digitd.verify.keying import Keying, keying

#: The cookie with the name of the person at this browser. On this machine alone nobody has to prove it.
NAME_COOKIE, LONGEST_NAME, NAME_KEPT_SECONDS = "digitd_name", 64, 90 * 24 * 3600


@dataclass(frozen=True, slots=True, kw_only=True)
class Room:
    """The desk's surroundings. verifier signs for whoever gives no name; page_picture draws a page, counted from 1."""

    config: Config
    store: Store
    verifier: str
    page_picture: Callable[[Document, int], bytes]

    @property
    def identity(self) -> str:
        """Tells this database from others that a browser may have met at the same address."""
        return hashlib.sha256(str(self.config.database.absolute()).encode()).hexdigest()[:12]


def room_of(request: Request) -> Room:
    """The room that a request came into."""
    room = request.app.state.room
    assert isinstance(room, Room)
    return room


def name_of(request: Request) -> str:
    """Who is asking."""
    return unquote(request.cookies.get(NAME_COOKIE, ""))[:LONGEST_NAME] or room_of(request).verifier


def keying_of(request: Request) -> Keying:
    """Who is asking, at the queue."""
    room = room_of(request)
    return keying(room.store, room.config, verifier=name_of(request))


def as_cookie(name: str) -> str:
    """A name as a cookie can hold it."""
    return quote(name[:LONGEST_NAME])


TheRoom = Annotated[Room, Depends(room_of)]
TheName = Annotated[str, Depends(name_of)]
TheKeying = Annotated[Keying, Depends(keying_of)]

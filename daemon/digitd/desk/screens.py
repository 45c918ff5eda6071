"""The pages of the desk. What they show comes through the API; a page itself holds nothing of a document."""

import pathlib
import re
from collections import Counter
from typing import Annotated, Any

from fastapi import APIRouter, HTTPException, Path, Query
from fastapi.responses import HTMLResponse
from jinja2 import Environment, FileSystemLoader, StrictUndefined

from digitd.desk.api import Id, Wanted, queue
from digitd.desk.room import TheName, ThePerson, TheRoom
from digitd.records import Why

#: What anybody may see, and what those may who are let in.
doors = APIRouter()
router = APIRouter()

#: Reasons, as they are told.
WHY = {
    Why.UNSURE: "unsure of the digits",
    Why.RULE: "against a rule of the form",
    Why.ODD: "struck out, with gaps, or off the page",
    Why.DOUBTED: "doubted by somebody",
}

#: Where the door may lead: to a path here. What browsers leave out or take for a slash makes it another site's.
OWN_PAGE = re.compile(r"/([!-.0-\[\]-~][!-\[\]-~]*)?")

#: Documents on their list.
NEWEST = 200

_pages = Environment(
    loader=FileSystemLoader(pathlib.Path(__file__).parent / "templates"),
    autoescape=True,
    undefined=StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
)


def compile_pages() -> None:
    """Compile all templates, so that nobody waits for it."""
    for name in _pages.list_templates():
        _pages.get_template(name)


@doors.get("/login")
def login(to: Annotated[str, Query()] = "/") -> HTMLResponse:
    """Say who you are, and go on to where you were going, if that is a page of the desk."""
    return _page("login.html", name="", to=to if OWN_PAGE.fullmatch(to) else "/")


@router.get("/")
def start(room: TheRoom, person: ThePerson) -> HTMLResponse:
    """What waits, and who is here."""
    forms = queue(room, person.name)
    reasons = Counter[Why]()
    for form in forms:
        reasons.update(form.reasons)
    passed = sorted(room.store.to_look_at().items())
    return _page(
        "start.html",
        name=person.name,
        known=person.known,
        forms=forms,
        waiting=sum(one.waiting for one in forms),
        reasons=reasons,
        why=WHY,
        passed=passed,
    )


@router.get("/fields")
def fields(room: TheRoom, name: TheName, wanted: Annotated[Wanted, Query()]) -> HTMLResponse:
    """Key field after field."""
    return _page("fields.html", name=name, wanted=wanted, why=WHY, desk=f"{room.identity}/{name}")


@router.get("/lookalikes/{digit}")
def lookalikes(name: TheName, digit: Annotated[int, Path(ge=0, le=9)]) -> HTMLResponse:
    """Look at a hundred of what was read as one digit."""
    return _page("lookalikes.html", name=name, digit=digit)


@router.get("/documents")
def documents(room: TheRoom, name: TheName) -> HTMLResponse:
    """The newest documents."""
    found = room.store.documents(newest=NEWEST)
    return _page("documents.html", name=name, documents=found[::-1])


@router.get("/documents/{document_id}")
def document(room: TheRoom, name: TheName, document_id: Id) -> HTMLResponse:
    """A document, its pages with what was read on them."""
    found = room.store.documents(ids=[document_id])
    if not found:
        raise HTTPException(404, "there is no such document")
    return _page("document.html", name=name, document=found[0])


def _page(template: str, **shown: Any) -> HTMLResponse:
    return HTMLResponse(_pages.get_template(template).render(**shown))

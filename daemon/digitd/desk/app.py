"""The desk as one ASGI application: screens, API, and what is answered when something cannot be done."""

import threading
from collections import Counter
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from urllib.parse import quote

from anyio.to_thread import current_default_thread_limiter
from fastapi import Depends, FastAPI, Request
from fastapi.responses import JSONResponse, RedirectResponse, Response
from fastapi.staticfiles import StaticFiles

from digitd import __version__
from digitd.config import Config
from digitd.desk import api, documents, events, labels, login, lookalikes, screens
from digitd.desk.guard import Guard, Hosts
from digitd.desk.pictures import Kept
from digitd.desk.room import NotLoggedIn, Room, person_of
from digitd.desk.tries import TooManyTries
from digitd.errors import DatabaseError, NotTheirTurn, UnreadableDocument
from digitd.store import Store
from digitd.stored import Document

#: Requests that are worked on at once, but for pictures of pages; the others wait in the order in which they came. More
#: threads take turns at the same work, and all of them end late: with 40 the slowest of 20 clerks waits twice as long.
AT_ONCE = 4

STATIC = Path(__file__).parent / "static"


def create_app(
    config: Config,
    store: Store,
    *,
    hosts: Hosts,
    verifier: str,
    pages: Callable[[Document, int], bytes],
    open_to_others: bool = False,
) -> FastAPI:
    """The desk of an open store.

    Parameters
    ----------
    hosts
        By which it is reached.
    verifier
        Signs for whoever gives no name.
    pages
        Draws a page of a document, counted from 1.
    open_to_others
        Whether other machines reach it, so that nobody is let in without a token.
    """
    app = FastAPI(
        title="digitd",
        version=__version__,
        description="Fields that wait for a person, their pictures, and what people say of them.",
        openapi_url=f"{api.PREFIX}/openapi.json",
        docs_url=None,  # its page is fetched from elsewhere
        redoc_url=None,
        lifespan=_few_at_once,
    )
    app.state.room = Room(
        config=config, store=store, verifier=verifier, pages=Kept(pages), open_to_others=open_to_others
    )
    app.state.listening, app.state.closing = Counter[str](), threading.Event()
    app.add_middleware(Guard, hosts=hosts)
    let_in = [Depends(person_of)]
    app.include_router(login.doors, prefix=api.PREFIX)
    for part in (api, lookalikes, documents, labels, events, login):
        app.include_router(part.router, prefix=api.PREFIX, dependencies=let_in, responses={401: {}})
    app.include_router(screens.doors, include_in_schema=False)
    app.include_router(screens.router, include_in_schema=False, dependencies=let_in)
    app.mount("/static", StaticFiles(directory=STATIC))
    app.add_exception_handler(NotLoggedIn, _ask_to_log_in)
    app.add_exception_handler(TooManyTries, _ask_to_wait)
    for fault, status in ((NotTheirTurn, 409), (UnreadableDocument, 404), (DatabaseError, 503)):
        app.add_exception_handler(fault, _telling(status))
    return app


@asynccontextmanager
async def _few_at_once(_: FastAPI) -> AsyncIterator[None]:
    current_default_thread_limiter().total_tokens = AT_ONCE
    yield


def _ask_to_log_in(request: Request, _: Exception) -> Response:
    """Lead a person to the door; tell a program what it has to show."""
    if request.method == "GET" and not request.url.path.startswith(api.PREFIX):
        query = f"?{request.url.query}" if request.url.query else ""
        return RedirectResponse(f"/login?to={quote(request.url.path + query)}", 303)
    told = {"detail": "log in, or show a token: Authorization: Bearer TOKEN"}
    return JSONResponse(told, status_code=401, headers={"WWW-Authenticate": "Bearer"})


def _ask_to_wait(_: Request, fault: Exception) -> Response:
    assert isinstance(fault, TooManyTries)
    return JSONResponse({"detail": str(fault)}, status_code=429, headers={"Retry-After": f"{fault.seconds:.0f}"})


def _telling(status: int) -> Callable[[Request, Exception], JSONResponse]:
    def tell(_: Request, fault: Exception) -> JSONResponse:
        return JSONResponse({"detail": str(fault)}, status_code=status)

    return tell

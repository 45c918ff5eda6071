"""The desk as one ASGI application: screens, API, and what is answered when something cannot be done."""

from collections.abc import Callable, Collection
from pathlib import Path

from fastapi import FastAPI, Request
from fastapi.responses import JSONResponse
from fastapi.staticfiles import StaticFiles

from digitd import __version__
from digitd.config import Config
from digitd.desk import api, documents, lookalikes, screens
from digitd.desk.guard import Guard
from digitd.desk.room import Room
from digitd.errors import DatabaseError, NotTheirTurn, UnreadableDocument
from digitd.store import Store
from digitd.stored import Document

STATIC = Path(__file__).parent / "static"


def create_app(
    config: Config, store: Store, *, hosts: Collection[str], verifier: str, pages: Callable[[Document, int], bytes]
) -> FastAPI:
    """The desk of an open store.

    Parameters
    ----------
    hosts
        By which it is reached: what browsers say in the header Host.
    verifier
        Signs for whoever gives no name.
    pages
        Draws a page of a document, counted from 1.
    """
    app = FastAPI(
        title="digitd",
        version=__version__,
        description="Fields that wait for a person, their pictures, and what people say of them.",
        openapi_url=f"{api.PREFIX}/openapi.json",
        docs_url=None,  # its page is fetched from elsewhere
        redoc_url=None,
    )
    app.state.room = Room(config=config, store=store, verifier=verifier, page_picture=pages)
    app.add_middleware(Guard, hosts=frozenset(hosts))
    app.include_router(api.router, prefix=api.PREFIX)
    app.include_router(lookalikes.router, prefix=api.PREFIX)
    app.include_router(documents.router, prefix=api.PREFIX)
    app.include_router(screens.router, include_in_schema=False)
    app.mount("/static", StaticFiles(directory=STATIC))
    for fault, status in ((NotTheirTurn, 409), (UnreadableDocument, 404), (DatabaseError, 503)):
        app.add_exception_handler(fault, _telling(status))
    return app


def _telling(status: int) -> Callable[[Request, Exception], JSONResponse]:
    def tell(_: Request, fault: Exception) -> JSONResponse:
        return JSONResponse({"detail": str(fault)}, status_code=status)

    return tell

"""Does once what is slow the first time, before a desk answers: after a restart all clerks ask in the same second."""

import asyncio
import threading
from contextlib import suppress
from datetime import UTC, datetime, timedelta

from starlette.types import ASGIApp, Message

from digitd.desk.screens import compile_pages
from digitd.errors import DatabaseError
from digitd.store import Store

#: Who takes turns here; nobody at a desk has no name.
NOBODY = ""


def warm(app: ASGIApp, store: Store, *, host: str) -> None:
    """Compile templates and queries, and let the application answer a request; host is a name that it answers to."""
    compile_pages()
    asking = threading.Thread(target=lambda: asyncio.run(_ask(app, host=host)))  # whoever is here may have a loop
    asking.start()
    asking.join()
    with suppress(DatabaseError):  # is told to who asks
        store.next_turns(NOBODY, now=datetime.now(UTC), lasting=timedelta(0), evidence=False)
        store.end_turns(NOBODY)
        store.waiting(verifier=NOBODY)
        store.to_look_at()
        store.has_verifiers()


async def _ask(app: ASGIApp, *, host: str) -> None:
    """Ask for the page to log in at, which anybody may see and which needs no database."""
    asked = {
        "type": "http",
        "http_version": "1.1",
        "method": "GET",
        "scheme": "http",
        "path": "/login",
        "query_string": b"",
        "headers": [(b"host", host.encode())],
    }

    async def receive() -> Message:
        return {"type": "http.request", "body": b"", "more_body": False}

    async def send(_: Message) -> None:
        return

    await app(asked, receive, send)

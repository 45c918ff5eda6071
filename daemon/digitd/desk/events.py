"""The API of events: what changes is told as it happens, to whoever keeps the connection open (server-sent events)."""

import asyncio
import json
from collections import Counter
from collections.abc import AsyncIterator
from typing import Annotated

from fastapi import APIRouter, Header, HTTPException, Request
from fastapi.responses import StreamingResponse
from starlette.concurrency import run_in_threadpool

from digitd.desk.api import LARGEST_ID
from digitd.desk.room import NotLoggedIn, ThePerson, TheRoom, person_of
from digitd.stored import Told

router = APIRouter(tags=["events"])

#: Between two looks at the database, and, where nothing changes, between two signs of life.
LOOK_SECONDS, SIGN_SECONDS = 0.5, 15.0

#: Connections at once, and of one person; more are refused.
MOST, MOST_EACH = 50, 8

#: Changes told at a time.
BATCH = 500


@router.get("/events", responses={200: {"content": {"text/event-stream": {}}}, 503: {}})
async def events(
    room: TheRoom,
    person: ThePerson,
    request: Request,
    last_event_id: Annotated[int | None, Header(ge=0, le=LARGEST_ID)] = None,
) -> StreamingResponse:
    """Every change of a document's state from now on, or since the event that was told last. 503 when too many listen.

    Each is an event `document`, its number the id, its data a JSON object: document, name, previous, state, reason,
    at.
    """
    listening: Counter[str] = request.app.state.listening
    if listening[person.name] >= MOST_EACH or listening.total() >= MOST:
        raise HTTPException(503, "too many listen already")
    after = await run_in_threadpool(room.store.last_move) if last_event_id is None else last_event_id
    listening[person.name] += 1

    async def told() -> AsyncIterator[str]:
        nonlocal after
        silent = 0.0
        try:
            yield "retry: 2000\n\n"
            while not await request.is_disconnected() and not request.app.state.closing.is_set():
                found = await run_in_threadpool(room.store.moves_after, after, limit=BATCH)
                for move in found:
                    after = move.id
                    yield _event(move)
                silent += LOOK_SECONDS
                if silent >= SIGN_SECONDS:
                    silent = 0.0
                    if await run_in_threadpool(person_of, request) != person:
                        return  # they were removed meanwhile
                    yield ": still here\n\n"
                if len(found) < BATCH:
                    await asyncio.sleep(LOOK_SECONDS)
        except NotLoggedIn:
            return
        finally:
            listening[person.name] -= 1

    return StreamingResponse(told(), media_type="text/event-stream")


def _event(move: Told) -> str:
    data = {
        "document": move.document_id,
        "name": move.document,
        "previous": move.previous,
        "state": move.state,
        "reason": move.reason,
        "at": move.at.isoformat(),
    }
    return f"id: {move.id}\nevent: document\ndata: {json.dumps(data, ensure_ascii=False)}\n\n"

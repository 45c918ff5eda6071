"""A service whose readers are a function here, whose inbox settles at once, and whose processes are none."""

from collections.abc import Callable, Iterator
from concurrent.futures import Executor, Future
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest

from digitd.config import Config, Intake, Workers
from digitd.engine import Engine
from digitd.errors import UnreadableDocument
from digitd.evidence import DocumentEvidence, evidence_of
from digitd.intake import archive
from digitd.intake.inbox import Inbox
from digitd.ledger import Ledger
from digitd.models import Model
from digitd.records import Box, DocumentReading, FieldReading, FieldState, PageReading
from digitd.service import Service
from digitd.store import Store
from digitd.wake import Bell, Stop

MODEL = Model(id="fake@1", folder=Path(), card={"name": "fake"}, litert=b"")


class Inline(Executor):
    """Reads at once, in the caller's thread; what the reader raises is the future's."""

    def submit(self, fn: Callable[..., Any], /, *args: Any, **named: Any) -> Future[Any]:
        future: Future[Any] = Future()
        try:
            future.set_result(fn(*args, **named))
        except BaseException as fault:
            if type(fault).__name__ == "Crash":
                raise
            future.set_exception(fault)
        return future


def fake_read(data: bytes, form: str | None) -> DocumentEvidence:
    """One field that holds the text of the document; "bad" cannot be read, "?" goes to review."""
    text = data.decode()
    if text.startswith("bad"):
        raise UnreadableDocument("it is torn")
    state = FieldState.REVIEW if text.startswith("?") else FieldState.ACCEPTED
    box = Box(x0=0, y0=0, x1=1, y1=1)
    field = FieldReading(name="f", box=box, value=text, confidence=0.9, state=state)
    page = PageReading(
        number=1, width_px=1, height_px=1, form=form, residual_mm=None, fields=(field,), stage_ms={"load": 1.0}
    )
    return evidence_of(DocumentReading(pages=(page,), model=MODEL.id, pipeline="1"))


@cache
def empty_database() -> bytes:
    """A migrated database, made once: migrating takes longer than most tests."""
    with TemporaryDirectory() as folder:
        path = Path(folder) / "digitd.db"
        Store.open(path, create=True).close()
        return path.read_bytes()


class Bench:
    """Folders, a database and everything around a service; `service` makes one as a fresh process would."""

    def __init__(self, root: Path) -> None:
        self.config = Config(
            root=root, intake=Intake(settle_seconds=0, incomplete_seconds=0), workers=Workers(attempts=3)
        )
        for name in ("inbox", "forms", "models", "var"):
            (root / name).mkdir()
        archive.prepare(self.config.var)
        self.config.database.write_bytes(empty_database())
        self.store = Store.open(self.config.database)
        self.bell = Bell()
        self.stop = Stop(self.bell)

    def drop(self, name: str, text: str | None = None) -> Path:
        path = self.config.inbox / name
        path.parent.mkdir(exist_ok=True)
        path.write_bytes((name if text is None else text).encode())
        return path

    def service(self, read: Callable[..., Any] = fake_read, *, executor: Callable[[], Executor] = Inline) -> Service:
        self.stop = Stop(self.bell)
        engine = Engine(executor, read, processes=2, wake=self.bell.ring)
        ledger = Ledger(self.config, self.store, model=MODEL)
        return Service(self.config, ledger, engine, inbox=Inbox(self.config, None), bell=self.bell, stop=self.stop)

    def states(self) -> dict[str, str]:
        return {d.name: str(d.state) for d in self.store.documents()}

    def files(self) -> list[str]:
        """Every file in inbox and var but the database, without dates, numbers and tokens."""
        found = []
        for path in sorted(self.config.root.rglob("*")):
            if path.is_file() and not path.name.startswith("digitd.db"):
                parts = path.relative_to(self.config.root).parts
                found.append("/".join(p for p in parts if not p.isdecimal()))
        return found


@pytest.fixture
def bench(tmp_path: Path) -> Iterator[Bench]:
    made = Bench(tmp_path)
    yield made
    made.store.close()

"""Another model is named in the configuration while the service runs: it reads what comes next, and only that."""

import hashlib
import json
from collections.abc import Callable
from concurrent.futures import BrokenExecutor, Executor, Future
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from structlog.testing import capture_logs

from digitd import succession
from digitd.config import NAME, Config, choose_model
from digitd.engine import Engine
from digitd.errors import ModelError
from digitd.evidence import DocumentEvidence
from digitd.intake.inbox import Inbox
from digitd.ledger import Ledger
from digitd.models import CARD, LITERT, Model, find
from digitd.service import Service
from digitd.succession import Succession, try_apart
from digitd.wake import Reload, Stop


def made(folder: Path, name: str) -> None:
    """A model folder of which card and file agree, though no interpreter would take it."""
    (folder / name).mkdir()
    (folder / name / LITERT).write_bytes(name.encode())
    sha256 = hashlib.sha256(name.encode()).hexdigest()
    card = {"name": name, "classes": 11, "temperature": 1, "litert_sha256": sha256}
    (folder / name / CARD).write_text(json.dumps(card), encoding="utf-8")


class Patient(Executor):
    """Reads when it is told to, one at a time."""

    def __init__(self) -> None:
        self.waiting: list[tuple[Future[Any], Any, tuple[Any, ...]]] = []

    def submit(self, fn: Callable[..., Any], /, *args: Any, **named: Any) -> Future[Any]:
        self.waiting.append((Future(), fn, args))
        return self.waiting[-1][0]

    def work(self) -> None:
        if self.waiting:
            future, fn, args = self.waiting.pop(0)
            future.set_result(fn(*args))


class Changing:
    """A service over models called old and new, and the executors that its engines were opened with."""

    def __init__(self, bench: Any, read: Callable[..., DocumentEvidence], monkeypatch: pytest.MonkeyPatch) -> None:
        self.bench, self.read = bench, read
        self.tried: list[str] = []
        self.pools: list[Patient] = []
        self.opened: list[Config] = []
        for name in ("old", "new"):
            made(bench.config.models, name)
        (bench.config.root / NAME).write_text('[reading]\nmodel = "old"\n', encoding="utf-8")
        self.config = replace(bench.config, reading=replace(bench.config.reading, model="old"))
        model = find("old", self.config.models)
        bench.stop = Stop(bench.bell)
        self.reload = Reload(bench.bell)
        self.service = Service(
            self.config,
            Ledger(self.config, bench.store, model=model),
            self.open_engine(self.config),
            inbox=Inbox(self.config, None),
            bell=bench.bell,
            stop=bench.stop,
            reload=self.reload,
            succession=Succession(
                self.config, self.file, model=model, open_engine=self.open_engine, try_out=self.try_out
            ),
        )
        monkeypatch.setattr(bench.bell, "wait", lambda seconds: self.pools[-1].work())

    @property
    def file(self) -> Path:
        found: Path = self.bench.config.root / NAME
        return found

    def open_engine(self, config: Config) -> Engine:
        model = find(config.reading.model, config.models)
        self.opened.append(config)

        def read(data: bytes, form: str | None) -> DocumentEvidence:
            return replace(self.read(data, form), model=model.id)

        def open_pool() -> Patient:
            self.pools.append(Patient())
            return self.pools[-1]

        return Engine(open_pool, read, processes=1, wake=self.bench.bell.ring)

    def try_out(self, model: Model) -> None:
        self.tried.append(model.id.partition("@")[0])

    def run(self, change: Callable[[], None]) -> list[Any]:
        """Read "a", change something while it is in hand, drop and read "b"; returns what was logged."""
        self.bench.drop("a")
        steps = iter((change, lambda: self.bench.drop("b")))

        def on_progress(progress: Any) -> None:
            if self.service._engine.in_hand or progress.finished:
                next(steps, lambda: None)()

        with capture_logs() as lines:
            self.service.run(once=True, on_progress=on_progress)
        return lines

    def read_by(self) -> dict[str, str]:
        return {field.document: field.model.partition("@")[0] for field in self.bench.store.fields()}


@pytest.fixture
def changing(bench: Any, monkeypatch: pytest.MonkeyPatch, request: pytest.FixtureRequest) -> Changing:
    from importlib import import_module

    read = import_module(type(bench).__module__).fake_read
    return Changing(bench, read, monkeypatch)


def events(lines: list[Any]) -> list[str]:
    return [line["event"] for line in lines]


def test_what_comes_next_is_read_with_the_other_model(changing: Changing) -> None:
    """What was in hand is finished with the old one, the evidence names each, and the log tells of the change."""
    lines = changing.run(lambda: choose_model(changing.file, "new"))
    assert changing.read_by() == {"a": "old", "b": "new"}
    assert events(lines).index("document_read") < events(lines).index("model_changed")
    assert changing.tried == ["new"]
    assert len(changing.pools) == 2


def test_a_full_inbox_does_not_keep_the_model_that_was(changing: Changing) -> None:
    """What waits is left in the inbox until the other model can read it."""
    for name in "abcdef":
        changing.bench.drop(name)

    def on_progress(_progress: Any) -> None:
        if changing.service._engine.in_hand:
            choose_model(changing.file, "new")

    changing.service.run(once=True, on_progress=on_progress)
    assert sorted(changing.read_by().values()) == ["new"] * 4 + ["old"] * 2


def test_a_change_that_is_none_changes_nothing(changing: Changing) -> None:
    """A comment or another key in the file opens no model and no engine."""
    text = changing.file.read_text(encoding="utf-8")
    changing.run(lambda: changing.file.write_text(text + "pdf_dpi = 100 # finer\n", encoding="utf-8") and None)
    assert changing.read_by() == {"a": "old", "b": "old"}
    assert (changing.tried, len(changing.pools)) == ([], 1)


def test_when_asked_the_other_keys_are_followed_too(changing: Changing) -> None:
    """Those of reading, workers, intake and log; of what needs a new start it is told."""
    text = '[folders]\nvar = "elsewhere"\n[workers]\nattempts = 7\n[intake]\nsettle_seconds = 0\nrescan_seconds = 7\n'

    def change() -> None:
        changing.file.write_text(text + '[reading]\nmodel = "old"\npdf_dpi = 100\n', encoding="utf-8")
        changing.reload.ask()

    lines = changing.run(change)
    assert changing.read_by() == {"a": "old", "b": "old"}
    assert (changing.tried, len(changing.pools)) == ([], 2)
    assert changing.service._inbox.rescan_seconds == 7
    assert changing.service._ledger._attempts == 7
    assert changing.opened[-1].reading.pdf_dpi == 100
    assert changing.opened[-1].var == changing.bench.config.var
    (told,) = [line for line in lines if line["event"] == "configuration_needs_a_start"]
    assert told["section"] == "folders"
    assert "model_changed" not in events(lines)


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("[reading\n", "not valid TOML"),
        ('[reading]\nmodel = "gone"\n', "no model called 'gone'"),
        ('[reading]\nmodle = "new"\n', "perhaps you meant"),
        (None, "no such file"),
    ],
)
def test_what_cannot_be_used_is_told_once_and_the_old_model_stays(
    changing: Changing, text: str | None, told: str
) -> None:
    """A file that is broken or gone, or a model that is not there, stops nothing."""

    def change() -> None:
        changing.file.unlink() if text is None else changing.file.write_text(text, encoding="utf-8")

    lines = changing.run(change)
    assert changing.read_by() == {"a": "old", "b": "old"}
    (refused,) = [line for line in lines if line["event"] == "configuration_not_changed"]
    assert told in refused["reason"]
    assert refused["still"].startswith("old@")


def test_a_model_that_cannot_read_is_refused(changing: Changing, monkeypatch: pytest.MonkeyPatch) -> None:
    """A card that does not belong to its file, or a file that no interpreter takes, never reads a document."""

    def spoil() -> None:
        (changing.bench.config.models / "new" / LITERT).write_bytes(b"another")
        choose_model(changing.file, "new")

    lines = changing.run(spoil)
    assert changing.read_by() == {"a": "old", "b": "old"}
    assert (
        "do not belong together"
        in next(line for line in lines if line["event"] == "configuration_not_changed")["reason"]
    )
    with pytest.raises(ModelError, match="not a LiteRT file"):
        try_apart(find("old", changing.bench.config.models))


def test_a_model_trained_anew_under_its_name_is_taken_up(changing: Changing) -> None:
    """`digitd model use` of the name in use looks at its folder again."""

    def train_anew() -> None:
        folder = changing.bench.config.models
        (folder / "old").rename(folder / "before")
        (folder / "new").rename(folder / "old")
        choose_model(changing.file, "old")

    changing.run(train_anew)
    assert changing.read_by() == {"a": "old", "b": "new"}, "by the name on the card"


def test_a_reading_is_kept_with_the_card_of_the_model_that_read(changing: Changing) -> None:
    """A process that ended opens what lies under the model's name by then: its card goes with what it has read."""
    models = changing.bench.config.models
    ledger = Ledger(changing.config, changing.bench.store, model=find("old", models))
    old, new = find("old", models).id, find("new", models).id
    assert ledger._card(old)["name"] == "old"
    (models / "old").rename(models / "before")
    (models / "new").rename(models / "old")
    assert ledger._card(new)["name"] == "new"
    assert ledger._card("another@1") == {}


def test_a_model_whose_file_kills_its_process_is_refused(changing: Changing, monkeypatch: pytest.MonkeyPatch) -> None:
    """It is tried in a process of its own, so that the service lives on."""

    class Dying(Executor):
        def __init__(self, *_args: object) -> None: ...

        def submit(self, fn: Callable[..., Any], /, *args: Any, **named: Any) -> Future[Any]:
            future: Future[Any] = Future()
            future.set_exception(BrokenExecutor("it was killed"))
            return future

    monkeypatch.setattr(succession, "open_process", Dying)
    with pytest.raises(ModelError, match="the process that opened it died"):
        try_apart(find("new", changing.bench.config.models))

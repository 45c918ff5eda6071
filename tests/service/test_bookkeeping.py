"""The service sets thresholds from what people key: cautiously at first, then from labels, anew where all drifts."""

import math
import threading
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from digitd import bookkeeping as module
from digitd.bookkeeping import Bookkeeper, judgements
from digitd.budget.book import read_book
from digitd.budget.promise import Group
from digitd.budget.thresholds import Watched
from digitd.config import Budget, Config, FieldBudget, FormBudget, Verify
from digitd.errors import DatabaseError
from digitd.records import UNSURE, FieldState, LabelMode
from digitd.store import Store
from digitd.store.labels import write_label

MODEL = "fake@1"
SHEET = Group(form="sheet")


class Clock:
    """A minute passes with every look: what is read in the moment of a change counts as on either side of it."""

    def __init__(self) -> None:
        self.now, self.steady = 1_900_000_000.0, 0.0

    def time(self) -> float:
        self.now += 60
        return self.now

    def monotonic(self) -> float:
        return self.steady

    def hour(self) -> None:
        self.now += 3600
        self.steady += 3600


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    made = Clock()
    monkeypatch.setattr(module, "time", made)
    return made


class Keeper(Bookkeeper):
    """A bookkeeper whose looks a test may wait for."""

    def __init__(self, config: Config, store: Store, *, model: str) -> None:
        self._woken = threading.Event()
        super().__init__(config, store, model=model, wake=self._woken.set)

    def look(self) -> None:
        """Look at labels, wait till that is done, and take up what was found."""
        self.step()
        while self.due() == math.inf:
            assert self._woken.wait(60), "nobody was woken"
            self._woken.clear()
        self.step()


def asked(tmp_path: Path, **budget: Any) -> Config:
    (tmp_path / "var").mkdir(exist_ok=True)
    return Config(root=tmp_path, budget=Budget(**{"enabled": True, **budget}), verify=Verify(audit_share=1.0))


@pytest.fixture
def keep(store: Store) -> Iterator[Callable[[Config], Keeper]]:
    """Bookkeepers for what a model reads, closed at the end."""
    made: list[Keeper] = []

    def kept(config: Config) -> Keeper:
        made.append(Keeper(config, store, model=MODEL))
        return made[-1]

    yield kept
    for keeper in made:
        keeper.close()


def dated(store: Store, at: float) -> None:
    """Make every document that was read just now one of that moment."""
    moment = datetime.fromtimestamp(at, UTC).replace(tzinfo=None)
    with store._writing() as connection:
        connection.exec_driver_sql(
            "UPDATE documents SET seen_at = ?, read_at = ? WHERE read_at < '2029-01-01'", (str(moment), str(moment))
        )


@pytest.fixture
def feed(store: Store, record: Any, make_field: Any, clock: Clock) -> Callable[..., None]:
    """Read a document of many fields at 0.98 with the thresholds in force, and key them; some may be wrong."""
    template = make_field("f", "12", confidence=0.98, reason=f"{UNSURE}0.98 is not enough")

    def fed(count: int, config: Config, *, wrong: int = 0) -> None:
        threshold = Watched(config.budget_book, MODEL)().of("sheet", "f")
        passes = threshold <= 0.98
        state = FieldState.ACCEPTED if passes else FieldState.REVIEW
        field = replace(template, state=state, reason="" if passes else template.reason, glyphs=())
        fields = [replace(field, name=f"f{place}") for place in range(count)]
        document = record("a.png", fields, audit_share=config.verify.audit_share)
        found = list(store.fields(document_id=document.id))
        with store._writing() as connection:  # one transaction, for each takes a while
            for place, one in enumerate(found):
                said = "13" if place < wrong else "12"
                write_label(connection, one.id, said, verifier="ada", mode=LabelMode.BLIND)
        dated(store, clock.time())

    return fed


def in_force(config: Config) -> float:
    return Watched(config.budget_book, MODEL)().of("sheet", "f")


def test_it_begins_with_nothing_passes_and_loosens_with_labels(
    store: Store, tmp_path: Path, feed: Callable[..., None], clock: Clock, keep: Callable[[Config], Keeper]
) -> None:
    """700 right labels let fields pass; before there was a label none did."""
    config = asked(tmp_path)
    keeper = keep(config)
    assert in_force(config) == float("inf")
    feed(100, config)
    clock.hour()
    keeper.look()
    assert in_force(config) == float("inf")
    feed(600, config)
    clock.hour()
    keeper.look()
    assert in_force(config) == 0.0
    record = read_book(config.budget_book).of(MODEL).groups[SHEET]
    assert [epoch.threshold for epoch in record.epochs] == [None, 0.0]


def test_drift_sends_all_to_review_and_labels_begin_anew(
    store: Store, tmp_path: Path, feed: Callable[..., None], clock: Clock, keep: Callable[[Config], Keeper]
) -> None:
    """Audited fields of which many are wrong close the form; what comes later opens it again."""
    config = asked(tmp_path)
    keeper = keep(config)
    feed(700, config)
    clock.hour()
    keeper.look()
    assert in_force(config) == 0.0
    feed(40, config, wrong=20)
    clock.hour()
    keeper.look()
    assert in_force(config) == float("inf")
    assert "were wrong, more than promised" in read_book(config.budget_book).of(MODEL).groups[SHEET].why
    (judgement,) = judgements(store, config, model=MODEL).values()
    assert (judgement.labels, judgement.drift) == (0, None)
    clock.hour()
    feed(700, config)
    clock.hour()
    keeper.look()
    assert in_force(config) == 0.0


def test_nothing_is_looked_at_without_new_labels(
    *,
    store: Store,
    tmp_path: Path,
    feed: Callable[..., None],
    clock: Clock,
    keep: Callable[[Config], Keeper],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    config = asked(tmp_path)
    keeper = keep(config)
    feed(3, config)
    looks: list[int] = []
    outcomes = store.outcomes
    monkeypatch.setattr(store, "outcomes", lambda **named: [looks.append(1), *outcomes(**named)][1:])
    for _ in range(3):
        clock.hour()
        keeper.look()
    assert len(looks) == 1


def test_a_budget_that_is_not_asked_for_writes_nothing_and_is_never_due(store: Store, tmp_path: Path) -> None:
    config = asked(tmp_path, enabled=False)
    keeper = Bookkeeper(config, store, model=MODEL)
    keeper.step()
    assert keeper.due() == float("inf")
    assert not config.budget_book.exists()


def test_a_budget_that_was_put_out_of_force_begins_anew(
    store: Store, tmp_path: Path, feed: Callable[..., None], clock: Clock, keep: Callable[[Config], Keeper]
) -> None:
    """What passed meanwhile did so by no budget: that nothing passed is claimed of no such time."""
    config = asked(tmp_path)
    keeper = keep(config)
    feed(700, config)
    clock.hour()
    keeper.look()
    keeper.go_on_with(asked(tmp_path, enabled=False), model=MODEL)
    assert read_book(config.budget_book).of(MODEL).begun_at is None
    assert in_force(config) == float("inf")
    keeper.go_on_with(config, model=MODEL)
    assert read_book(config.budget_book).of(MODEL).begun_at is not None


def test_another_model_begins_anew(
    store: Store, tmp_path: Path, feed: Callable[..., None], clock: Clock, keep: Callable[[Config], Keeper]
) -> None:
    """Labels of what one model read prove nothing of another; the first one's stay."""
    config = asked(tmp_path)
    keeper = keep(config)
    feed(700, config)
    clock.hour()
    keeper.go_on_with(config, model="new@1")
    assert Watched(config.budget_book, "new@1")().of("sheet", "f") == float("inf")
    keeper.go_on_with(config, model=MODEL)
    assert in_force(config) == 0.0


def test_a_field_with_a_budget_of_its_own_waits_for_its_own_labels(
    store: Store, tmp_path: Path, feed: Callable[..., None], clock: Clock, keep: Callable[[Config], Keeper]
) -> None:
    """And that its form's threshold was proved with it among the others is not forgotten, only no longer relied on."""
    config = asked(tmp_path)
    keeper = keep(config)
    feed(700, config)
    clock.hour()
    keeper.look()
    forms = {"sheet": FormBudget(fields={"f0": FieldBudget(wrong_fields=0.001)})}
    keeper.go_on_with(asked(tmp_path, forms=forms), model=MODEL)
    asked_now = Watched(config.budget_book, MODEL)()
    assert asked_now.of("sheet", "f0") == float("inf")
    assert asked_now.of("sheet", "f1") == 0.0
    keeper.go_on_with(config, model=MODEL)
    assert set(read_book(config.budget_book).of(MODEL).groups) == {SHEET}


@pytest.fixture
def held(store: Store, monkeypatch: pytest.MonkeyPatch) -> Iterator[threading.Event]:
    """Looks that do not end before this is set; they may be begun."""
    release, outcomes = threading.Event(), store.outcomes

    def waiting(**named: Any) -> Any:
        assert release.wait(60)
        return outcomes(**named)

    release.set()
    monkeypatch.setattr(store, "outcomes", waiting)
    yield release
    release.set()


def test_nobody_waits_for_a_look_at_labels(
    tmp_path: Path, feed: Callable[..., None], clock: Clock, keep: Callable[[Config], Keeper], held: threading.Event
) -> None:
    """While it goes on nothing is due; what it finds is in force, and dated, from when it is taken up."""
    config = asked(tmp_path)
    keeper = keep(config)
    feed(700, config)
    clock.hour()
    held.clear()
    keeper.step()
    keeper.step()
    assert keeper.due() == math.inf
    assert in_force(config) == math.inf
    clock.hour()
    over = clock.now
    held.set()
    keeper.look()
    assert in_force(config) == 0.0
    assert read_book(config.budget_book).of(MODEL).groups[SHEET].epochs[-1].at > over


def test_a_look_that_was_begun_for_another_model_sets_nothing(
    tmp_path: Path, feed: Callable[..., None], clock: Clock, keep: Callable[[Config], Keeper], held: threading.Event
) -> None:
    config = asked(tmp_path)
    keeper = keep(config)
    feed(700, config)
    clock.hour()
    held.clear()
    keeper.step()
    held.set()
    keeper.go_on_with(config, model="new@1")
    assert keeper.due() < math.inf
    assert in_force(config) == math.inf


@pytest.mark.parametrize("leave", [Keeper.close, lambda keeper: keeper.go_on_with(keeper._config, model="new@1")])
def test_nobody_waits_for_a_look_that_is_forgotten(
    *,
    store: Store,
    tmp_path: Path,
    feed: Callable[..., None],
    clock: Clock,
    keep: Callable[[Config], Keeper],
    monkeypatch: pytest.MonkeyPatch,
    leave: Callable[[Keeper], None],
) -> None:
    """It gives up before it has seen all labels, whether the service stops or goes on with another model."""
    config = asked(tmp_path)
    keeper = keep(config)
    feed(3, config)
    clock.hour()
    outcomes, begun, over, never = store.outcomes, threading.Event(), [], threading.Event()

    def slowly(*, model: str, **named: Any) -> Iterator[Any]:
        for one in outcomes(model=model, **named):
            begun.set()
            never.wait(1)
            yield one
        over.append(model)

    monkeypatch.setattr(store, "outcomes", slowly)
    keeper.step()
    assert begun.wait(60)
    leave(keeper)
    assert MODEL not in over


def test_a_look_that_fails_is_told_and_begun_again(
    *,
    store: Store,
    tmp_path: Path,
    feed: Callable[..., None],
    clock: Clock,
    keep: Callable[[Config], Keeper],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """What the database refused once is asked of it again, though no label was added."""
    config = asked(tmp_path)
    keeper = keep(config)
    feed(700, config)
    clock.hour()

    def refused(**_named: Any) -> Any:
        raise DatabaseError("it cannot be read")

    with monkeypatch.context() as patched:
        patched.setattr(store, "outcomes", refused)
        with pytest.raises(DatabaseError, match="cannot be read"):
            keeper.look()
    keeper.look()
    assert in_force(config) == 0.0

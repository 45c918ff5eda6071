"""`digitd budget` speaks plainly of an empty database, of one label, of audits alone, and of what is proved."""

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from digitd.config import Config
from digitd.models import find
from digitd.records import UNSURE, LabelMode
from digitd.store import Store
from digitd.store.labels import write_label

Filled = Callable[..., None]


@pytest.fixture
def fill(folder: Path, record: Any, make_field: Any, monkeypatch: pytest.MonkeyPatch) -> Filled:
    """Fill the folder's database: so many fields in review or audited, keyed rightly."""

    def filled(store: Store, count: int, *, keyed: int, audited: bool = False) -> None:
        model = find("paper", folder / "models").id
        reason = "" if audited else f"{UNSURE}0.98 is not enough"
        field = replace(make_field("f", "12", confidence=0.98, reason=reason), glyphs=())
        document = record("a.png", [replace(field, name=f"f{place}") for place in range(count)], audit_share=1.0)
        with store._writing() as connection:
            connection.exec_driver_sql("INSERT INTO models SELECT ?, card, first_used_at FROM models", (model,))
            connection.exec_driver_sql("UPDATE pages SET model_id = ?", (model,))
        found = list(store.fields(document_id=document.id))[:keyed]
        with store._writing() as connection:  # one transaction, for each takes a while
            for one in found:
                write_label(connection, one.id, "12", verifier="ada", mode=LabelMode.BLIND)

    return filled


@pytest.fixture
def store(folder: Path) -> Any:
    with Store.open(Config(root=folder).database, create=True) as opened:
        yield opened


def test_an_empty_database_has_nothing_to_promise(store: Store, call: Any) -> None:
    assert "Nothing has been read with this model" in call("budget", "show").output
    assert "Nothing has been read with this model" in call("budget", "simulate").output
    assert json.loads(call("budget", "show", "--json").output) == {"enabled": False, "groups": []}
    assert call("budget", "show", "--form", "sheet").exit_code == 4


@pytest.mark.parametrize(("keyed", "audited"), [(0, False), (1, False), (0, True), (1, True)])
def test_one_label_or_none_are_told_of(store: Store, call: Any, fill: Filled, keyed: int, audited: bool) -> None:
    """And nothing passes, in review or audited."""
    fill(store, 3, keyed=keyed, audited=audited)
    done = call("budget", "show")
    assert done.exit_code == 0
    assert "Nothing would pass yet" in done.output
    assert "nan" not in done.output.lower()
    assert f"sheet: {keyed} labels" in call("budget", "simulate").output


def test_what_is_proved_is_shown_in_words_figures_and_a_picture(
    store: Store, call: Any, fill: Filled, tmp_path: Path
) -> None:
    fill(store, 700, keyed=700)
    done = call("budget", "show", "--out", str(tmp_path / "curve.png"))
    assert "The budget is not in force" in done.output
    assert "Fields with a confidence of 0 and more would pass, 100 % of all: 700 labels of such, 0 wrong" in done.output
    assert (tmp_path / "curve.png").exists()
    (facts,) = json.loads(call("budget", "show", "--json").output)["groups"]
    assert (facts["threshold"], facts["share"], facts["labels"], facts["wrong"]) == (0.0, 1.0, 700, 0)
    assert [point["wrong_fields"] for point in facts["curve"]] == [0.002, 0.005, 0.01, 0.02, 0.03, 0.05, 0.1]


def test_other_promises_are_tried(store: Store, call: Any, fill: Filled) -> None:
    """A stricter one lets nothing pass, and says how many labels it would take."""
    fill(store, 700, keyed=700)
    done = call("budget", "simulate", "--wrong-fields", "0.02", "--wrong-fields", "0.001")
    first, second = done.output.strip().splitlines()[1:]
    assert "wrong at most  0.1 %:   0 % would pass" in first
    assert "more labels" in first
    assert "wrong at most    2 %: 100 % would pass" in second
    (facts,) = json.loads(call("budget", "simulate", "--wrong-fields", "0.001", "--json").output)
    assert facts["threshold"] is None
    assert facts["more"]["labels"] > 1000

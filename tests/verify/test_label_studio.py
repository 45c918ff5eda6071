import base64
import io
import json
from pathlib import Path
from typing import Any

import pytest

from digitd.errors import LabelFileError
from digitd.records import LabelMode
from digitd.store import Store
from digitd.verify.label_studio import export_tasks, read_tasks
from digitd.verify.labels import import_labels


@pytest.fixture(autouse=True)
def read(make_field: Any, record: Any) -> None:
    record("a.png", [make_field("total", "105"), make_field("count", "7", reason="unsure")])
    record("b.png", [make_field("drawn", "3")], audit_share=1.0)


def tasks(store: Store, **named: Any) -> list[dict[str, Any]]:
    file = io.StringIO()
    count = export_tasks(store, file, **named)
    found: list[dict[str, Any]] = json.loads(file.getvalue())
    assert count == len(found)
    return found


def kept(path: Path, *found: Any) -> Path:
    path.write_text(json.dumps(found), encoding="utf-8")
    return path


def said(text: Any, **named: Any) -> dict[str, Any]:
    return {"result": [{"from_name": "value", "value": {"text": text}}], **named}


def test_what_waits_is_exported_without_what_was_read(store: Store) -> None:
    """The audited field among them; each with its picture, and nothing that tells a reading."""
    found = tasks(store, waiting=True)
    assert [(one["data"]["document"], one["data"]["field"]) for one in found] == [
        ("a.png", "count"),
        ("b.png", "drawn"),
    ]
    assert all(set(one) == {"data"} and set(one["data"]) == {"picture", "document", "page", "field"} for one in found)
    kind, _, data = found[0]["data"]["picture"].partition(";base64,")
    assert kind.startswith("data:image/")
    assert base64.b64decode(data)


def test_labels_go_out_and_come_back(store: Store, tmp_path: Path) -> None:
    """What one digitd exports another imports: value, field and who said it."""
    (total,) = store.field_named(document="a.png", page=1, field="total")
    store.add_label(total.id, "0105", verifier="ada", mode=LabelMode.BLIND)
    rows = read_tasks(kept(tmp_path / "tasks.json", *tasks(store)))
    assert [(row.document, row.page, row.field, row.value, row.verifier) for row in rows] == [
        ("a.png", "1", "total", "0105", "ada")
    ]
    assert import_labels(store, rows, verifier="x").known == 1


def test_an_export_of_theirs_is_imported(store: Store, tmp_path: Path) -> None:
    """The newest annotation that was not cancelled; tasks without one are passed over; a blank is a value."""
    data = {"document": "a.png", "page": 1, "picture": "data:,"}
    path = kept(
        tmp_path / "p.json",
        {"id": 1, "data": data | {"field": "total"}, "annotations": [said(["1"]), said("105", completed_by=7)]},
        {"id": 2, "data": data | {"field": "count"}, "annotations": [said([""]), said(["9"], was_cancelled=True)]},
        {"id": 3, "data": data | {"field": "total"}, "annotations": []},
    )
    came = import_labels(store, read_tasks(path), verifier="team")
    assert (came.added, came.left_out) == (2, ())
    assert {field.name: (label.value, label.verifier) for field, label in store.labels()} == {
        "total": ("105", "team"),
        "count": ("", "team"),
    }


def test_a_task_of_something_unknown_is_left_out_by_its_number(store: Store, tmp_path: Path) -> None:
    """The others are imported."""
    data = {"document": "a.png", "field": "total"}
    path = kept(
        tmp_path / "p.json",
        {"data": data | {"document": "gone.png"}, "annotations": [said(["1"])]},
        {"data": data, "annotations": [said(["1O5"])]},
        {"data": data, "annotations": [said(["12", "13"])]},
        {"data": data, "annotations": [said(["105"], updated_at="2026-02"), said(["9"], created_at="2026-01")]},
    )
    came = import_labels(store, read_tasks(path), verifier="team")
    assert (came.added, [row.line for row in came.left_out]) == (1, [1, 2, 3])
    assert [label.value for _, label in store.labels()] == ["105"]


@pytest.mark.parametrize("content", ["", "[", "{}", '[{"data": {"image": "x"}}]', '[{"annotations": []}]', "[7]"])
def test_what_is_no_such_export_is_told(tmp_path: Path, content: str) -> None:
    """With the file and what to do."""
    path = tmp_path / "p.json"
    path.write_text(content, encoding="utf-8")
    with pytest.raises(LabelFileError, match=r"p\.json: not an export of Label Studio with digitd's tasks"):
        read_tasks(path)

"""Documents over the API: handed in, followed, and their values."""

import hashlib
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
from starlette.testclient import TestClient

from digitd.config import Config, Intake
from digitd.desk.app import create_app
from digitd.desk.guard import Hosts
from digitd.evidence import evidence_of
from digitd.forms import library
from digitd.records import DocumentReading, LabelMode, PageReading, Verdict
from digitd.store import Store

PNG = b"\x89PNG not really"

RULE = """
[[rules]]
sum = ["r1", "r2"]
total = "total"
"""

HOSTS = Hosts(names=frozenset(["127.0.0.1:8461"]))


@pytest.fixture
def client(store: Store, tmp_path: Path) -> TestClient:
    for name in ("inbox", "forms"):
        (tmp_path / name).mkdir()
    library.new_form("amount", forms=tmp_path / "forms", references=[], whole_page=True)
    config = Config(root=tmp_path, intake=Intake(max_megabytes=1))
    return TestClient(
        create_app(config, store, hosts=HOSTS, verifier="ada", pages=lambda *_: b""),
        base_url="http://127.0.0.1:8461",
    )


def dropped(root: Path) -> list[str]:
    return sorted(str(path.relative_to(root / "inbox")) for path in (root / "inbox").rglob("*") if path.is_file())


def test_what_is_handed_in_goes_through_the_inbox(client: TestClient, tmp_path: Path) -> None:
    """Into the folder of its form, whole, under a name that its bytes make; handed in again it is there once."""
    for _ in range(2):
        answer = client.post("/api/v1/documents/scan.png", content=PNG, params={"form": "amount"})
        assert answer.status_code == 202
    assert dropped(tmp_path) == [f"amount/scan-{answer.json()['sha256'][:8]}.png"]
    assert (tmp_path / "inbox" / dropped(tmp_path)[0]).read_bytes() == PNG
    assert answer.json()["document"] is None


@pytest.mark.parametrize(
    ("name", "kept"),
    [
        ("a.b.tif", "a.b-{}.tif"),
        ("scan", "scan-{}"),
        ("..%5Cx.png", "_x-{}.png"),
        ("漢" * 100 + ".png", "漢" * 55 + "-{}.png"),
        (".hidden.png", "hidden-{}.png"),
    ],
)
def test_a_name_is_no_path(client: TestClient, tmp_path: Path, name: str, kept: str) -> None:
    """Nothing leaves the inbox, nothing is hidden in it, and every file system can hold it."""
    sha256 = client.post(f"/api/v1/documents/{name}", content=PNG).json()["sha256"]
    assert dropped(tmp_path) == [kept.format(sha256[:8])]


@pytest.mark.parametrize(
    ("content", "params", "status"),
    [(b"", {}, 400), (b"x" * 1_000_001, {}, 413), (PNG, {"form": "nothing"}, 404), (PNG, {"form": "../forms"}, 404)],
)
def test_what_cannot_be_taken_leaves_nothing_behind(
    client: TestClient, tmp_path: Path, content: bytes, params: dict[str, str], status: int
) -> None:
    """Empty, larger than the inbox takes, or for a form that is not there."""
    assert client.post("/api/v1/documents/a.png", content=content, params=params).status_code == status
    assert dropped(tmp_path) == []


def test_bytes_that_are_known_are_not_handed_in_again(client: TestClient, tmp_path: Path, store: Store) -> None:
    """The answer names the document that has them."""
    known = store.take_in(
        name="a.png",
        form=None,
        sha256=hashlib.sha256(PNG).hexdigest(),
        size_bytes=len(PNG),
        token="t",
        seen_at=datetime.now(UTC),
    )
    assert client.post("/api/v1/documents/b.png", content=PNG).json()["document"] == known.id
    assert dropped(tmp_path) == []


def test_a_document_with_its_history_and_values(client: TestClient, record: Any, make_field: Any) -> None:
    """What waits to be keyed has no value yet: nobody should key what was read."""
    record("a.png", [make_field("sure", "17"), make_field("unsure", "4", reason="faint")])
    (facts,) = client.get("/api/v1/documents", params={"state": "review"}).json()
    assert (facts["name"], facts["reason"]) == ("a.png", "1 field to verify")
    whole = client.get(f"/api/v1/documents/{facts['id']}").json()
    assert [step["state"] for step in whole["history"]] == ["seen", "settling", "queued", "reading", "review"]
    assert [(v["field"], v["value"], v["state"]) for v in whole["values"]] == [
        ("sure", "17", "accepted"),
        ("unsure", None, "review"),
    ]
    assert whole["values"][1]["confidence"] is None


def test_nothing_tells_which_fields_are_audited(client: TestClient, record: Any, make_field: Any) -> None:
    """A field that passed and was drawn looks like one that waits."""
    document = record("a.png", [make_field("drawn", "17")], audit_share=1.0)
    (value,) = client.get(f"/api/v1/documents/{document.id}").json()["values"]
    assert (value["value"], value["confidence"], value["state"]) == (None, None, "review")


def test_documents_are_chosen(client: TestClient, record: Any) -> None:
    """By state, name or hash; the newest first."""
    names = [record(name, []).name for name in ("a.png", "b.png", "c.png")]
    assert [one["name"] for one in client.get("/api/v1/documents", params={"newest": 2}).json()] == names[:0:-1]
    (one,) = client.get("/api/v1/documents", params={"name": "b.png"}).json()
    assert client.get("/api/v1/documents", params={"sha256": one["sha256"]}).json() == [one]
    assert client.get("/api/v1/documents", params={"state": "failed"}).json() == []
    assert client.get("/api/v1/documents", params={"sha256": "x"}).status_code == 422
    assert client.get("/api/v1/documents/99").status_code == 404


def test_values_that_do_not_add_up_are_told(
    client: TestClient, tmp_path: Path, record: Any, make_field: Any, store: Store
) -> None:
    """By the rules of the form as it is now, in words; while a field of a sum waits nothing is said of it."""
    sheet, forms = tmp_path / "sheet.png", tmp_path / "forms"
    print_of_it = np.full((700, 500), 255, np.uint8)
    for top in range(400, 680, 30):
        cv2.putText(print_of_it, f"Line {top} of the bill", (20 + top % 70, top), cv2.FONT_HERSHEY_SIMPLEX, 0.7, 0, 2)
    sheet.write_bytes(cv2.imencode(".png", print_of_it)[1].tobytes())
    places = tmp_path / "fields.csv"
    places.write_text("field,x0,y0,x1,y1\nr1,100,100,300,150\nr2,100,200,300,250\ntotal,100,300,300,350\n")
    library.new_form("bill", forms=forms, references=[sheet], fields_csv=places)
    with (forms / "bill.toml").open("a", encoding="utf-8") as template:
        template.write(RULE)
    sums = [("a.png", "42", ""), ("b.png", "43", ""), ("c.png", "43", "faint")]
    for name, total, reason in sums:
        fields = [make_field("r1", "12"), make_field("r2", "30"), make_field("total", total, reason=reason)]
        record(name, fields, form="bill")
    checks = [client.get(f"/api/v1/documents/{document.id}").json()["checks"] for document in store.documents()]
    assert checks == [
        [{"page": 1, "rule": "r1 + r2 should be total", "holds": holds, "told": told}]
        for holds, told in ((True, ""), (False, "r1 + r2 should be total (12 + 30 = 42, not 43)"), (None, ""))
    ]


def test_a_value_that_looks_wrong_is_sent_to_be_keyed(client: TestClient, record: Any, make_field: Any) -> None:
    """Its value is told no more; sent twice it waits once."""
    document = record("a.png", [make_field("sure", "17")])
    (value,) = client.get(f"/api/v1/documents/{document.id}").json()["values"]
    for sent in (1, 0):
        assert client.post("/api/v1/fields/doubt", json={"fields": [value["id"]]}).json() == {"sent": sent}
    whole = client.get(f"/api/v1/documents/{document.id}").json()
    assert (whole["state"], whole["values"][0]["value"]) == ("review", None)
    assert approve(client, document.id).status_code == 409


def test_a_document_is_approved(client: TestClient, record: Any, make_field: Any, store: Store) -> None:
    """Not one that is not there; who did it is written down."""
    document = record("a.png", [make_field("sure", "17")])
    assert approve(client, document.id).json()["state"] == "done"
    assert client.post("/api/v1/documents/99/approve", json={"version": "x"}).status_code == 404
    assert client.post(f"/api/v1/documents/{document.id}/approve").status_code == 422
    assert [(act.author, act.act) for act in store.trail(newest=1)] == [("ada", "document approved")]


def test_only_what_was_seen_is_approved(client: TestClient, record: Any, make_field: Any, store: Store) -> None:
    """A value that somebody corrected since is looked at first; one that people confirmed is no other."""
    document = record("a.png", [make_field("one", "17"), make_field("two", "", reason="")])
    one, two = store.fields()
    seen = version(client, document.id)
    store.add_label(one.id, "17", verifier="eve", mode=LabelMode.LOOKALIKE)
    assert approve(client, document.id, seen).status_code == 200
    for field, value, verdict in ((one, "19", Verdict.VALUE), (two, "", Verdict.UNREADABLE)):
        store.add_label(field.id, value, verifier="eve", mode=LabelMode.BLIND, verdict=verdict)
        refused = approve(client, document.id, seen)
        assert (refused.status_code, refused.json()["detail"][:35]) == (409, "its values have changed since you l")
        seen = version(client, document.id)
    assert approve(client, document.id, seen).status_code == 200
    assert len(store.trail(newest=9)) == 2


def test_a_version_tells_nothing_of_what_waits(client: TestClient, record: Any, make_field: Any, store: Store) -> None:
    """Neither what was read nor what the first has keyed: a few thousand values are soon tried."""
    document = record("a.png", [make_field("one", "17", reason="faint")])
    seen = version(client, document.id)
    (field,) = store.fields()
    store.add_label(field.id, "19", verifier="ada", mode=LabelMode.BLIND, alone=False)
    assert version(client, document.id) == seen
    with store._writing() as connection:
        connection.exec_driver_sql("UPDATE fields SET value = '18'")
    assert version(client, document.id) == seen


@pytest.mark.parametrize("first", [("19", Verdict.VALUE), ("", Verdict.UNREADABLE), ("", Verdict.VALUE)])
def test_what_the_first_keyed_is_told_to_nobody_before_it_is_settled(
    client: TestClient, record: Any, make_field: Any, store: Store, first: tuple[str, Verdict]
) -> None:
    """Where it is not what was read: the second keys blind, and the document shows neither, nor that somebody keyed."""
    document = record("a.png", [make_field("one", "17", reason="faint"), make_field("two", "30")])
    path = f"/api/v1/documents/{document.id}"
    before = client.get(path).json()
    assert before["values"][0]["value"] is None
    (field, _) = store.fields()
    for verifier, (value, verdict) in (("ada", first), ("bob", ("21", Verdict.VALUE))):
        store.add_label(field.id, value, verifier=verifier, mode=LabelMode.BLIND, verdict=verdict, alone=False)
        assert client.get(path).json() == before
    store.add_label(field.id, "22", verifier="eve", mode=LabelMode.BLIND, alone=False)
    assert (client.get(path).json()["values"][0]["value"], client.get(path).json()["state"]) == ("22", "done")


def test_what_is_taken_back_is_told_no_more(client: TestClient, record: Any, make_field: Any, store: Store) -> None:
    """Keyed as it was read it is settled and shown; taken back, or doubted, it waits, and is not."""
    document = record("a.png", [make_field("one", "17", reason="faint")])
    (field,) = store.fields()
    path = f"/api/v1/documents/{document.id}"
    label_id = store.add_label(field.id, "17", verifier="ada", mode=LabelMode.BLIND, alone=False)
    assert client.get(path).json()["values"][0]["value"] == "17"
    store.retract_label(label_id, verifier="ada")
    assert client.get(path).json()["values"][0]["value"] is None


def version(client: TestClient, document_id: int) -> str:
    return str(client.get(f"/api/v1/documents/{document_id}").json()["version"])


def approve(client: TestClient, document_id: int, seen: str | None = None) -> Any:
    body = {"version": seen or version(client, document_id)}
    return client.post(f"/api/v1/documents/{document_id}/approve", json=body)


def test_what_is_audited_is_not_approved_unseen(client: TestClient, record: Any, make_field: Any) -> None:
    """Nothing tells it from what waits."""
    document = record("a.png", [make_field("drawn", "17")], audit_share=1.0)
    assert approve(client, document.id).status_code == 409


def test_a_reason_is_not_told_while_a_field_it_may_name_waits(
    client: TestClient, record: Any, make_field: Any, store: Store
) -> None:
    """It says what was read there."""
    broken = "r1 + r2 should be total (12 + 30 = 42, not 43)"
    document = record("a.png", [make_field("r1", "12", reason=broken), make_field("r2", "30", reason=broken)])
    first, second = store.fields()
    path = f"/api/v1/documents/{document.id}"
    store.add_label(first.id, "12", verifier="ada", mode=LabelMode.BLIND)
    assert [value["reason"] for value in client.get(path).json()["values"]] == ["", ""]
    store.add_label(second.id, "30", verifier="ada", mode=LabelMode.BLIND)
    assert [value["reason"] for value in client.get(path).json()["values"]] == [broken, broken]


def test_a_page_that_fits_no_form_is_shown_with_its_reason(client: TestClient, store: Store) -> None:
    """Whoever approves the document sees it."""
    document = store.take_in(
        name="odd.png", form=None, sha256="0" * 64, size_bytes=9, token="t", seen_at=datetime.now(UTC)
    )
    store.claim_next()
    page = PageReading(
        number=2,
        width_px=500,
        height_px=700,
        form=None,
        residual_mm=None,
        fields=(),
        stage_ms={},
        reason="no template fits",
    )
    reading = DocumentReading(pages=(page,), model="m@1", pipeline="1")
    store.record_reading(document.id, evidence_of(reading), card={})
    (shown,) = client.get(f"/api/v1/documents/{document.id}").json()["pages"]
    assert (shown["number"], shown["reason"]) == (2, "no template fits")

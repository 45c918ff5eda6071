"""Documents over the API: handed in, followed, and their values."""

import hashlib
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from starlette.testclient import TestClient

from digitd.config import Config, Intake
from digitd.desk.app import create_app
from digitd.desk.guard import Hosts
from digitd.forms import library
from digitd.store import Store

PNG = b"\x89PNG not really"


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
    [(b"", {}, 422), (b"x" * 1_000_001, {}, 413), (PNG, {"form": "nothing"}, 404), (PNG, {"form": "../forms"}, 404)],
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

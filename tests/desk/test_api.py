"""The API over an open store, as a browser on this machine asks it."""

import threading
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor, wait
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
from fastapi.routing import APIRoute
from starlette.testclient import TestClient

from digitd.config import Config, Verify
from digitd.desk import api, documents, events, labels, login, lookalikes
from digitd.desk.app import AT_ONCE, create_app
from digitd.desk.guard import HEADERS, KEPT, Hosts
from digitd.desk.pictures import DRAWING, PAGES_KEPT, Pages
from digitd.desk.room import WRITING, among_writers
from digitd.intake import archive
from digitd.records import FieldState, LabelMode, Verdict
from digitd.store import Store

HOST = "127.0.0.1:8461"
HERE = f"http://{HOST}"
HOSTS = Hosts(names=frozenset([HOST]))

PATIENCE_SECONDS = 60

Seat = Callable[..., TestClient]


@pytest.fixture
def waiting(make_field: Any, record: Any) -> None:
    """Two documents with three doubtful fields and a sure one."""
    record("a.png", [make_field("one", "11", confidence=0.6, reason="unsure"), make_field("sure", "9")])
    fields = [("two", "22", 0.2), ("three", "33", 0.9)]
    record("b.png", [make_field(name, value, confidence=sure, reason="unsure") for name, value, sure in fields])


@pytest.fixture
def pages(tmp_path: Path) -> Iterator[Pages]:
    drawer = Pages(Config(root=tmp_path))
    yield drawer
    drawer.close()


@pytest.fixture
def seat(store: Store, waiting: None, pages: Pages, tmp_path: Path) -> Seat:
    """A browser, and the name that is signed with there."""
    app = create_app(Config(root=tmp_path), store, hosts=HOSTS, verifier="ada", pages=pages)

    def taken(name: str = "") -> TestClient:
        client = TestClient(app, base_url=HERE)
        if name:
            assert client.put("/api/v1/me", json={"name": name}).status_code == 200
        return client

    return taken


def names(answer: Any) -> list[str]:
    return [turn["field"] for turn in answer.json()["turns"]]


def say(client: TestClient, field_id: int, **said: Any) -> Any:
    return client.post(f"/api/v1/fields/{field_id}/label", json=said)


def test_the_least_sure_are_on_the_desk_and_nothing_tells_what_was_read(seat: Seat) -> None:
    """The one to key and the one behind it; where they lie as shares of the page; no reading, reason or confidence."""
    answer = seat().post("/api/v1/turns")
    assert (names(answer), answer.json()["waiting"]) == (["two", "one"], 3)
    turn = answer.json()["turns"][0]
    assert turn["place"] == {"x0": 10 / 500, "y0": 20 / 700, "x1": 210 / 500, "y1": 80 / 700}
    known = {"id", "document", "document_id", "page", "form", "field", "longest", "place", "picture", "page_picture"}
    assert set(turn) == known


def test_a_label_is_kept_with_all_that_is_known_of_it(seat: Seat, store: Store) -> None:
    """Who, how, how long; the answer brings what is on the desk then."""
    client = seat("Grace Höpper")
    first = client.post("/api/v1/turns").json()["turns"][0]
    answer = say(client, first["id"], value="22", duration_ms=900)
    assert names(answer) == ["one", "three"]
    ((field, label),) = store.labels()
    assert (field.name, label.id, label.value) == ("two", answer.json()["label"], "22")
    assert (label.verifier, label.mode, label.duration_ms) == ("Grace Höpper", LabelMode.BLIND, 900)


@pytest.mark.parametrize("value", ["22", "21"])
def test_sent_twice_it_is_one_label(seat: Seat, value: str) -> None:
    """An answer that was lost on its way, whatever was said, and whoever's turn it is by then."""
    client = seat()
    while (first := client.post("/api/v1/turns").json()["turns"][0])["field"] != "two":
        pytest.fail(f"{first['field']} comes first")
    for other in client.post("/api/v1/turns", params={"count": 5}).json()["turns"][1:]:
        say(client, other["id"], value={"one": "11", "three": "33"}[other["field"]])
    answers = [say(client, first["id"], value=value, entry="an-entry-of-it") for _ in range(2)]
    assert answers[0].json()["label"] == answers[1].json()["label"]
    assert names(answers[1]) == ([] if value == "22" else ["two"])


def test_nothing_tells_whether_it_was_what_was_read(seat: Seat) -> None:
    """The answer to a label is the same where it settles the field and where it does not."""
    answers = []
    for value in ("22", "21"):
        client = seat()
        first = client.post("/api/v1/turns").json()["turns"][0]
        answers.append(say(client, first["id"], value=value).json())
        client.post("/api/v1/undo")
    assert [set(answer) for answer in answers] == [{"label", "turns"}] * 2
    assert answers[0]["turns"] == answers[1]["turns"]


def test_what_waits_no_longer_is_refused_with_the_reason(seat: Seat, store: Store) -> None:
    """Somebody else was faster, or the turn went to somebody else."""
    client = seat()
    field = client.post("/api/v1/turns").json()["turns"][0]
    store.add_label(field["id"], "22", verifier="bob", mode=LabelMode.BLIND)
    answer = say(client, field["id"], value="21")
    assert (answer.status_code, answer.json()) == (409, {"detail": "somebody else has keyed it meanwhile"})


@pytest.mark.parametrize(
    "said",
    [
        {"value": "1a"},
        {"value": "9" * 33},
        {"value": "1", "verdict": "unreadable"},
        {"verdict": "x"},
        {"duration_ms": -1},
    ],
)
def test_what_is_no_value_is_refused(seat: Seat, store: Store, said: dict[str, Any]) -> None:
    """Letters, more digits than any field has, digits with a verdict, times that cannot be."""
    client = seat()
    field = client.post("/api/v1/turns").json()["turns"][0]
    assert say(client, field["id"], **said).status_code == 422
    assert list(store.labels()) == []


def test_a_verdict_is_kept_without_a_value(seat: Seat, store: Store) -> None:
    """It differs from what was read, so another is asked."""
    client = seat()
    field = client.post("/api/v1/turns").json()["turns"][0]
    say(client, field["id"], verdict="unreadable")
    stored = store.field_with_evidence(field["id"])
    assert stored.label is not None
    assert (stored.label.verdict, stored.label.value, stored.state) == (Verdict.UNREADABLE, "", FieldState.REVIEW)


def test_two_browsers_never_show_the_same_field(seat: Seat) -> None:
    """Each name has its own turns; a name is kept by the browser that gave it."""
    ada, bob = seat("ada"), seat("bob")
    assert names(ada.post("/api/v1/turns", params={"count": 1})) == ["two"]
    assert names(bob.post("/api/v1/turns", params={"count": 5})) == ["one", "three"]
    assert names(ada.post("/api/v1/turns", params={"count": 5})) == ["two"]
    assert [client.get("/api/v1/me").json()["name"] for client in (ada, bob)] == ["ada", "bob"]


def test_undo_brings_the_field_back_with_what_was_said(seat: Seat) -> None:
    """One label after the other, and then there is nothing."""
    client = seat()
    for value in ("22", "11"):
        say(client, client.post("/api/v1/turns").json()["turns"][0]["id"], value=value)
    found = [client.post("/api/v1/undo") for _ in range(3)]
    assert [(names(answer)[0], answer.json()["said"]) for answer in found[:2]] == [("one", "11"), ("two", "22")]
    assert (found[2].status_code, found[2].json()) == (404, {"detail": "there is nothing to take back"})


def test_what_is_passed_over_comes_to_others(seat: Seat) -> None:
    """At once to them, not to who passed it over."""
    ada, bob = seat("ada"), seat("bob")
    first = ada.post("/api/v1/turns", params={"count": 1}).json()["turns"][0]
    assert names(ada.post(f"/api/v1/fields/{first['id']}/skip")) == ["one", "three"]
    assert names(bob.post("/api/v1/turns")) == ["two"]


def test_the_queue_by_form(seat: Seat, record: Any, make_field: Any) -> None:
    """Most first; asked for one form, only that is given."""
    record("c.png", [make_field("four", "4", confidence=0.1, reason="unsure")], form="other")
    client = seat()
    found = client.get("/api/v1/queue").json()
    assert [(one["form"], one["waiting"]) for one in found] == [("sheet", 3), ("other", 1)]
    assert {one["since"] for one in found} == {"2026-01-02T00:00:00Z"}
    assert names(client.post("/api/v1/turns", params={"form": "other"})) == ["four"]


def test_pictures_of_field_and_page(seat: Seat, store: Store, tmp_path: Path) -> None:
    """The field as it was cut; the page from the archive, no larger than a screen needs; or why there is none."""
    client = seat()
    turn = client.post("/api/v1/turns").json()["turns"][0]
    crop = client.get(turn["picture"])
    assert (crop.headers["content-type"], crop.content[:4]) == ("image/png", b"\x89PNG")
    missing = client.get(turn["page_picture"])
    assert (missing.status_code, missing.json()["detail"]) == (404, "b.png: its file is not in the archive")
    (document,) = store.documents(name="b.png")
    path = archive.place(document, tmp_path / "var")
    path.parent.mkdir(parents=True)
    path.write_bytes(cv2.imencode(".png", np.full((3000, 2000), 200, np.uint8))[1].tobytes())
    page = client.get(turn["page_picture"])
    assert page.headers["content-type"] == "image/jpeg"
    shown = cv2.imdecode(np.frombuffer(page.content, np.uint8), cv2.IMREAD_GRAYSCALE)
    assert shown is not None
    assert shown.shape == (1800, 1200)
    assert client.get(turn["page_picture"].replace("pages/1", "pages/2")).status_code == 404


@pytest.mark.parametrize(
    "path",
    ["/api/v1/fields/99/picture", "/api/v1/documents/99/pages/1/picture", "/api/v1/nothing", "/static/../app.py"],
)
def test_what_is_not_there(seat: Seat, path: str) -> None:
    """404, and nothing of the machine's files."""
    assert seat().get(path).status_code == 404


def test_a_label_for_a_field_that_is_not_there(seat: Seat) -> None:
    """404, also for numbers that no database has."""
    assert say(seat(), 99, value="1").status_code == 404
    assert say(seat(), 2**70, value="1").status_code == 422


@pytest.mark.parametrize("host", ["evil.example:8461", "127.0.0.1:1", "127.0.0.1", ""])
def test_another_name_of_this_machine_is_refused(seat: Seat, host: str) -> None:
    """A page elsewhere whose name was made to mean 127.0.0.1 gets nothing (DNS rebinding)."""
    assert seat().post("/api/v1/turns", headers={"Host": host}).status_code == 403


@pytest.mark.parametrize(
    "headers", [{"Origin": "http://evil.example"}, {"Origin": "null"}, {"Sec-Fetch-Site": "cross-site"}]
)
def test_another_site_may_ask_nothing(seat: Seat, headers: dict[str, str]) -> None:
    """A form on another page that posts here is refused, and so is a picture of ours on another page."""
    client = seat()
    assert client.post("/api/v1/turns", headers=headers).status_code == 403
    assert client.put("/api/v1/me", json={"name": "eve"}, headers=headers).status_code == 403
    assert client.get("/api/v1/fields/1/picture", headers=headers).status_code == 403


def test_a_link_from_another_site_leads_here(seat: Seat) -> None:
    """A mail that says what waits may name the desk."""
    assert seat().get("/", headers={"Sec-Fetch-Site": "cross-site", "Sec-Fetch-Mode": "navigate"}).status_code == 200


def test_a_body_that_is_too_large_is_not_read(seat: Seat) -> None:
    """What is said of a field is short; documents have an address of their own."""
    assert seat().post("/api/v1/undo", content=b"x" * 100_001).status_code == 403
    assert seat().post("/api/v1/undo", content=iter([b"x"])).status_code == 403


def test_its_own_pages_may(seat: Seat) -> None:
    """What a browser sends from the desk itself."""
    headers = {"Origin": HERE, "Sec-Fetch-Site": "same-origin"}
    assert seat().post("/api/v1/undo", headers=headers).status_code == 404


@pytest.mark.parametrize(
    "path",
    [
        "/",
        "/fields",
        "/lookalikes/7",
        "/documents",
        "/documents/1",
        "/api/v1/turns",
        "/api/v1/nothing",
    ],
)
def test_every_answer_is_guarded(seat: Seat, path: str) -> None:
    """No code from elsewhere, in nobody's frame, kept by no cache; errors too."""
    answer = seat().get(path)
    assert {name: answer.headers[name] for name in HEADERS} == HEADERS


def test_scripts_and_styles_are_kept_for_a_minute(seat: Seat) -> None:
    """They are guarded like all else, but tell nothing of anybody."""
    answer = seat().get("/static/desk.css")
    assert {name: answer.headers[name] for name in HEADERS} == HEADERS | KEPT


def test_pages_hold_names_as_text(seat: Seat, record: Any, make_field: Any) -> None:
    """A form called like a tag is a name."""
    record("c.png", [make_field("four", "4", confidence=0.1, reason="unsure")], form="<script>alert(1)</script>")
    page = seat("<b>eve</b>").get("/").text
    assert "<script>alert" not in page
    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in page
    assert "&lt;b&gt;eve&lt;/b&gt;" in page


def test_one_verifier_settles_where_that_is_the_rule(store: Store, waiting: None, pages: Pages, tmp_path: Path) -> None:
    """With verify.second_keying off."""
    config = Config(root=tmp_path, verify=Verify(second_keying=False))
    client = TestClient(create_app(config, store, hosts=HOSTS, verifier="ada", pages=pages), base_url=HERE)
    say(client, client.post("/api/v1/turns").json()["turns"][0]["id"], value="21")
    assert [label.value for _, label in store.labels()] == ["21"]


def test_labels_are_told_page_after_page(seat: Seat, store: Store) -> None:
    """Each settled field once, with its last label; what is taken back is not told."""
    client = seat()
    for value in ("22", "11", "33"):
        (turn, *_) = client.post("/api/v1/turns").json()["turns"]
        say(client, turn["id"], value=value, duration_ms=800)
    client.post("/api/v1/undo")
    first = client.get("/api/v1/labels", params={"limit": 1}).json()
    rest = client.get("/api/v1/labels", params={"after": first[0]["label"]}).json()
    assert [(one["field"], one["value"], one["read"], one["mode"]) for one in first + rest] == [
        ("two", "22", "22", "blind"),
        ("one", "11", "11", "blind"),
    ]
    assert first[0]["sampling_probability"] == 1.0
    assert client.get("/api/v1/labels", params={"after": rest[0]["label"]}).json() == []


def test_who_keys_does_not_wait_for_pages_to_be_drawn(
    store: Store, tmp_path: Path, record: Any, make_field: Any
) -> None:
    """More of them are asked for than there are requests at once; what is asked of the queue is answered meanwhile."""
    document, drawn = record("a.png", [make_field("one", "11", reason="unsure")]), threading.Event()

    def draw(*_: Any) -> bytes:
        assert drawn.wait(PATIENCE_SECONDS)
        return b"a page"

    app = create_app(Config(root=tmp_path), store, hosts=HOSTS, verifier="ada", pages=draw)
    with TestClient(app, base_url=HERE) as client, ThreadPoolExecutor(AT_ONCE + DRAWING) as browsers:
        path = f"/api/v1/documents/{document.id}/pages/1/picture"
        pages = [browsers.submit(client.get, path) for _ in range(AT_ONCE + DRAWING)]
        (turn,) = client.post("/api/v1/turns").json()["turns"]
        assert client.post(f"/api/v1/fields/{turn['id']}/label", json={"value": "11"}).status_code == 200
        assert not any(page.done() for page in pages)
        drawn.set()
        assert {page.result().content for page in pages} == {b"a page"}


def test_pages_that_are_kept_do_not_wait_for_those_that_are_drawn(
    store: Store, tmp_path: Path, record: Any, make_field: Any
) -> None:
    """As many as there may be are drawn; one that was drawn before is there at once, until so many others were."""
    document, free = record("a.png", [make_field("one", "11", reason="unsure")]), threading.Event()
    asked, entered = Counter[int](), threading.Semaphore(0)

    def draw(_: Any, number: int) -> bytes:
        asked[number] += 1
        if number > 1:
            entered.release()
            assert free.wait(PATIENCE_SECONDS)
        return b"page %d" % number

    app = create_app(Config(root=tmp_path), store, hosts=HOSTS, verifier="ada", pages=draw)
    path = f"/api/v1/documents/{document.id}/pages"
    with TestClient(app, base_url=HERE) as client, ThreadPoolExecutor(PAGES_KEPT + 2) as browsers:
        assert client.get(f"{path}/1/picture").content == b"page 1"
        others = [browsers.submit(client.get, f"{path}/{number + 2}/picture") for number in range(PAGES_KEPT)]
        assert all(entered.acquire(timeout=PATIENCE_SECONDS) for _ in range(DRAWING))
        again = browsers.submit(client.get, f"{path}/1/picture")
        answered, _ = wait([again], timeout=10)
        free.set()
        assert again in answered
        assert [other.result().content for other in others] == [b"page %d" % (at + 2) for at in range(PAGES_KEPT)]
        assert asked[1] == 1
        assert client.get(f"{path}/1/picture").content == b"page 1"
    assert asked[1] == 2


def test_who_reads_does_not_wait_for_who_writes(
    store: Store, waiting: None, pages: Pages, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """More wait to write than there are requests at once; what writes nothing is answered meanwhile."""
    app = create_app(Config(root=tmp_path), store, hosts=HOSTS, verifier="ada", pages=pages)
    inside, entered, free = Counter[str](), threading.Semaphore(0), threading.Event()

    def held(*_: Any, **__: Any) -> list[Any]:
        inside["now"] += 1
        inside["most"] = max(inside["most"], inside["now"])
        entered.release()
        assert free.wait(PATIENCE_SECONDS)
        inside["now"] -= 1
        return []

    monkeypatch.setattr(store, "next_turns", held)
    with TestClient(app, base_url=HERE) as client, ThreadPoolExecutor(3 * AT_ONCE) as browsers:
        writes = [browsers.submit(client.post, "/api/v1/turns") for _ in range(2 * AT_ONCE)]
        assert all(entered.acquire(timeout=PATIENCE_SECONDS) for _ in range(WRITING))
        reads = [browsers.submit(client.get, path) for path in ("/static/api.js", "/api/v1/me", "/login", "/")]
        answered, _ = wait(reads, timeout=10)
        free.set()
        assert [read in answered for read in reads] == [True] * len(reads)
        assert {request.result().status_code for request in reads + writes} == {200}
    assert inside["most"] == WRITING


def test_every_request_that_writes_is_among_those() -> None:
    """But for the one that writes only a cookie, and the one that takes its place once its body is there."""
    routers = (api.router, documents.router, events.router, labels.router, login.doors, login.router, lookalikes.router)
    routes = [route for router in routers for route in router.routes if isinstance(route, APIRoute)]
    asked = [route for route in routes if route.methods != {"GET"}]
    others = {route.name for route in asked if among_writers not in {one.call for one in route.dependant.dependencies}}
    assert len(asked) > len(others)
    assert others == {"call_me", "hand_in"}

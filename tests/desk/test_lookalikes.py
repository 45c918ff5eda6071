"""Look-alikes over the API."""

from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
from starlette.testclient import TestClient

from digitd.config import Config
from digitd.desk.app import create_app
from digitd.desk.guard import Hosts
from digitd.store import Store

HOSTS = Hosts(names=frozenset(["127.0.0.1:8461"]))


@pytest.fixture
def client(store: Store, record: Any, make_field: Any, tmp_path: Path) -> TestClient:
    record("a.png", [make_field("one", "17"), make_field("two", "7")])
    app = create_app(
        Config(root=tmp_path),
        store,
        hosts=HOSTS,
        verifier="ada",
        pages=lambda *_: b"",
    )
    return TestClient(app, base_url="http://127.0.0.1:8461")


def opened(client: TestClient) -> Any:
    return client.post("/api/v1/lookalikes", json={"digit": 7}).json()


def test_a_screen_and_its_picture(client: TestClient) -> None:
    """One picture for all, dark on light, as many in a row as is said; nothing says which were sown."""
    assert client.get("/api/v1/lookalikes").json() == [{"digit": 1, "waiting": 1}, {"digit": 7, "waiting": 2}]
    screen = opened(client)
    assert (screen["digit"], screen["columns"], screen["waiting"], len(screen["items"])) == (7, 10, 2, 2)
    assert set(screen["items"][0]) == {"document", "page", "field", "picture", "page_picture"}
    answer = client.get(screen["picture"])
    sheet = cv2.imdecode(np.frombuffer(answer.content, np.uint8), cv2.IMREAD_GRAYSCALE)
    assert sheet is not None
    assert (answer.headers["content-type"], sheet.shape) == ("image/png", (28, 280))
    assert sheet[:, 56:].min() == 255


def test_what_came_of_it(client: TestClient) -> None:
    """Fields verified and doubted; then nothing waits."""
    screen = opened(client)
    answer = client.post(f"/api/v1/lookalikes/{screen['id']}", json={"marked": [0], "duration_ms": 2000})
    assert answer.json() == {"missed": 0, "verified": 1, "doubted": 1}
    assert client.post("/api/v1/lookalikes", json={"digit": 7}).status_code == 404


def test_another_s_screen_is_not_there(client: TestClient) -> None:
    """Neither to see nor to close."""
    screen = opened(client)
    client.put("/api/v1/me", json={"name": "eve"})
    assert client.get(screen["picture"]).status_code == 404
    assert client.post(f"/api/v1/lookalikes/{screen['id']}", json={"marked": []}).status_code == 404
    assert client.post("/api/v1/lookalikes/99", json={"marked": []}).status_code == 404


@pytest.mark.parametrize("which", [{"digit": 10}, {"digit": -1}, {}, {"digit": "x"}])
def test_what_is_no_digit(client: TestClient, which: dict[str, Any]) -> None:
    """Is refused."""
    assert client.post("/api/v1/lookalikes", json=which).status_code == 422


def test_a_screen_is_taken_back(client: TestClient) -> None:
    """It comes again as it was marked; there is nothing more to take back then."""
    screen = opened(client)
    client.post(f"/api/v1/lookalikes/{screen['id']}", json={"marked": [1]})
    again = client.post("/api/v1/lookalikes/undo").json()
    assert (again["id"], again["digit"], again["marked"], again["waiting"]) == (screen["id"], 7, [1], 2)
    assert client.post("/api/v1/lookalikes/undo").status_code == 404

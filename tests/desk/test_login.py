"""Who is let in, and what each may do."""

from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path

import pytest
from starlette.testclient import TestClient

from digitd.config import Config
from digitd.desk.app import create_app
from digitd.desk.guard import Hosts
from digitd.desk.tries import REMEMBERED, TRIES, WITHIN_SECONDS, TooManyTries, Tries
from digitd.records import Role
from digitd.store import Store

HOST = "desk.example.org"

Seat = Callable[[], TestClient]


@pytest.fixture
def seat(store: Store, tmp_path: Path) -> Seat:
    """A browser at a desk that others reach, where ada is a clerk and root an admin."""
    store.add_verifier("ada", Role.CLERK, "ada's", author="root")
    store.add_verifier("root", Role.ADMIN, "root's", author="root")
    app = create_app(
        Config(root=tmp_path),
        store,
        hosts=Hosts(names=frozenset([HOST]), addresses=True),
        verifier="nobody",
        pages=lambda *_: b"",
        open_to_others=True,
    )
    return lambda: TestClient(app, base_url=f"https://{HOST}", follow_redirects=False)


def log_in(client: TestClient, token: str) -> TestClient:
    assert client.post("/api/v1/login", json={"token": token}).status_code == 200
    return client


def test_who_has_not_logged_in_is_led_to_the_door(seat: Seat) -> None:
    """A person to its page, with where they were going; a program is told what to show."""
    client = seat()
    answer = client.get("/fields?form=a%20b")
    assert (answer.status_code, answer.headers["location"]) == (303, "/login?to=/fields%3Fform%3Da%2520b")
    page = client.get(answer.headers["location"])
    assert page.status_code == 200
    assert 'data-to="/fields?form=a%20b"' in page.text
    for path in ("/api/v1/me", "/api/v1/documents", "/api/v1/queue", "/api/v1/fields/1/picture", "/api/v1/events"):
        told = client.get(path)
        assert (told.status_code, told.headers["www-authenticate"]) == (401, "Bearer")


@pytest.mark.parametrize(
    "to",
    ["//evil.example", "https://evil.example", "/\\evil.example", "javascript:alert(1)", "/\t/evil.example", "/\n/x"],
)
def test_the_door_leads_nowhere_else(seat: Seat, to: str) -> None:
    """Only to a page of the desk: else to its first."""
    assert 'data-to="/"' in seat().get("/login", params={"to": to}).text


def test_a_login_signs_with_the_verifier_s_name(seat: Seat, store: Store) -> None:
    """By a cookie that no script and no other site gets; a name cannot be claimed beside it."""
    client = seat()
    answer = client.post("/api/v1/login", json={"token": " ada's "})
    assert answer.json() == {"name": "ada", "role": "clerk", "known": True}
    cookie = answer.headers["set-cookie"]
    assert cookie.startswith("digitd_login_")
    assert {"HttpOnly", "Secure", "SameSite=strict"} <= set(cookie.split("; "))
    assert client.get("/api/v1/me").json()["name"] == "ada"
    assert client.put("/api/v1/me", json={"name": "root"}).status_code == 403
    assert "You are logged in as ada" in client.get("/").text


def test_logging_out_ends_it(seat: Seat) -> None:
    """For whoever copied the cookie, too."""
    client = log_in(seat(), "ada's")
    ((name, key),) = client.cookies.items()
    assert client.delete("/api/v1/login").status_code == 204
    assert client.get("/api/v1/me", headers={"Cookie": f"{name}={key}"}).status_code == 401


def test_a_program_shows_its_token_each_time(seat: Seat) -> None:
    """In the header that programs use."""
    ask = seat().get
    assert ask("/api/v1/me", headers={"Authorization": "Bearer root's"}).json()["role"] == "admin"
    for wrong in ("Bearer nobody's", "Bearer ", "Basic root's", "root's", f"Bearer {'x' * 300}"):
        assert ask("/api/v1/me", headers={"Authorization": wrong}).status_code == 401


def test_what_takes_an_admin(seat: Seat, store: Store) -> None:
    """A clerk neither hands in, approves, nor sees the trail; an admin does, and it is written down."""
    clerk, admin = log_in(seat(), "ada's"), log_in(seat(), "root's")
    asked = [("POST", "/api/v1/documents/a.png"), ("POST", "/api/v1/documents/1/approve"), ("GET", "/api/v1/trail")]
    assert [clerk.request(*each, content=b"x" * (each[0] == "POST")).status_code for each in asked] == [403] * 3
    assert admin.get("/api/v1/trail").json()[-1]["act"] == "logged in"


def test_guessing_is_slow(seat: Seat) -> None:
    """After a few wrong tokens more are not looked at for a while; who has a right one is let in."""
    client = seat()
    answers = [client.post("/api/v1/login", json={"token": f"guess {n}"}).status_code for n in range(TRIES + 1)]
    assert answers == [401] * TRIES + [429]
    wrong = client.get("/api/v1/me", headers={"Authorization": "Bearer guess"})
    assert wrong.status_code == 429
    assert 0 < int(wrong.headers["retry-after"]) <= WITHIN_SECONDS
    assert log_in(client, "ada's").get("/api/v1/me").json()["name"] == "ada"


def test_tries_are_forgotten_in_time() -> None:
    """The oldest first; those of other addresses do not count, and only so many addresses are remembered."""
    now = 0.0
    tries = Tries(clock=lambda: now)
    for _ in range(TRIES):
        tries.failed("a")
    tries.failed("b")
    with pytest.raises(TooManyTries, match="too many wrong tokens; try again in 60 s"):
        tries.failed("a")
    now = WITHIN_SECONDS
    tries.failed("a")
    for n in range(REMEMBERED):
        tries.failed(f"c{n}")
    for _ in range(TRIES):
        tries.failed("a")


def test_without_a_token_in_the_world_others_are_not_let_in(seat: Seat, store: Store) -> None:
    """Not even when the last verifier was removed while the desk is open to other machines."""
    client = log_in(seat(), "ada's")
    for name in ("ada", "root"):
        store.remove_verifier(name, author="root")
    assert client.get("/api/v1/me").status_code == 401


def test_on_this_machine_the_first_token_closes_the_desk(store: Store, tmp_path: Path) -> None:
    """Until then whoever is here may use it, by the name they give."""
    app = create_app(
        Config(root=tmp_path), store, hosts=Hosts(names=frozenset([HOST])), verifier="me", pages=lambda *_: b""
    )
    client = TestClient(app, base_url=f"http://{HOST}", follow_redirects=False)
    assert client.get("/api/v1/me").json() == {"name": "me", "role": "admin", "known": False}
    store.add_verifier("ada", Role.CLERK, "ada's", author="root")
    assert client.get("/api/v1/me").status_code == 401
    assert client.get("/").status_code == 303


@pytest.mark.parametrize(
    ("host", "answered"),
    [("192.168.1.5:8461", True), ("[fe80::1]:8461", True), ("desk.example.org", True), ("evil.example", False)],
)
def test_by_which_names_it_is_reached(seat: Seat, host: str, answered: bool) -> None:
    """Its own, and any number: a number cannot be made to mean another machine."""
    assert (seat().get("/login", headers={"Host": host}).status_code == 200) is answered


def test_behind_a_proxy_that_speaks_https(seat: Seat) -> None:
    """Its pages' origin is https where the desk itself speaks http; no other origin is let through."""
    client = seat()
    for origin, status in ((f"https://{HOST}", 200), (f"http://{HOST}", 200), ("https://evil.example", 403)):
        assert client.post("/api/v1/login", json={"token": "ada's"}, headers={"Origin": origin}).status_code == status


def test_two_desks_on_one_host_keep_their_cookies_apart(tmp_path: Path) -> None:
    """A browser shows both to each: neither ends the other's login, nor takes the name that was given there."""
    browser, desks = TestClient(lambda *_: None, base_url=f"http://{HOST}").cookies, {}
    with ExitStack() as opened:
        for place in ("one", "two"):
            store = opened.enter_context(Store.open(tmp_path / place / "var" / "digitd.db", create=True))
            hosts = Hosts(names=frozenset([HOST]))
            app = create_app(Config(root=tmp_path / place), store, hosts=hosts, verifier="me", pages=lambda *_: b"")
            desks[place] = (store, TestClient(app, base_url=f"http://{HOST}"))
            desks[place][1]._cookies = browser
        for place, (_, client) in desks.items():
            assert client.put("/api/v1/me", json={"name": f"ada at {place}"}).status_code == 200
        assert [client.get("/api/v1/me").json()["name"] for _, client in desks.values()] == ["ada at one", "ada at two"]
        for place, (store, client) in desks.items():
            store.add_verifier(f"{place}'s", Role.CLERK, place, author="root")
            log_in(client, place)
        assert [client.get("/api/v1/me").json()["name"] for _, client in desks.values()] == ["one's", "two's"]
        desks["one"][1].delete("/api/v1/login")
        assert [client.get("/api/v1/me").status_code for _, client in desks.values()] == [401, 200]

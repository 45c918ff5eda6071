"""Look-alikes in the terminal: what is typed, what comes of it, and what is seen."""

import io
import os
import pty
import subprocess
import sys
import termios
from collections.abc import Callable, Iterable, Iterator
from datetime import UTC, datetime, timedelta
from itertools import count
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner
from rich.console import Console

from digitd.cli import main
from digitd.cli.verify import glance_sentence
from digitd.errors import ExitCode
from digitd.records import LabelMode
from digitd.store import Store, lookalikes
from digitd.verify import grid
from digitd.verify.looking import Looking
from digitd.verify.screening import LETTERS, Glance, Screening
from digitd.verify.terminal import sit


@pytest.fixture
def passed(record: Any, make_field: Any) -> None:
    """Thirty fields that passed: 7 each, and two of 1."""
    record("a [1].png", [make_field(f"f{place}", "7") for place in range(30)])
    record("b.png", [make_field("g0", "1"), make_field("g1", "1")])


@pytest.fixture
def known(record: Any, make_field: Any, store: Store) -> None:
    """A 1 that somebody has keyed: an error to sow among the sevens."""
    record("c.png", [make_field("known", "1", reason="unsure")])
    (field,) = store.field_named(document="c.png", page=1, field="known")
    store.add_label(field.id, "1", verifier="bob", mode=LabelMode.BLIND)


def console(*, width: int = 80, height: int = 24, **settings: Any) -> Console:
    return Console(file=io.StringIO(), force_terminal=True, width=width, height=height, _environ={}, **settings)


def patient() -> Any:
    """The clock of somebody who looks at each screen for a second."""
    return count(0.0).__next__


def seated(store: Store, *, verifier: str = "ada", digit: int = 7, room: int = 24, **rules: Any) -> Screening:
    looking = Looking(store=store, verifier=verifier, **rules)
    return Screening(looking, digit, room=lambda: room, clock=patient())


def type_in(screening: Screening, keys: str) -> Screening:
    for key in keys:
        screening.press(key)
    return screening


def on(screening: Screening) -> list[str]:
    return [origin.field for origin in screening.screen.origins] if screening.screen else []


def seen(screening: Screening, at: Console, store: Store) -> str:
    with at.capture() as captured:
        at.print(grid.page(screening, at, store))
    return captured.get()


def test_all_others_are_confirmed_with_one_key(passed: None, store: Store) -> None:
    """Two letters mark two; Enter verifies the fields of the others, and shows the next screen."""
    screening = seated(store)
    marked = [on(screening)[LETTERS.index(letter)] for letter in "sf"]
    type_in(screening, "sf\r")
    assert screening.message == "22 fields verified, 2 to be keyed."
    assert [field.name for field in store.fields() if field.state == "review"] == marked
    assert {(label.mode, label.verifier) for _, label in store.labels()} == {(LabelMode.LOOKALIKE, "ada")}
    assert len(on(screening)) == 6


def test_a_mark_is_taken_away(passed: None, store: Store) -> None:
    """By the same letter; what is marked is told by its letters."""
    screening = type_in(seated(store), "sf")
    assert screening.message == "Not 7: s f."
    type_in(screening, "s")
    assert screening.message == "Not 7: f."
    assert type_in(screening, "f").message == "All are 7."
    assert screening.marked == set()


def test_a_screen_on_which_a_known_error_stayed_counts_for_nothing(passed: None, known: None, store: Store) -> None:
    """Its glyphs come again; with the error marked they are verified. No room is exceeded by what is sown."""
    screening = seated(store, sown_share=0.03)
    assert len(on(screening)) == 24
    shown = set(on(screening))
    type_in(screening, "\r")
    assert "One that was known to be another stayed" in screening.message
    assert set(on(screening)) == shown
    assert list(store.to_look_at().values()) == [2, 30]
    type_in(screening, LETTERS[on(screening).index("known")] + "\r")
    assert screening.message == "23 fields verified."
    assert (screening.summary().screens, screening.summary().missed, screening.summary().glyphs) == (1, 1, 24)


def test_two_people_never_look_at_the_same(passed: None, store: Store) -> None:
    """What is on one terminal is on no other, until its time is over; who comes back gets it again."""
    first, second = seated(store, room=20), seated(store, verifier="bob", room=20)
    assert set(on(first)).isdisjoint(on(second))
    assert on(seated(store)) == on(first)
    later = store.open_screen(7, "eve", now=datetime.now(UTC) + timedelta(hours=1), lasting=timedelta(minutes=5))
    assert later is not None
    assert len(later.glyphs) == 30


def test_a_screen_is_taken_back_as_it_was_marked(passed: None, store: Store) -> None:
    """In another sitting, and from the screen of another digit."""
    type_in(seated(store), "d\rq")
    screening = type_in(seated(store, digit=1), "u")
    assert (screening.digit, screening.marked, screening.message[:10]) == (7, {2}, "Taken back")
    assert list(store.labels()) == []
    assert type_in(screening, "d\r").message == "24 fields verified."
    store.add_label(next(store.fields()).id, "7", verifier="eve", mode=LabelMode.BLIND)
    assert "keyed since" in type_in(screening, "u").message


def test_marks_are_not_thrown_away_by_undo(passed: None, store: Store) -> None:
    """It says so; without them, or with those that the screen came with, the screen before is taken back."""
    screening = type_in(seated(store, room=10), "\rd\rsu")
    assert screening.message.startswith("There are marks")
    assert screening.marked == {1}
    again = type_in(screening, "su")
    assert (again.message[:10], again.marked) == ("Taken back", {2})
    assert type_in(again, "u").marked == set()
    assert list(store.labels()) == []


def test_a_screen_that_is_larger_than_the_terminal_is_seen_in_parts(passed: None, store: Store) -> None:
    """Enter goes on to what was not seen, and confirms only at the end; two letters are typed for each."""
    assert len(on(seated(store, room=40))) == 30
    screening = type_in(seated(store, room=20), "\r")
    assert screening.shown == range(20, 30)
    assert list(store.labels()) == []
    assert type_in(screening, "-").shown == range(20)
    label = screening.labels[25]
    assert len(label) == 2
    type_in(screening, label[0])
    assert type_in(screening, "\r").message.startswith("No label is")
    type_in(screening, f"{label[1]}\r")
    assert screening.marked == {25}
    assert type_in(screening, "\r").message == "29 fields verified, 1 to be keyed."


def test_what_there_is_new_room_for_is_seen_before_it_is_confirmed(passed: None, store: Store) -> None:
    """A window that was enlarged shows nothing more before the next key: Enter shows it, and confirms nothing."""
    assert len(on(seated(store, room=40))) == 30
    sizes = [10]
    screening = Screening(Looking(store=store, verifier="ada"), 7, room=lambda: sizes[0], clock=patient())
    sizes[0] = 40
    assert screening.shown == range(10)
    assert type_in(screening, "\r").shown == range(10, 30)
    assert list(store.labels()) == []
    assert type_in(screening, "\r").message == "30 fields verified."


@pytest.fixture
def hurried(passed: None, store: Store) -> tuple[Screening, list[float]]:
    """A sitting at parts of ten, and its clock, which stands still unless it is set."""
    assert len(on(seated(store))) == 24
    now = [0.0]
    return Screening(Looking(store=store, verifier="ada"), 7, room=lambda: 10, clock=lambda: now[0]), now


def sit_at(screening: Screening, keys: Iterable[str], store: Store, *, painting: Callable[[], object]) -> None:
    at = console()

    def shown() -> Any:
        painting()
        return grid.page(screening, at, store)

    sit(screening, iter(keys), at, shown=shown)


def test_an_enter_that_is_held_goes_on_once(hurried: Any, store: Store) -> None:
    """However long: to the next part, and no part or screen that nobody has seen is confirmed."""
    screening, now = hurried

    def held() -> Iterator[str]:
        for seconds in (1.0, 1.66, *(1.7 + 0.04 * repeat for repeat in range(100))):
            now[0] = seconds
            yield "\r"

    sit_at(screening, held(), store, painting=lambda: None)
    assert screening.shown == range(10, 20)
    now[0] = 10.0
    assert type_in(screening, "\r").shown == range(20, 24)


def test_what_is_typed_while_a_screen_is_drawn_does_not_confirm_it(hurried: Any, store: Store) -> None:
    """However slowly it is drawn; letters that were typed ahead still mark, and nothing told is lost."""
    screening, now = hurried

    def slowly() -> None:
        now[0] += 5.0

    sit_at(screening, ["\r"], store, painting=slowly)
    assert screening.shown == range(10)
    now[0] += 1.0
    type_in(screening, screening.labels[3] + "\r")
    assert (screening.message, screening.shown) == ("", range(10, 20))


def test_the_desk_that_lost_its_screen_says_so(passed: None, store: Store) -> None:
    """Another's name on it by now: nothing is confirmed, and the next screen comes."""
    screening = seated(store)
    assert screening.screen is not None
    screening.screen = store.open_screen(7, "bob", now=datetime.now(UTC), lasting=timedelta(minutes=5))
    assert type_in(screening, "\r").message == "Not confirmed: there is no such screen on this desk."
    assert list(store.labels()) == []
    assert len(on(screening)) == 24


def test_marks_on_a_screen_that_was_confirmed_elsewhere_are_not_dropped(passed: None, store: Store) -> None:
    """Two sit under one name: the second is told, takes the screen back, and marks there."""
    first, second = seated(store), seated(store)
    assert on(first) == on(second)
    type_in(first, "\r")
    assert type_in(second, "d\r").message == "Not confirmed: it was confirmed elsewhere; u takes it back."
    assert type_in(second, "ud\r").message == "23 fields verified, 1 to be keyed."


def test_when_no_more_wait_another_digit_is_a_key_away(passed: None, store: Store) -> None:
    """Those that wait are told with their number; the last screen can still be taken back, and Enter ends."""
    screening = type_in(seated(store, digit=1), "\r")
    assert "No 1 waits. Press a digit: 7 (30) to look at." in seen(screening, console(), store)
    assert len(on(type_in(screening, "7"))) == 24
    type_in(screening, "\r\r")
    assert "Nothing waits any more." in seen(screening, console(), store)
    assert type_in(screening, "\r").ended


def test_what_is_on_others_screens_is_told_as_such(passed: None, store: Store) -> None:
    """It is not offered; other digits are, where there are any."""
    seated(store, verifier="bob", room=40)
    screening = seated(store)
    assert "No 7 waits but on others' screens. Press a digit: 1 (2) to look at." in seen(screening, console(), store)
    type_in(seated(store, digit=1), "\r")
    assert "No 7 waits but on others' screens. u takes" in seen(screening, console(), store)


def test_more_than_are_counted_are_told_as_such(passed: None, store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    """With a plus; fewer are told as they are."""
    assert "; 30 to look at." in seen(seated(store), console(color_system=None), store)
    monkeypatch.setattr(lookalikes, "COUNTED", 12)
    monkeypatch.setattr(grid, "COUNTED", 12)
    assert "; 12+ to look at." in seen(seated(store), console(color_system=None), store)


def test_keys_that_do_nothing_are_told(passed: None, store: Store) -> None:
    """A digit, a letter that is no label; neither marks nor confirms."""
    screening = seated(store, digit=1)
    assert type_in(screening, "7").message == "That key does nothing; ? shows the keys."
    assert type_in(screening, "d").message == "No label is d."
    assert (screening.marked, screening.ended) == (set(), False)


@pytest.mark.parametrize("colours", [None, "standard", "256", "truecolor"])
@pytest.mark.parametrize("size", [(80, 24), (200, 50), (30, 10)])
def test_a_screen_fits_the_terminal(
    passed: None, known: None, store: Store, colours: Any, size: tuple[int, int]
) -> None:
    """Every label, and the line in which letters are typed; where there is room for more, more are shown."""
    width, height = size
    at = console(width=width, height=height, color_system=colours)
    screening = Screening(Looking(store=store, verifier="ada", sown_share=0.03), 7, room=lambda: grid.room(at))
    lines = seen(screening, at, store).splitlines()
    assert len(lines) <= height
    assert len(on(screening)) == {80: 24, 200: 31, 30: 2}[width]
    plain = seen(screening, console(width=width, height=height, color_system=None), store)
    assert all(f"{label} " in plain for label in screening.labels)
    assert plain.splitlines()[-2].startswith("> _")


def test_what_is_marked_is_seen_without_colours(passed: None, store: Store) -> None:
    """A star stands below its letter; nothing tells which was sown."""
    screening = seated(store, room=24)
    plain = console(color_system=None)
    before = seen(screening, plain, store)
    assert (" * " in before, " * " in seen(type_in(screening, "a"), plain, store)) == (False, True)


def test_where_a_glyph_stands_is_shown(passed: None, store: Store) -> None:
    """The field of the one that was marked last, with its document; any key goes back to the screen."""
    screening = type_in(seated(store), "d ")
    page = seen(screening, console(color_system=None, no_color=True), store)
    assert "a [1].png" in page
    assert on(screening)[2] in page.splitlines()[0]
    type_in(screening, "q")
    assert not screening.ended
    assert "Type the letters" in seen(screening, console(), store)


def test_help_names_every_key(passed: None, store: Store) -> None:
    """Any key leaves it, and does nothing else."""
    screening = type_in(seated(store), "?")
    assert all(line in seen(screening, console(), store) for line in grid.HELP.splitlines())
    assert (type_in(screening, "q").ended, screening.helping) == (False, False)


def test_a_glyph_whose_picture_was_deleted_is_a_question_mark(passed: None, store: Store) -> None:
    """A screen that is open meanwhile shows it as what it is."""
    screening = seated(store, digit=1)
    with store._writing() as connection:
        connection.exec_driver_sql("UPDATE glyphs SET pixels_png = x''")
    assert seen(seated(store, digit=1), console(color_system=None), store).count("?") == 3
    assert type_in(screening, "\r").message == "2 fields verified."


@pytest.mark.parametrize(
    ("glance", "words"),
    [
        ((0, 0, 0, 0, 0, 1, 0.0), "Nothing confirmed."),
        ((0, 0, 0, 0, 1, 1, 0.0), "Nothing confirmed. A known error stayed on 1 screen, which will come again."),
        (
            (2, 100, 90, 1, 0, 4, 20.0),
            "100 glyphs on 2 screens looked at (0.20 s and 0.04 keys each); 90 fields verified, 1 to be keyed.",
        ),
    ],
)
def test_the_closing_sentence(glance: tuple[Any, ...], words: str) -> None:
    """How many, how fast, and what came of it."""
    names = ("screens", "glyphs", "verified", "doubted", "missed", "keys", "seconds")
    assert glance_sentence(Glance(**dict(zip(names, glance, strict=True)))) == words


@pytest.mark.parametrize("other", [("--form", "f"), ("--why", "rule"), ("--show-reading",), ("--order", "age")])
def test_what_chooses_fields_does_not_go_with_a_digit(tmp_path: Path, other: tuple[str, ...]) -> None:
    """It is a wrong use of the command."""
    (tmp_path / "config.toml").write_text("")
    config = str(tmp_path / "config.toml")
    refused = CliRunner().invoke(main, ["--config", config, "verify", "--terminal", "--digit", "7", *other])
    assert refused.exit_code == 2
    assert "--digit goes with none of" in refused.stderr


def test_the_command_works_in_a_terminal(passed: None, store: Store, tmp_path: Path) -> None:
    """A clerk at a terminal of 80 by 24 marks one and confirms the others; what came of it is told."""
    (tmp_path / "config.toml").write_text("")
    leader, follower = pty.openpty()
    termios.tcsetwinsize(leader, (24, 80))
    start = "from digitd.verify import haste; haste.QUIET_SECONDS = 0; from digitd.cli import main; main()"
    command = [sys.executable, "-c", start, "verify", "--terminal", "--digit", "7", "--verifier", "grace"]
    with subprocess.Popen(command, cwd=tmp_path, stdin=follower, stdout=follower, stderr=follower) as clerk:
        os.close(follower)
        read_until(leader, b"30 to look at")
        os.write(leader, b"a\r")
        read_until(leader, b"to be keyed")
        os.write(leader, b"q")
        read_until(leader, b"looked at (")
        assert clerk.wait(timeout=30) == ExitCode.OK
    os.close(leader)
    assert {label.verifier for _, label in store.labels()} == {"grace"}


def read_until(fd: int, words: bytes) -> None:
    seen = b""
    while words not in seen:
        seen += os.read(fd, 4096)

from collections import Counter
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from digitd.cli import main
from digitd.demo.show import MARKER, ReadField, Shown, empty_folder
from digitd.errors import ConfigError, ExitCode
from digitd.records import DocumentState
from digitd.report.gather import gather
from digitd.service import Progress
from digitd.store import Store
from digitd.verify.labels import Imported, LeftOut


def test_a_new_folder_is_made_and_marked(tmp_path: Path) -> None:
    """The marker is what allows a later --force to empty it."""
    empty_folder(tmp_path / "a" / "demo", force=False)
    assert [path.name for path in (tmp_path / "a" / "demo").iterdir()] == [MARKER]


def test_a_folder_that_no_demo_made_is_never_emptied(tmp_path: Path) -> None:
    """With force or without, what is there stays there."""
    (tmp_path / "thesis.txt").write_text("all of it")
    for force in (False, True):
        with pytest.raises(ConfigError, match="not a demo's folder"):
            empty_folder(tmp_path, force=force)
    assert (tmp_path / "thesis.txt").read_text() == "all of it"


def test_an_earlier_demo_is_emptied_only_with_force(tmp_path: Path) -> None:
    """Files and folders go; what a link points to stays."""
    demo, outside = tmp_path / "demo", tmp_path / "outside"
    outside.mkdir()
    (outside / "kept").touch()
    empty_folder(demo, force=False)
    (demo / "var").mkdir()
    (demo / "var" / "digitd.db").touch()
    (demo / "link").symlink_to(outside)
    with pytest.raises(ConfigError, match=r"--force"):
        empty_folder(demo, force=False)
    empty_folder(demo, force=True)
    assert [path.name for path in demo.iterdir()] == [MARKER]
    assert (outside / "kept").exists()


def test_a_file_where_the_folder_should_be_is_named(tmp_path: Path) -> None:
    """A fault of the file system becomes a sentence."""
    (tmp_path / "file").touch()
    with pytest.raises(ConfigError, match=r"file.*Name a folder"):
        empty_folder(tmp_path / "file" / "demo", force=True)


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({}, True),
        ({"failed": 0}, False),
        ({"failed": 2}, False),
        ({"duplicate": 0}, False),
        ({"left_out": (LeftOut(line=2, reason="no"),)}, False),
        ({"truths": ("1", "2", "9")}, False),
        ({"truths": ()}, False),
    ],
)
def test_when_it_went_as_it_should(
    store: Store, make_field: Any, record: Any, changes: dict[str, Any], expected: bool
) -> None:
    """One failed, one known, every label placed, four in five right; anything else is told by the exit code."""
    record("a.png", [make_field("a", "1"), make_field("b", "2"), make_field("c", "3")])
    truths = changes.get("truths", ("1", "2", "3"))
    states = {DocumentState.FAILED: changes.get("failed", 1), DocumentState.DUPLICATE: changes.get("duplicate", 1)}
    assert shown_of(store, truths, states, changes.get("left_out", ())).as_it_should is expected


def test_the_command_ends_with_3_where_something_went_wrong(
    store: Store, make_field: Any, record: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What was read is shown all the same, with the truth below what is wrong, and the next step is told."""
    record("a.png", [make_field("total", "1", reason="unsure")], [make_field("total", "2")])
    monkeypatch.setattr("digitd.cli.demo.show", lambda config, **_: shown_of(store, ("7", "2"), {}, ()))
    ran = CliRunner().invoke(main, ["demo", str(tmp_path / "demo")])
    assert ran.exit_code == ExitCode.SOME_FAILED
    assert "?≠7" in ran.stdout
    assert "Fields right: 1 of 2; waiting for a verifier: 1; wrong unseen: 0." in ran.stdout
    assert "digitd doctor" in ran.stderr


def shown_of(
    store: Store, truths: tuple[str, ...], states: dict[DocumentState, int], left_out: tuple[LeftOut, ...]
) -> Shown:
    return Shown(
        fields=tuple(ReadField(field=f, truth=t) for f, t in zip(store.fields(), truths, strict=False)),
        progress=Progress(states=Counter(states)),
        failed=(),
        imported=Imported(added=3, known=0, left_out=left_out),
        figures=gather(store).figures,
        report=(),
        told={},
    )

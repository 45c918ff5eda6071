import hashlib
import os
from pathlib import Path

import pytest

from digitd.intake import claim, listing
from digitd.intake.listing import Sighting


@pytest.fixture
def inbox(tmp_path: Path) -> Path:
    (tmp_path / "inbox" / "tally").mkdir(parents=True)
    return tmp_path / "inbox"


@pytest.fixture
def work(tmp_path: Path) -> Path:
    (tmp_path / "work").mkdir()
    return tmp_path / "work"


def only(inbox: Path) -> Sighting:
    (found,) = listing.look(inbox).files
    return found


def test_a_claimed_file_keeps_its_name_form_and_bytes(inbox: Path, work: Path) -> None:
    """One rename later the file is out of the inbox, and its folder in work says all that is to be entered."""
    name = os.fsdecode(b"caf\xe9 1.png")
    (inbox / "tally" / name).write_bytes(b"bytes")
    token = claim.claim(only(inbox), work)
    assert token is not None
    found = claim.inspect(work, token)
    assert found is not None
    assert (found.name, found.form, found.size_bytes) == ("caf\\xe9 1.png", "tally", 5)
    assert found.sha256 == hashlib.sha256(b"bytes").hexdigest()
    assert listing.look(inbox).files == ()
    assert list(claim.tokens(work)) == [token]


def test_a_file_that_went_away_is_no_fault(inbox: Path, work: Path) -> None:
    """Its owner took it back between the look and the claim: nothing is claimed, nothing is left behind."""
    (inbox / "a.png").write_bytes(b"x")
    sighting = only(inbox)
    sighting.path.unlink()
    assert claim.claim(sighting, work) is None
    assert list(work.iterdir()) == []


def test_a_file_written_to_since_the_look_stays(inbox: Path, work: Path) -> None:
    """A writer that began again is waited for: the file is back under its name."""
    (inbox / "a.png").write_bytes(b"x")
    sighting = only(inbox)
    sighting.path.write_bytes(b"longer")
    assert claim.claim(sighting, work) is None
    assert only(inbox).size_bytes == 6
    assert list(work.iterdir()) == []


def test_a_file_that_cannot_be_moved_stays(inbox: Path, work: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A refused rename leaves the file in the inbox and no empty folder in work."""

    def refuse(self: Path, target: Path) -> Path:
        raise PermissionError(13, "Permission denied")

    (inbox / "a.png").write_bytes(b"x")
    monkeypatch.setattr(Path, "rename", refuse)
    with pytest.raises(PermissionError):
        claim.claim(only(inbox), work)
    assert only(inbox).name == "a.png"
    assert list(work.iterdir()) == []


def test_an_empty_token_holds_nothing(work: Path) -> None:
    """What a crash leaves between making the folder and the rename is empty, and goes away."""
    (work / ("0" * 32) / "tally").mkdir(parents=True)
    assert claim.inspect(work, "0" * 32) is None
    claim.discard(work, "0" * 32)
    assert list(work.iterdir()) == []


def test_what_is_not_digitd_s_in_work_is_not_a_token(work: Path) -> None:
    """Other folders and files are neither entered nor removed."""
    (work / "lost+found").mkdir()
    (work / ("a" * 32)).write_bytes(b"")
    assert list(claim.tokens(work)) == []

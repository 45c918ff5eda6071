import os
import socket
from pathlib import Path

import pytest

from digitd.intake import listing
from digitd.intake.listing import LeftAlone


def reason_for(inbox: Path, name: str, ignore: tuple[str, ...] = ()) -> LeftAlone:
    (left,) = [item for item in listing.look(inbox, ignore).left if item.path.name == name]
    return left


def test_the_first_folder_names_the_form(tmp_path: Path) -> None:
    """A file in inbox/NAME/, however deep, is for form NAME; one in the inbox itself for none."""
    for name in ("top.png", "tally/a.png", "tally/box 3/b.png"):
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(b"x")
    forms = {str(f.path.relative_to(tmp_path)): f.form for f in listing.look(tmp_path).files}
    assert forms == {"top.png": None, "tally/a.png": "tally", "tally/box 3/b.png": "tally"}


def test_the_oldest_comes_first(tmp_path: Path) -> None:
    """Files are listed by when they were last written to, whatever their names."""
    for age, name in enumerate("cab"):
        (tmp_path / name).write_bytes(b"x")
        os.utime(tmp_path / name, ns=(age, age))
    assert [f.path.name for f in listing.look(tmp_path).files] == ["c", "a", "b"]


@pytest.mark.parametrize(
    "name", [".hidden.png", "scan.png.part", "scan.tmp", "~$a.png", "a.png~", "Thumbs.db", "x.crdownload", ".stfolder"]
)
def test_hidden_and_temporary_names_are_left_alone(tmp_path: Path, name: str) -> None:
    """What a program writes before the real name is not taken, and it is said why."""
    (tmp_path / name).write_bytes(b"x")
    assert listing.look(tmp_path).files == ()
    left = reason_for(tmp_path, name)
    assert left.junk
    assert "hidden or temporary" in left.reason


def test_the_operator_may_add_names_to_ignore(tmp_path: Path) -> None:
    """Globs of the configuration count beside the built-in list."""
    (tmp_path / "index.xml").write_bytes(b"x")
    assert len(listing.look(tmp_path).files) == 1
    assert "*.xml" in reason_for(tmp_path, "index.xml", ("*.xml",)).reason


def test_links_are_never_followed(tmp_path: Path) -> None:
    """A link to a file, to a folder, or to nothing is left alone, whatever it points at."""
    inbox = tmp_path / "inbox"
    (tmp_path / "outside").mkdir(parents=True)
    inbox.mkdir()
    (tmp_path / "outside" / "secret.png").write_bytes(b"x")
    (inbox / "file.png").symlink_to(tmp_path / "outside" / "secret.png")
    (inbox / "folder").symlink_to(tmp_path / "outside")
    (inbox / "dangling.png").symlink_to("nowhere")
    found = listing.look(inbox)
    assert found.files == ()
    assert {item.path.name for item in found.left} == {"file.png", "folder", "dangling.png"}
    assert "symbolic link" in found.left[0].reason


def test_what_is_no_file_is_left_alone(tmp_path: Path) -> None:
    """A pipe or a socket is not opened, which might wait for ever."""
    os.mkfifo(tmp_path / "pipe.png")
    with socket.socket(socket.AF_UNIX) as listening:
        before = Path.cwd()
        os.chdir(tmp_path)  # a socket's path may have 107 bytes only
        listening.bind("socket.png")
        os.chdir(before)
        found = listing.look(tmp_path)
    assert found.files == ()
    assert [item.reason for item in found.left] == ["it is no regular file: put a copy of what it gives there"] * 2


def test_a_folder_with_a_picture_s_name_is_a_folder(tmp_path: Path) -> None:
    """A folder called scan.png is looked into like any other."""
    (tmp_path / "scan.png").mkdir()
    assert listing.look(tmp_path) == listing.Listing(files=(), left=())


def test_a_folder_that_cannot_be_listed_does_not_hide_the_rest(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The other files are found, and the folder is named with what to do."""
    (tmp_path / "locked").mkdir()
    (tmp_path / "a.png").write_bytes(b"x")
    scandir = os.scandir

    def refusing(folder: Path) -> object:
        if Path(folder).name == "locked":
            raise PermissionError(13, "Permission denied")
        return scandir(folder)

    monkeypatch.setattr(os, "scandir", refusing)
    found = listing.look(tmp_path)
    assert [f.name for f in found.files] == ["a.png"]
    (left,) = found.left
    assert left.barred
    assert "Permission denied" in left.reason


def test_a_name_that_is_no_utf_8_is_found(tmp_path: Path) -> None:
    """Any bytes are a name, and the file can be opened by it."""
    path = tmp_path / os.fsdecode(b"caf\xe9\n.png")
    path.write_bytes(b"x")
    (found,) = listing.look(tmp_path).files
    assert found.name == "caf\\xe9\\n.png"
    assert found.path.read_bytes() == b"x"

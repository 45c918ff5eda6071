"""Another model's name is written into the configuration: one line changes, in one step, or nothing does."""

import os
import signal
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from digitd import config
from digitd.errors import ConfigError
from digitd.resources import shipped


def chosen(folder: Path, text: str, name: str = "mine") -> str:
    path = folder / "config.toml"
    path.write_bytes(text.encode())
    config.choose_model(path, name)
    return path.read_bytes().decode()


def test_one_line_changes(tmp_path: Path) -> None:
    """Every comment and every other key of the shipped file stays as it was."""
    before = shipped("config.toml").read_text(encoding="utf-8").split("\n")
    after = chosen(tmp_path, "\n".join(before)).split("\n")
    changed = [(old, new) for old, new in zip(before, after, strict=True) if old != new]
    ((old, new),) = changed
    assert new == old.replace('"paper"', '"mine"')


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("", '\n[reading]\nmodel = "mine"\n'),
        ('[log]\nlevel = "info"', '[log]\nlevel = "info"\n[reading]\nmodel = "mine"\n'),
        ("[reading]\npdf_dpi = 72\n", '[reading]\nmodel = "mine"\npdf_dpi = 72\n'),
        ("[ reading ] # how\r\nmodel = 'a' # which\r\n", '[ reading ] # how\r\nmodel = "mine" # which\r\n'),
        (
            '[log]\nlevel = "info"\n[reading]\n[verify]\n',
            '[log]\nlevel = "info"\n[reading]\nmodel = "mine"\n[verify]\n',
        ),
    ],
)
def test_a_file_of_any_shape_is_changed(tmp_path: Path, before: str, after: str) -> None:
    """The section and the key are made where they are missing; line ends stay what they are."""
    assert chosen(tmp_path, before) == after


@pytest.mark.parametrize("text", ['reading = { model = "a" }\n', 'reading.model = "a"\n', "[reading\n", "\xff = '"])
def test_what_cannot_be_changed_safely_is_left(tmp_path: Path, text: str) -> None:
    """A file in which more than one line would change is not touched, and a person is told what to write."""
    with pytest.raises(ConfigError, match=r"config\.toml: no line.*model = \"mine\" below \[reading\]"):
        chosen(tmp_path, text)
    assert (tmp_path / "config.toml").read_bytes().decode() == text
    assert [path.name for path in tmp_path.iterdir()] == ["config.toml"]


@settings(max_examples=80)
@given(name=st.text(max_size=20), verifier=st.text(st.characters(codec="utf-8", exclude_categories=["C"]), max_size=9))
def test_any_name_is_written_as_it_is_or_refused(
    tmp_path_factory: pytest.TempPathFactory, name: str, verifier: str
) -> None:
    """What is loaded afterwards is the name, and everything else is as before."""
    path = tmp_path_factory.mktemp("c") / "config.toml"
    text = f"[reading]\nmodel = 'old' # {verifier}\npdf_dpi = 99\n[log]\nlevel = 'error'\n"
    path.write_bytes(text.encode())
    try:
        config.choose_model(path, name)
    except ConfigError:
        assert path.read_bytes() == text.encode()
        return
    loaded = tomllib.loads(path.read_bytes().decode())
    assert loaded == {"reading": {"model": name, "pdf_dpi": 99}, "log": {"level": "error"}}
    assert f"# {verifier}" in path.read_bytes().decode()


def test_a_link_stays_a_link_and_permissions_stay(tmp_path: Path) -> None:
    """A configuration that is kept elsewhere is changed there."""
    (tmp_path / "etc").mkdir()
    kept = tmp_path / "etc" / "digitd.toml"
    kept.write_text("[reading]\n", encoding="utf-8")
    kept.chmod(0o640)
    (tmp_path / "config.toml").symlink_to(kept)
    config.choose_model(tmp_path / "config.toml", "mine")
    assert (tmp_path / "config.toml").is_symlink()
    assert kept.stat().st_mode & 0o777 == 0o640
    assert config.load(tmp_path / "config.toml").reading.model == "mine"


def test_a_folder_that_takes_no_file_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A read-only or full disk is a sentence, and the old file stays."""

    def full(*_args: object, **_named: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(config.tempfile, "mkstemp", full)
    with pytest.raises(ConfigError, match=r"config\.toml: No space left"):
        chosen(tmp_path, "[reading]\n")


def test_a_kill_leaves_the_old_file(tmp_path: Path) -> None:
    """Killed after the new file is written and before it takes the old one's place, the old one is whole."""
    path = tmp_path / "config.toml"
    path.write_text('[reading]\nmodel = "old"\n', encoding="utf-8")
    killed = (
        "import os, sys, pathlib; from digitd import config\n"
        "pathlib.Path.replace = lambda *_: os.kill(os.getpid(), 9)\n"
        "config.choose_model(pathlib.Path(sys.argv[1]), 'new')"
    )
    done = subprocess.run([sys.executable, "-c", killed, os.fspath(path)], check=False)
    assert done.returncode == -signal.SIGKILL
    assert config.load(path).reading.model == "old"
    assert len(list(tmp_path.iterdir())) == 2, "the new file was written, under another name"

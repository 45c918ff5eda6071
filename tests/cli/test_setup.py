import json
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from digitd import config
from digitd.cli import COMMANDS, main
from digitd.cli.setup import make_folders
from digitd.errors import ConfigError
from digitd.intake.lock import Lock
from digitd.store import Store


def test_init_makes_a_folder_ready(folder: Path) -> None:
    """The configuration can be loaded, and every folder it names is there."""
    loaded = config.load(folder / "config.toml")
    assert all(path.is_dir() for path in (loaded.inbox, loaded.forms, loaded.models, loaded.var))


def test_init_never_overwrites(folder: Path) -> None:
    """What is there stays as it is; the second call says so."""
    (folder / "config.toml").write_text("# mine\n", encoding="utf-8")
    (folder / "inbox" / "a.png").write_bytes(b"x")
    done = CliRunner().invoke(main, ["init", str(folder)])
    assert "everything was there already" in done.output
    assert (folder / "config.toml").read_text(encoding="utf-8") == "# mine\n"
    assert (folder / "inbox" / "a.png").exists()


def test_init_says_the_next_step(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """In a folder that is not the current one, the step begins with going there."""
    done = CliRunner().invoke(main, ["init", str(tmp_path / "there")])
    assert f"cd {tmp_path / 'there'} and drop scans into inbox/" in done.output
    monkeypatch.chdir(tmp_path)
    assert "Next: drop scans" in CliRunner().invoke(main, ["init"]).output


def test_init_where_nothing_can_be_written_is_told(tmp_path: Path) -> None:
    """A file in the place of a folder is named."""
    (tmp_path / "file").write_bytes(b"")
    with pytest.raises(ConfigError, match=r"file.*Name another folder"):
        make_folders(tmp_path / "file" / "clerk")


def test_upgrade_has_nothing_to_do_without_a_database(call: Any) -> None:
    """The message names the command that makes one."""
    done = call("upgrade")
    assert (done.exit_code, "`digitd run` makes it" in done.stderr) == (7, True)


def test_upgrade_of_a_current_database_says_so(call: Any, folder: Path) -> None:
    """Nothing is changed, and JSON tells the same."""
    Store.open(folder / "var" / "digitd.db", create=True).close()
    assert "of this version already" in call("upgrade").stdout
    facts = json.loads(call("upgrade", "--json").stdout)
    assert (facts["before"], facts["copy"]) == (facts["after"], None)


def test_upgrade_waits_for_no_running_service(call: Any, folder: Path) -> None:
    """A database in use is not migrated: the running service is named."""
    Store.open(folder / "var" / "digitd.db", create=True).close()
    with Lock(folder / "var" / "lock"):
        done = call("upgrade")
    assert (done.exit_code, "running already" in done.stderr) == (9, True)


@pytest.mark.parametrize("command", ["init", "run", "status", "export", "retry", "doctor", "upgrade"])
def test_every_command_has_an_example_and_json(command: str) -> None:
    """`--help` shows how it is used, and every command that prints can print JSON."""
    assert command in COMMANDS
    text = CliRunner().invoke(main, [command, "--help"]).output
    assert "Examples:\n    digitd " in text
    assert "--json" in text


def test_without_a_configuration_every_command_names_init(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A person in the wrong folder is told what to do."""
    monkeypatch.chdir(tmp_path)
    for command in ("run", "status", "export", "retry", "upgrade"):
        done = CliRunner().invoke(main, [command])
        assert done.exit_code == 4
        assert "no such file. `digitd init` makes one" in done.stderr

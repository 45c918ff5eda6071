import json
from pathlib import Path
from typing import Any

import pytest

from digitd import doctor
from digitd.config import Config
from digitd.errors import ModelError
from digitd.store import Store, schema


def found(call: Any) -> dict[str, tuple[bool, str]]:
    return {check["check"]: (check["ok"], check["said"]) for check in json.loads(call("doctor", "--json").stdout)}


@pytest.fixture
def model(monkeypatch: pytest.MonkeyPatch) -> None:
    """A model that is well, so that a test need not open one."""
    monkeypatch.setattr(doctor, "_model", lambda config: "paper@0 reads a drawn 7")


def test_a_fresh_folder_is_healthy(call: Any, model: None) -> None:
    """Every check is a line, and the command ends with 0."""
    done = call("doctor")
    assert done.exit_code == 0, done.output
    lines = done.stdout.splitlines()
    assert [line.split()[1] for line in lines] == ["config", "folders", "service", "database", "events", "model"]
    assert all(line.startswith("ok ") for line in lines)


def test_it_leaves_no_trace(call: Any, folder: Path, model: None) -> None:
    """The probes that were written are gone, and no database was made."""
    call("doctor")
    assert list((folder / "inbox").iterdir()) == []
    assert not (folder / "var" / "digitd.db").exists()


def test_one_problem_does_not_hide_another(call: Any, folder: Path) -> None:
    """A missing model and an old database are both told, each with its next step; the code is 10."""
    Store.open(folder / "var" / "digitd.db", create=True).close()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(schema, "known", lambda was=schema.HEAD: [was, "9998"])
        patch.setattr(schema, "HEAD", "9998")
        patch.setattr(doctor, "find", _missing)
        checks = found(call)
        assert call("doctor").exit_code == 10
    assert checks["model"] == (False, "no model called 'x'")
    assert (checks["database"][0], "`digitd upgrade`" in checks["database"][1]) == (False, True)
    assert checks["folders"][0]


def test_a_wrong_configuration_is_a_problem_like_others(call: Any, folder: Path) -> None:
    """`doctor` reports it instead of ending with it."""
    (folder / "config.toml").write_text("[intake]\nsettle = 1\n", encoding="utf-8")
    assert found(call)["config"][0] is False


def test_a_missing_inbox_is_told_once_for_each_check_it_breaks(call: Any, folder: Path, model: None) -> None:
    """Folders and events both need it, and neither ends the command."""
    (folder / "inbox").rmdir()
    checks = found(call)
    assert checks["folders"][0] is False
    assert checks["events"][0] is False


def test_a_broken_form_is_named(call: Any, folder: Path, model: None) -> None:
    """Each template is a check."""
    (folder / "forms" / "tally.toml").write_text("nonsense = ", encoding="utf-8")
    assert found(call)["form tally"][0] is False


def test_a_network_inbox_is_polled(call: Any, model: None, monkeypatch: pytest.MonkeyPatch) -> None:
    """It is said that events do not come at once there."""
    monkeypatch.setattr(doctor, "on_network", lambda folder: True)
    assert found(call)["events"] == (True, "polled, because the inbox lies on a network file system")


def test_silence_is_told_with_what_still_works(call: Any, model: None, monkeypatch: pytest.MonkeyPatch) -> None:
    """Without events files are found all the same, later; that is said."""
    monkeypatch.setattr(doctor, "PROBE_SECONDS", 0.0)
    monkeypatch.setattr(doctor.Watcher, "on_any_event", lambda self, event: None)
    assert "none arrived: files are found every 30 s" in found(call)["events"][1]


def test_the_model_reads_a_drawn_digit(folder: Path) -> None:
    """The shipped model is opened and gives the digit that was drawn."""
    assert "reads a drawn 7" in doctor._model(Config())


def _missing(*_args: object) -> None:
    raise ModelError("no model called 'x'")

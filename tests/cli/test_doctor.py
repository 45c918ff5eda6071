import json
import re
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from digitd import doctor
from digitd.config import Config
from digitd.errors import ModelError
from digitd.intake.lock import Lock
from digitd.store import Store, schema
from digitd.stored import LastService
from digitd.vitals.endpoint import Endpoint


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


def test_only_the_running_service_is_asked(call: Any, folder: Path) -> None:
    """Whether one runs, and whether its last sign of life is recent; nothing is tried."""
    asked = ("doctor", "--service")
    assert (call(*asked).exit_code, "not running" in call(*asked).stdout) == (10, True)
    with Store.open(folder / "var" / "digitd.db", create=True) as store, Lock(folder / "var" / "lock"):
        assert (call(*asked).exit_code, "no sign of life yet" in call(*asked).stdout) == (10, True)
        now = datetime.now(UTC)
        sign = LastService(holder="process 7", version="0", model="m@1", started_at=now, beat_at=now)
        store.beat(sign)
        assert call(*asked).exit_code == 0
        assert "last sign of life 0 s ago" in call("status").stdout
        store.beat(replace(sign, beat_at=now - timedelta(minutes=5)))
        done = call(*asked)
        assert done.exit_code == 10
        assert re.search(r"a sign of life 30\d s ago", done.stdout)


def test_a_service_that_listens_is_asked_over_http(call: Any, folder: Path) -> None:
    """What it says is told; no answer is a problem too."""
    endpoint = Endpoint("127.0.0.1:0", signs=lambda: None, facts=lambda: pytest.fail("nobody asked"))
    text = (folder / "config.toml").read_text(encoding="utf-8")
    listen = f"127.0.0.1:{endpoint.port}"
    (folder / "config.toml").write_text(text.replace('listen = ""', f'listen = "{listen}"'), encoding="utf-8")
    with Lock(folder / "var" / "lock"):
        endpoint.start()
        assert "the service is not ready yet" in call("doctor", "--service").stdout
        endpoint.stop()
        done = call("doctor", "--service")
        assert (done.exit_code, f"{listen}: no answer" in done.stdout) == (10, True)


def test_a_backup_is_made_under_its_date_or_where_it_is_asked_for(call: Any, folder: Path, tmp_path: Path) -> None:
    """A file that is there already is not written over."""
    Store.open(folder / "var" / "digitd.db", create=True).close()
    made = json.loads(call("backup", "--json").stdout)
    assert Path(made["copy"]).parent == folder / "var" / "backup"
    assert call("backup", str(tmp_path / "safe" / "copy.db")).exit_code == 0
    Store.open(tmp_path / "safe" / "copy.db").close()
    done = call("backup", str(tmp_path / "safe" / "copy.db"))
    assert (done.exit_code, "not written over" in done.stderr) == (7, True)

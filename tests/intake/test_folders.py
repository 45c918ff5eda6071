from pathlib import Path

import pytest

from digitd.config import Config, Folders
from digitd.errors import ConfigError
from digitd.intake.folders import check_folders


def configured(root: Path, **folders: str) -> Config:
    for name in ("inbox", "forms", "models", "var"):
        (root / folders.get(name, name)).mkdir(parents=True, exist_ok=True)
    return Config(root=root, folders=Folders(**{name: Path(path) for name, path in folders.items()}))


def test_good_folders_pass_and_are_left_clean(tmp_path: Path) -> None:
    """The probe that was moved from the inbox to work is gone afterwards."""
    check_folders(configured(tmp_path))
    assert list((tmp_path / "inbox").iterdir()) == []
    assert sorted(p.name for p in (tmp_path / "var").iterdir()) == ["archive", "duplicates", "failed", "work"]
    assert list((tmp_path / "var" / "work").iterdir()) == []


@pytest.mark.parametrize(
    "folders", [{"inbox": "var/inbox"}, {"var": "inbox/var"}, {"forms": "inbox/forms"}, {"var": "inbox"}]
)
def test_folders_inside_each_other_are_refused(tmp_path: Path, folders: dict[str, str]) -> None:
    """An inbox that holds digitd's own files would read them."""
    with pytest.raises(ConfigError, match="lie inside each other"):
        check_folders(configured(tmp_path, **folders))


def test_an_overlap_through_a_link_is_refused(tmp_path: Path) -> None:
    """Folders are compared as they are, not as they are called."""
    config = configured(tmp_path)
    (tmp_path / "var").rmdir()
    (tmp_path / "inbox" / "deep").mkdir()
    (tmp_path / "var").symlink_to(tmp_path / "inbox" / "deep")
    with pytest.raises(ConfigError, match="lie inside each other"):
        check_folders(config)


def test_a_missing_inbox_is_named(tmp_path: Path) -> None:
    """It is not made in silence: a typing error in the configuration would never be noticed."""
    config = configured(tmp_path)
    (tmp_path / "inbox").rmdir()
    with pytest.raises(ConfigError, match=r"inbox: no such folder.*folders\.inbox"):
        check_folders(config)


@pytest.mark.parametrize(
    ("failing", "told"),
    [("write_bytes", "cannot be written there"), ("rename", "must be on one file system"), ("mkdir", "folders.var")],
)
def test_what_cannot_be_done_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, failing: str, told: str) -> None:
    """Each step that fails is told with its folder and what to correct, and no probe is left."""

    def refuse(*args: object, **named: object) -> None:
        raise OSError(18, "Invalid cross-device link")

    config = configured(tmp_path)
    monkeypatch.setattr(Path, failing, refuse)
    with pytest.raises(ConfigError, match=told):
        check_folders(config)
    assert list((tmp_path / "inbox").iterdir()) == []

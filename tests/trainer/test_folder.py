"""A model that is replaced is there until the next one is: whatever fails between, one of the two is whole."""

from pathlib import Path

import pytest

from digitd_trainer.data.digits import DatasetError
from digitd_trainer.folder import _replaced, keep_teachers


def test_what_is_replaced_is_kept_until_the_other_is_there(tmp_path: Path) -> None:
    """While the new folder is put in place the old one lies beside it; afterwards it is gone."""
    folder, draft = tmp_path / "mine", tmp_path / "draft"
    for each in (folder, draft):
        each.mkdir()
        (each / "card.json").write_text(each.name)
    with _replaced(folder):
        assert (tmp_path / ".mine.before" / "card.json").read_text() == "mine"
        draft.rename(folder)
    assert [path.name for path in tmp_path.iterdir()] == ["mine"]
    assert (folder / "card.json").read_text() == "draft"


def test_what_could_not_be_replaced_comes_back(tmp_path: Path) -> None:
    """A full disk at the last moment costs the new model's place, not the old model."""
    folder = tmp_path / "mine"
    folder.mkdir()
    with pytest.raises(OSError, match="absent"), _replaced(folder):
        (tmp_path / "absent").rename(folder)
    assert [path.name for path in tmp_path.iterdir()] == ["mine"]


def test_what_a_kill_left_aside_goes_when_another_is_in_place(tmp_path: Path) -> None:
    """The next run that ends well tidies up."""
    (tmp_path / ".mine.before").mkdir()
    with _replaced(tmp_path / "mine"):
        assert (tmp_path / ".mine.before").is_dir()
        (tmp_path / "mine").mkdir()
    assert [path.name for path in tmp_path.iterdir()] == ["mine"]


def test_teachers_are_replaced_by_those_of_this_training_only(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Older ones go when there are new ones, stay when there are none, and come back when nothing can be moved."""
    work, folder = tmp_path / "work", tmp_path / "mine.teachers"
    work.mkdir()
    folder.mkdir()
    (folder / "teacher-1.keras").write_text("old")
    (folder / "teacher-2.keras").write_text("old")
    assert keep_teachers(work, folder) == []
    assert len(list(folder.iterdir())) == 2
    (work / "teacher-1.keras").write_text("new")
    with monkeypatch.context() as patch:
        patch.setattr(Path, "mkdir", _full)
        with pytest.raises(DatasetError, match=r"mine\.teachers: No space.* The teachers are in .*work"):
            keep_teachers(work, folder)
    assert len(list(folder.iterdir())) == 2
    assert keep_teachers(work, folder) == [folder / "teacher-1.keras"]
    assert sorted(path.name for path in folder.iterdir()) == ["teacher-1.keras", "teachers.json"]
    assert (folder / "teacher-1.keras").read_text() == "new"


def _full(*_args: object, **_named: object) -> None:
    raise OSError(28, "No space left on device")

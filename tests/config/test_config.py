import pickle
import tomllib
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from digitd import config
from digitd.budget.asked import own_groups, promise_of
from digitd.budget.promise import Group
from digitd.config import Config
from digitd.errors import ConfigError, ExitCode
from digitd.resources import shipped

#: What stands between quotes in TOML as it is.
PLAIN = st.characters(codec="utf-8", exclude_characters="'\"\\", exclude_categories=["C"])


def written(folder: Path, text: str) -> Path:
    path = folder / "config.toml"
    path.write_text(text, encoding="utf-8")
    return path


def test_the_shipped_file_holds_every_key_with_its_default() -> None:
    """The documented default is the default: no key is missing from config.toml, none is there too many."""
    path = shipped("config.toml")
    values = tomllib.loads(path.read_text(encoding="utf-8"))
    assert {f"{section}.{key}" for section, keys in values.items() for key in keys} == set(config.keys())
    assert replace(config.load(path), root=Path()) == Config()


def test_every_key_has_a_comment_with_its_meaning() -> None:
    """A person who opens the file needs no other document."""
    lines = shipped("config.toml").read_text(encoding="utf-8").splitlines()
    assert all("  # " in line or " # " in line for line in lines if "=" in line and not line.startswith("#"))


def test_an_empty_file_is_the_default(tmp_path: Path) -> None:
    """Every key is optional, and folders start where the file is."""
    loaded = config.load(written(tmp_path, ""))
    assert loaded.inbox == tmp_path / "inbox"
    assert loaded.database == tmp_path / "var" / "digitd.db"


def test_absolute_folders_stay(tmp_path: Path) -> None:
    """A path that starts at the root is taken as it is."""
    assert config.load(written(tmp_path, '[folders]\ninbox = "/srv/scans"')).inbox == Path("/srv/scans")


@pytest.mark.parametrize(
    ("text", "told"),
    [
        (
            "[intake]\nsettle_second = 1",
            r"intake\.settle_second: no such key; perhaps you meant intake\.settle_seconds",
        ),
        ("[intak]\nsettle_seconds = 1", r"intak: no such key; perhaps you meant intake"),
        ("zzzzqqq = 1", "zzzzqqq: no such key; see the comments"),
        ("[intake]\nsettle_seconds = -1", r"intake\.settle_seconds: .*greater than or equal to 0.*\(it is -1\)"),
        ("[intake]\nsettle_seconds = 'soon'", r"intake\.settle_seconds: .*valid number"),
        ("[reading]\naccept_confidence = 97", r"reading\.accept_confidence: .*less than or equal to 1"),
        ("[budget]\nwrong_fields = 0", r"budget\.wrong_fields: .*greater than 0"),
        ("[budget]\nforms = { a = { fields = { b = { confidence = 1 } } } }", r"budget\.forms\.a\.fields\.b\.confid"),
        ("[log]\nlevel = 'loud'", r"log\.level: .*'debug', 'info', 'warning' or 'error'"),
        ("[intake\n", "not valid TOML"),
        ("[workers]\nprocesses = 1.5", r"workers\.processes: .*valid integer \(it is 1\.5\)"),
        ("[workers]\nprocesses = inf", r"workers\.processes: .*valid integer"),
        ("[workers]\nprocesses = '4'", r"workers\.processes: .*valid integer"),
        ("[workers]\nprocesses = true", r"workers\.processes: .*valid integer"),
        ("[workers]\nmemory_mb = 1048577", r"workers\.memory_mb: .*less than or equal to 1048576"),
        ("[intake]\nsettle_seconds = nan", r"intake\.settle_seconds: .*valid number"),
        (f"[intake]\nsettle_seconds = 1{'0' * 400}", r"intake\.settle_seconds: "),
        ("[intake]\nignore = 'a'", r"intake\.ignore: .*list of strings"),
        ("[folders]\ninbox = 1", r"folders\.inbox: .*path"),
        ("[verify]\nsecond_keying = 'yes'", r"verify\.second_keying: .*true or false"),
        ("[web]\nlisten = '127.0.0.1'", r"web\.listen: .*match"),
        ("[announce]\nwebhook = 'ftp://a'", r"announce\.webhook: .*match"),
        ("intake = 1", r"intake: .*table \(it is 1\)"),
        ("[budget]\nforms = 1", r"budget\.forms: .*table"),
        ("[budget]\nforms = { a = { wrong = 1 } }", r"budget\.forms\.a\.wrong: no such key"),
        ("root = '/'", "root: no such key"),
    ],
)
def test_a_wrong_key_or_value_is_named_with_what_is_right(tmp_path: Path, text: str, told: str) -> None:
    """The message names the file, the key, and what may stand there."""
    with pytest.raises(ConfigError, match=told) as caught:
        config.load(written(tmp_path, text))
    assert str(tmp_path / "config.toml") in str(caught.value)
    assert caught.value.exit_code is ExitCode.BAD_CONFIG


def test_a_number_without_a_fraction_is_an_integer(tmp_path: Path) -> None:
    """However it is written."""
    processes = config.load(written(tmp_path, "[workers]\nprocesses = 4.0")).workers.processes
    assert (processes, type(processes)) == (4, int)


def test_a_budget_may_be_another_for_a_form_and_a_field(tmp_path: Path) -> None:
    """What a field does not say its form says, and what that does not say the section."""
    text = """
        [budget]
        confidence = 0.9
        forms = { sheet = { wrong_fields = 0.02, fields = { total = { wrong_fields = 0.001 } } } }
    """
    loaded = config.load(written(tmp_path, text)).budget
    total = Group(form="sheet", field="total")
    assert own_groups(loaded) == {total}
    said = [promise_of(loaded, group) for group in (total, Group(form="sheet"), Group(form="other"), Group(form=""))]
    assert [one.wrong_fields for one in said] == [0.001, 0.02, 0.01, 0.01]
    assert {one.confidence for one in said} == {0.9}


def test_a_configuration_can_be_hashed_and_sent_to_a_process(tmp_path: Path) -> None:
    """A process keeps its reader by it."""
    text = "[budget]\nforms = { sheet = { fields = { total = { wrong_fields = 0.001 } } } }"
    loaded = config.load(written(tmp_path, text))
    again = pickle.loads(pickle.dumps(loaded))
    assert again == loaded
    assert hash(again) == hash(loaded) != hash(config.Config(root=tmp_path))


def test_all_mistakes_are_told_at_once(tmp_path: Path) -> None:
    """A person corrects the file once, not once for each line."""
    with pytest.raises(ConfigError, match=r"settle_seconds.*; .*pdf_dpi"):
        config.load(written(tmp_path, "[intake]\nsettle_seconds = -1\n[reading]\npdf_dpi = 3"))


@pytest.mark.parametrize("make", [lambda p: None, lambda p: p.mkdir(), lambda p: p.write_bytes(b"\xff\xfe=1")])
def test_a_file_that_cannot_be_read_is_told(tmp_path: Path, make: object) -> None:
    """Missing, a folder, or not UTF-8: each is a fault of the configuration, not a traceback."""
    path = tmp_path / "config.toml"
    make(path)  # type: ignore[operator]
    with pytest.raises(ConfigError, match=r"config\.toml: "):
        config.load(path)


@settings(max_examples=60)
@given(
    settle=st.floats(0, 3600), processes=st.integers(0, 256), level=st.sampled_from(["debug", "info", "error"]),
    ignore=st.lists(st.text(PLAIN, max_size=8)),
)  # fmt: skip
def test_what_is_written_is_what_is_loaded(
    tmp_path_factory: pytest.TempPathFactory, settle: float, processes: int, level: str, ignore: list[str]
) -> None:
    """Legal values come back unchanged."""
    globs = ", ".join(f'"{glob}"' for glob in ignore)
    text = f"[intake]\nsettle_seconds = {settle!r}\nignore = [{globs}]\n[workers]\nprocesses = {processes}\n"
    loaded = config.load(written(tmp_path_factory.mktemp("c"), f'{text}[log]\nlevel = "{level}"\n'))
    assert loaded.intake.settle_seconds == settle
    assert loaded.intake.ignore == tuple(ignore)
    assert (loaded.workers.processes, loaded.log.level) == (processes, level)

"""Model folders: what is missing or disagrees is said with the file's name and the next step."""

import hashlib
import json
from pathlib import Path

import pytest
from click.testing import CliRunner

from digitd.cli import main
from digitd.errors import ExitCode, ModelError
from digitd.models import CARD, KERAS, LITERT, check_keras, find, folders, open_model
from digitd.resources import shipped


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A model folder whose three files agree, though no interpreter would take its bytes."""
    made = tmp_path / "models" / "mine"
    made.mkdir(parents=True)
    (made / LITERT).write_bytes(b"litert")
    (made / KERAS).write_bytes(b"keras")
    write_card(made)
    return made


def write_card(folder: Path, **changes: object) -> None:
    card = {
        "name": "mine",
        "classes": 11,
        "temperature": 1.5,
        "litert_sha256": hashlib.sha256(b"litert").hexdigest(),
        "keras_sha256": hashlib.sha256(b"keras").hexdigest(),
        "evaluation": [{"set": "some", "examples": 200, "right": 199, "interval": [0.97, 0.999]}],
        "data": [{"name": "some", "examples": 900, "sha256": "0" * 64}],
    }
    (folder / CARD).write_text(json.dumps({k: v for k, v in (card | changes).items() if v is not None}))


def run(folder: Path, *arguments: str) -> tuple[int, str]:
    """Run `digitd model ...` in a configuration whose models lie beside folder."""
    config = folder.parent.parent / "config.toml"
    config.write_text('[reading]\nmodel = "mine"\n')
    result = CliRunner().invoke(main, ["--config", str(config), "model", *arguments])
    return result.exit_code, result.output


def test_an_id_is_the_name_and_the_hash_of_the_file(folder: Path) -> None:
    """Evidence names the very bytes that read."""
    assert open_model(folder).id == f"mine@{hashlib.sha256(b'litert').hexdigest()[:12]}"


def test_a_file_that_is_not_the_cards_is_refused(folder: Path) -> None:
    """A copied-over model.tflite is noticed before it reads a single digit."""
    (folder / LITERT).write_bytes(b"another")
    with pytest.raises(ModelError, match=r"model\.tflite.*do not belong together.*Copy the whole"):
        open_model(folder)


def test_a_keras_file_that_is_not_the_cards_is_told(folder: Path) -> None:
    """Reading goes on without the Keras file, but `digitd model` says that it is another's."""
    (folder / KERAS).write_bytes(b"another")
    with pytest.raises(ModelError, match=r"model\.keras.*do not belong together"):
        check_keras(open_model(folder))
    (folder / KERAS).unlink()
    check_keras(open_model(folder))


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"temperature": None}, "says nothing of temperature"),
        ({"temperature": 0}, "temperature a number above 0"),
        ({"temperature": "hot"}, "temperature a number above 0"),
        ({"classes": 12}, "classes must be 10 or 11"),
    ],
)
def test_a_card_that_cannot_be_is_refused(folder: Path, changes: dict[str, object], said: str) -> None:
    """What the reader needs of a card is checked when it is opened, not at the first digit."""
    write_card(folder, **changes)
    with pytest.raises(ModelError, match=said):
        open_model(folder)


@pytest.mark.parametrize("text", ["", "{", "[]", '"card"', "\x00"])
def test_a_card_that_is_no_card_is_refused(folder: Path, text: str) -> None:
    """Any text in card.json gives a message that names it."""
    (folder / CARD).write_text(text)
    with pytest.raises(ModelError, match=r"card\.json"):
        open_model(folder)


@pytest.mark.parametrize("name", [CARD, LITERT])
def test_a_missing_file_is_named(folder: Path, name: str) -> None:
    """An incomplete copy says which file is missing."""
    (folder / name).unlink()
    with pytest.raises(ModelError, match=name):
        open_model(folder)


def test_a_missing_model_names_those_that_are_there(folder: Path) -> None:
    """A typing mistake in the configuration is put right from the message alone."""
    with pytest.raises(ModelError, match=r"no model called 'mien'.*mine.*paper.*reading\.model"):
        find("mien", folder.parent)


def test_ones_own_model_hides_a_shipped_one(folder: Path) -> None:
    """A model trained here under a shipped name is the one that reads."""
    own = folder.rename(folder.with_name("paper"))
    assert find("paper", own.parent).folder == own
    assert [path for path in folders(own.parent) if path.name == "paper"] == [own]


def test_the_shipped_model_agrees_with_its_card() -> None:
    """What is committed belongs together, and its card tells what it was measured to be."""
    model = open_model(shipped("models") / "paper")
    check_keras(model)
    first = model.card["evaluation"][0]
    assert len(model.litert) < 600_000
    assert first["examples"] == sum(map(sum, first["confusion"])) == 10_000
    assert first["right"] == sum(first["confusion"][digit][digit] for digit in range(10)) >= 9930
    assert first["interval"][0] < first["accuracy"] < first["interval"][1]


def test_the_list_says_which_is_in_use(folder: Path) -> None:
    """The list holds a line for each model: id, classes, figures and size."""
    code, output = run(folder, "list", "--json")
    rows = {row["name"]: row for row in json.loads(output)}
    assert code == ExitCode.OK
    assert rows["mine"]["in_use"]
    assert not rows["paper"]["in_use"]
    assert rows["mine"]["accuracy"]["right"] == 199
    assert (rows["mine"]["temperature"], rows["mine"]["learnt_from"]) == (1.5, [{"set": "some", "examples": 900}])
    text = run(folder, "list")[1]
    assert "99.50 % of some" in text
    assert "900 of 1 set" in text


def test_the_list_shows_a_model_that_cannot_be_used(folder: Path) -> None:
    """One bad folder is a line with the reason and a fault at the end; the others are listed all the same."""
    (folder / LITERT).write_bytes(b"another")
    code, output = run(folder, "list")
    assert code == ExitCode.BAD_MODEL
    assert "cannot be used" in output
    assert "do not belong together" in output
    assert "paper@" in output


def test_show_tells_the_card(folder: Path) -> None:
    """What a model learnt from and what it gets right can be read without opening files."""
    code, output = run(folder, "show", "mine")
    assert code == ExitCode.OK
    assert "right         99.50 % of some (95 %: 97.00 to 99.90)" in output
    assert "some, 900 digits" in output
    assert json.loads(run(folder, "show", "mine", "--json")[1])["card"]["temperature"] == 1.5


def test_show_tells_which_figures_are_of_a_set_left_out(folder: Path) -> None:
    """A set of whose hands nothing was learnt is told apart from one that was held out in part."""
    figures = {"set": "usps.npz", "examples": 729, "right": 700, "interval": [0.94, 0.97]}
    write_card(folder, evaluation=[figures | {"left_out": True}, figures | {"held_out": True}])
    output = run(folder, "show", "mine")[1]
    assert "96.02 % of usps.npz, left out of training (95 %" in output
    assert "96.02 % of usps.npz, held out (95 %" in output
    write_card(folder, evaluation=[figures | {"held_out": True}])
    assert "96.02 % of usps.npz, held out" in run(folder, "list")[1]


def test_show_tells_what_it_was_calibrated_with(folder: Path) -> None:
    """Its confidences were fitted to these: whoever trusts them must be able to look at others."""
    write_card(folder, calibrated_with=[{"name": "mine.npz", "examples": 300, "sha256": "1" * 64}])
    assert "calibrated    mine.npz, 300 digits, sha256 111111111111" in run(folder, "show", "mine")[1]


def test_show_survives_an_odd_card(folder: Path) -> None:
    """Facts that only people need may be missing or malformed."""
    write_card(folder, evaluation="good", data=[3])
    assert run(folder, "show", "mine")[0] == ExitCode.OK
    assert "not measured" in run(folder, "list")[1]


def test_show_of_a_disagreeing_card_is_an_error_line(folder: Path) -> None:
    """A fault ends with its exit code and a sentence, never a traceback."""
    write_card(folder, litert_sha256="0" * 64)
    code, output = run(folder, "show", "mine")
    assert code == ExitCode.BAD_MODEL
    assert output.startswith("digitd: ")
    assert "do not belong together" in output

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from digitd.cli import main
from digitd.errors import ExitCode


@pytest.fixture
def run(tmp_path: Path) -> Callable[..., Result]:
    (tmp_path / "config.toml").touch()

    def ran(*arguments: str) -> Result:
        return CliRunner().invoke(main, ["--config", str(tmp_path / "config.toml"), "verifier", *arguments])

    return ran


def test_a_token_is_shown_once(run: Callable[..., Result]) -> None:
    """On standard output alone; a second one takes the place of the first."""
    first, second = run("add", "ada"), run("add", "ada", "--role", "admin")
    assert first.exit_code == second.exit_code == 0
    assert len(first.stdout.strip()) >= 40
    assert first.stdout != second.stdout
    assert "shown this once" in first.stderr
    (listed,) = json.loads(run("list", "--json").stdout)
    assert (listed["verifier"], listed["role"], listed["labels"], listed["kappa"]) == ("ada", "admin", 0, None)
    assert first.stdout.strip() not in run("list").stdout


def test_who_is_removed_is_listed_no_more(run: Callable[..., Result]) -> None:
    """The trail tells what was done; nobody can be removed twice."""
    run("add", "ada")
    assert "let in no more. Nobody has a token now." in run("remove", "ada").stderr
    assert "Nobody has a token" in run("list").stdout
    again = run("remove", "ada")
    assert (again.exit_code, "nobody called 'ada'" in again.stderr) == (ExitCode.BAD_INPUT, True)
    assert [act["act"] for act in json.loads(run("trail", "--json").stdout)] == [
        "token for a clerk",
        "token taken away",
    ]
    assert "token taken away ada" in run("trail").stdout


@pytest.mark.parametrize("name", ["", " ada", "a\nb", "x" * 65, "a\x1b[1m"])
def test_a_name_that_cannot_be_shown_is_refused(run: Callable[..., Result], name: str) -> None:
    """Nothing is made for it."""
    assert run("add", name).exit_code == ExitCode.BAD_INPUT

"""Commands in a folder made ready, over a service whose engine reads without a model."""

from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from digitd.cli import main

Call = Callable[..., Result]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    done = CliRunner().invoke(main, ["init", str(tmp_path / "clerk")], catch_exceptions=False)
    assert done.exit_code == 0
    return tmp_path / "clerk"


@pytest.fixture
def call(folder: Path) -> Call:
    """`call("status", "--json")`, as a person in the folder would type it."""

    def invoke(*arguments: str) -> Result:
        return CliRunner().invoke(main, ["--config", str(folder / "config.toml"), *arguments], catch_exceptions=False)

    return invoke

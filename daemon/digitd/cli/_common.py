"""What commands share: the configuration in force, JSON on request, progress."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

import click

from digitd import config as configuration
from digitd import logs
from digitd.config import Config

Command = TypeVar("Command", bound=Callable[..., Any])


def current_config(*, optional: bool = False) -> Config:
    """The configuration of `--config`, or of `config.toml` here; with optional, the defaults where there is none.

    Raises
    ------
    ConfigError
        There is none, or it cannot be used.
    """
    given = click.get_current_context().find_root().obj
    path = Path(given) if given else Path(configuration.NAME)
    config = Config(root=Path.cwd()) if optional and not given and not path.exists() else configuration.load(path)
    logs.configure(config.log.level, json=config.log.json_lines)
    return config


def json_option(command: Command) -> Command:
    """Add `--json`, passed as `as_json`."""
    return click.option("--json", "as_json", is_flag=True, help="Print JSON.")(command)


def print_json(value: Any) -> None:
    """Print value as JSON; dates in ISO 8601."""
    click.echo(json.dumps(value, indent=2, default=str, ensure_ascii=False))

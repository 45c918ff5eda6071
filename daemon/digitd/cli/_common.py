"""What commands share: the configuration in force, JSON on request, progress."""

import json
import re
import sys
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

if TYPE_CHECKING:  # `--help` need not wait for the store, a third of a second
    from digitd.config import Config
    from digitd.store import Store
    from digitd.store.glance import Glance
    from digitd.store.known import Known
    from digitd.stored import Document

Item = TypeVar("Item")
Command = TypeVar("Command", bound=Callable[..., Any])


def current_config(*, optional: bool = False) -> "Config":
    """The configuration of `--config`, or of `config.toml` here; with optional, the defaults where there is none.

    Raises
    ------
    ConfigError
        There is none, or it cannot be used.
    """
    from digitd import config as configuration
    from digitd import logs

    given = click.get_current_context().find_root().obj
    path = Path(given) if given else Path(configuration.NAME)
    config = (
        configuration.Config(root=Path.cwd())
        if optional and not given and not path.exists()
        else configuration.load(path)
    )
    logs.configure(config.log.level, json=config.log.json_lines)
    return config


def config_file() -> Path:
    """The file of `--config`, or `config.toml` here, whether it is there or not."""
    from digitd import config as configuration

    return Path(click.get_current_context().find_root().obj or configuration.NAME)


def json_option(command: Command) -> Command:
    """Add `--json`, passed as `as_json`."""
    return click.option("--json", "as_json", is_flag=True, help="Print JSON.")(command)


def open_store(config: "Config") -> "Store":
    """The database of config, which must exist; close it, or use it in a `with` statement."""
    from digitd.store import Store

    return Store.open(config.database)


def look_into(config: "Config") -> "Glance":
    """The database of config, which must exist, only to be read, and at once; use it in a `with` statement."""
    from digitd.store.glance import Glance

    return Glance.open(config.database)


def named_documents(store: "Known", name: str) -> list["Document"]:
    """The documents that a person means by name: as dropped, by its path, by number, or as it lies in `var`."""
    from digitd.intake.archive import REASON
    from digitd.intake.names import filed_as, printable

    file = printable(Path(name).name)
    if found := store.documents(name=file):
        return found
    number = re.match(r"(\d+)(-|$)", file)
    wanted = [] if number is None else store.documents(ids=[int(number[1])])
    return [d for d in wanted if file in {str(d.id), filed_as(d.id, d.name), filed_as(d.id, d.name) + REASON}]


def tracked(items: Iterable[Item], what: str, *, show: bool = True) -> Iterator[Item]:
    """Items, with their count shown on a terminal while they pass."""
    if not (show and sys.stderr.isatty()):
        yield from items
        return
    from rich.console import Console
    from rich.progress import BarColumn, Progress, TextColumn

    columns = (TextColumn(what), BarColumn(), TextColumn("{task.completed:,.0f}"))
    with Progress(*columns, console=Console(stderr=True), transient=True) as bar:
        yield from bar.track(items, total=None)


def print_json(value: Any) -> None:
    """Print value as JSON; dates in ISO 8601."""
    click.echo(json.dumps(value, indent=2, default=str, ensure_ascii=False))

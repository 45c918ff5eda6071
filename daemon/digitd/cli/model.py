"""`digitd model`: which models there are, and what their cards say."""

import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import click
from rich.console import Console
from rich.table import Table

from digitd.cli import _joined
from digitd.cli._common import current_config, json_option, print_json
from digitd.config import Config
from digitd.errors import ExitCode, ModelError
from digitd.models import KERAS, LITERT, Model, check_keras, find, folders, open_model


class JoinedGroup(click.Group):
    """A group to which other packages add commands, imported when they are used."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return [*super().list_commands(ctx), *_joined.names(_joined.MODEL)]

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        return super().get_command(ctx, cmd_name) or _joined.find(_joined.MODEL, cmd_name)


@click.group(cls=JoinedGroup, short_help="List, show, measure and choose models.")
def model() -> None:
    """List, show, measure and choose models: your own, and those shipped with digitd."""


@model.command("list")
@json_option
def list_models(as_json: bool) -> None:
    """List the models; exit code 6 where one cannot be used.

    \b
    Example:
      digitd model list --json
    """
    config = current_config(optional=True)
    rows = [_row(folder, config) for folder in folders(config.models)]
    if as_json:
        print_json(rows)
    else:
        Console().print(_table(rows))
        for row in rows:
            if row["problem"]:
                click.echo(f"{row['name']}: {row['problem']}", err=True)
    if any(row["problem"] for row in rows):
        sys.exit(ExitCode.BAD_MODEL)


@model.command()
@click.argument("name")
@json_option
def show(name: str, as_json: bool) -> None:
    """Show what the card of the model NAME says.

    \b
    Example:
      digitd model show paper-1
    """
    config = current_config(optional=True)
    found = find(name, config.models)
    check_keras(found)
    if as_json:
        print_json({**_row(found.folder, config), "card": found.card})
        return
    for key, value in _facts(found, config):
        click.echo(f"{key:14}{value}")


def _row(folder: Path, config: Config) -> dict[str, Any]:
    """What a line of the list tells; problem is None where the model can be used."""
    row: dict[str, Any] = {"name": folder.name, "in_use": folder.name == config.reading.model, "folder": folder}
    try:
        found = open_model(folder)
        check_keras(found)
    except ModelError as fault:
        return {**row, "id": None, "classes": None, "accuracy": None, "bytes": None, "problem": str(fault)}
    measured = _evaluation(found)[:1]
    return {
        **row,
        "id": found.id,
        "classes": found.card["classes"],
        "accuracy": measured[0] if measured else None,
        "bytes": len(found.litert),
        "problem": None,
    }


def _evaluation(found: Model) -> list[dict[str, Any]]:
    """The sets a card names with their figures, without the confusion matrices; empty in a card that names none."""
    named = found.card.get("evaluation")
    return [
        {key: value for key, value in each.items() if key != "confusion"}
        for each in (named if isinstance(named, list) else [])
        if isinstance(each, Mapping) and {"set", "examples", "right"} <= each.keys()
    ]


def _table(rows: list[dict[str, Any]]) -> Table:
    table = Table(box=None)
    for heading in ("", "model", "id", "classes", "right", "kB"):
        table.add_column(heading, justify="right" if heading in ("classes", "kB") else "left")
    for row in rows:
        mark = "in use" if row["in_use"] else ""
        if row["problem"]:
            table.add_row(mark, row["name"], "cannot be used")
            continue
        right = _share(row["accuracy"]) if row["accuracy"] else "not measured"
        table.add_row(mark, row["name"], row["id"], str(row["classes"]), right, f"{row['bytes'] / 1000:.0f}")
    return table


def _share(measured: Mapping[str, Any]) -> str:
    return f"{100 * measured['right'] / measured['examples']:.2f} % of {measured['set']}"


def _facts(found: Model, config: Config) -> list[tuple[str, str]]:
    card = found.card
    facts = [
        ("model", found.id + (" (in use)" if found.folder.name == config.reading.model else "")),
        ("folder", str(found.folder)),
        ("classes", f"{card['classes']}" + (", the last is *not a digit*" if card["classes"] == 11 else "")),
        ("temperature", str(card["temperature"])),
    ]
    facts += [
        (key, str(card[key]))
        for key in ("recipe", "seed", "epochs", "trained_at", "commit")
        if card.get(key) is not None
    ]
    facts += [
        (f"{name}", f"{(found.folder / name).stat().st_size / 1000:.0f} kB")
        for name in (LITERT, KERAS)
        if (found.folder / name).is_file()
    ]
    for each in _evaluation(found):
        low, high = each.get("interval", (0, 1))
        held_out = ", held out" if each.get("held_out") else ""
        facts.append(("right", f"{_share(each)}{held_out} (95 %: {100 * low:.2f} to {100 * high:.2f})"))
    facts += [
        ("learnt from", f"{each['name']}, {each['examples']:,} digits, sha256 {str(each['sha256'])[:12]}")
        for each in card.get("data", [])
        if isinstance(each, Mapping) and {"name", "examples", "sha256"} <= each.keys()
    ]
    return facts

"""`digitd model`: which models there are, what their cards say, and which one reads."""

import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import click
from rich.console import Console
from rich.table import Table

from digitd.cli import _joined
from digitd.cli._common import config_file, current_config, json_option, print_json
from digitd.config import Config, choose_model
from digitd.errors import ConfigError, ExitCode, ModelError
from digitd.models import KERAS, LITERT, Model, check_keras, find, folders, open_model
from digitd.records import NOT_A_DIGIT

#: Columns of a table that is read elsewhere than in the terminal it was made in.
COLUMNS = 110


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
        Console(width=None if sys.stdout.isatty() else COLUMNS).print(_table(rows))
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
      digitd model show paper
    """
    config = current_config(optional=True)
    found = find(name, config.models)
    check_keras(found)
    if as_json:
        print_json({**_row(found.folder, config), "card": found.card})
        return
    for key, value in _facts(found, config):
        click.echo(f"{key:14}{value}")


@model.command()
@click.argument("name")
@json_option
def use(name: str, as_json: bool) -> None:
    """Read with the model NAME from now on: writes reading.model into the configuration, once the model has been tried.

    A running service takes it up before the next document; what is in hand is finished with the model before.

    \b
    Example:
      digitd model use paper
    """
    from digitd.reader import DRAWN, try_model  # with OpenCV: `list` need not wait

    file = config_file()
    if not file.is_file():
        raise ConfigError(
            f"{file}: no such file to write the model's name into. `digitd init` makes one; `--config FILE` names one."
        )
    config = current_config()
    found = find(name, config.models)
    if found.folder.name != name:
        raise ModelError(f"{name}: is a path. Put the model's folder into {config.models}, and give its name.")
    check_keras(found)
    read = try_model(found)
    choose_model(file, name)
    if read != DRAWN:
        said = "no digit" if read == NOT_A_DIGIT else str(read)
        click.echo(f"Take care: {found.id} reads a drawn {DRAWN} as {said}.", err=True)
    if as_json:
        print_json({"model": found.id, "before": config.reading.model, "file": file})
        return
    click.echo(f"{found.id} reads from now on; before it was {config.reading.model}. Written into {file}.")
    click.echo("A running service takes it up before its next document.")


def _row(folder: Path, config: Config) -> dict[str, Any]:
    """What a line of the list tells; problem is None where the model can be used."""
    row: dict[str, Any] = {"name": folder.name, "in_use": folder.name == config.reading.model, "folder": folder}
    try:
        found = open_model(folder)
        check_keras(found)
    except ModelError as fault:
        nothing = dict.fromkeys(("id", "classes", "temperature", "accuracy", "bytes", "learnt_from"))
        return {**row, **nothing, "problem": str(fault)}
    measured = _evaluation(found)[:1]
    return {
        **row,
        "id": found.id,
        "classes": found.card["classes"],
        "temperature": found.card["temperature"],
        "learnt_from": [{"set": each["name"], "examples": each["examples"]} for each in _sets(found, "data")],
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
    for heading in ("", "model", "classes", "temp.", "right", "kB", "learnt from"):
        numbers = heading in ("classes", "temp.", "kB")
        table.add_column(heading, justify="right" if numbers else "left", no_wrap=heading in ("", "model"))
    for row in rows:
        mark = "in use" if row["in_use"] else ""
        if row["problem"]:
            table.add_row(mark, row["name"], "", "", "cannot be used")
            continue
        right = _share(row["accuracy"]) if row["accuracy"] else "not measured"
        examples, sets = sum(each["examples"] for each in row["learnt_from"]), len(row["learnt_from"])
        learnt = f"{examples:,} of {sets} set{'s' * (sets != 1)}" if sets else "not told"
        facts = (str(row["classes"]), f"{row['temperature']:g}", right, f"{row['bytes'] / 1000:.0f}", learnt)
        table.add_row(mark, row["id"], *facts)
    return table


def _share(measured: Mapping[str, Any]) -> str:
    kind = ", held out" if measured.get("held_out") else ", left out of training" if measured.get("left_out") else ""
    return f"{100 * measured['right'] / measured['examples']:.2f} % of {measured['set']}{kind}"


def _facts(found: Model, config: Config) -> list[tuple[str, str]]:
    card = found.card
    facts = [
        ("model", found.id + (" (in use)" if found.folder.name == config.reading.model else "")),
        ("folder", str(found.folder)),
        ("classes", f"{card['classes']}" + (", the last is *not a digit*" if card["classes"] == 11 else "")),
        ("temperature", f"{card['temperature']:g}, what its logits are divided by so that it means what it says"),
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
        facts.append(("right", f"{_share(each)} (95 %: {100 * low:.2f} to {100 * high:.2f})"))
    facts += [
        (what, f"{each['name']}, {each['examples']:,} digits, sha256 {str(each['sha256'])[:12]}")
        for what, key in (("learnt from", "data"), ("calibrated", "calibrated_with"))
        for each in _sets(found, key)
    ]
    return facts


def _sets(found: Model, key: str) -> list[Mapping[str, Any]]:
    """The sets a card lists under key, such as those it was learnt from; empty in a card that names none."""
    named = found.card.get(key)
    return [
        each
        for each in (named if isinstance(named, list) else [])
        if isinstance(each, Mapping) and {"name", "examples", "sha256"} <= each.keys()
    ]

"""`digitd train`: from files of digits to a model folder. digitd finds it as an entry point and never imports it."""

import os
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from digitd.cli._common import current_config, json_option, print_json
from digitd.errors import ModelError
from digitd.models import CARD
from digitd_trainer.commands._group import TrainGroup, is_for_another
from digitd_trainer.commands._sets import check_given, data_option, read_sets, read_tests
from digitd_trainer.frameworks import check_installed
from digitd_trainer.recipes import RECIPES

if TYPE_CHECKING:
    from digitd_trainer.train import Told, Trained


@click.group(cls=TrainGroup, invoke_without_command=True)
@click.option("--recipe", type=click.Choice(list(RECIPES)), default="paper", show_default=True, help="How to train.")
@data_option
@click.option("--out", type=click.Path(path_type=Path), help="Folder of models; by default the configured one.")
@click.option("--name", help="The model's name, a folder in OUT; by default the recipe's.")
@click.option(
    "--seed", type=click.IntRange(0, 2**31 - 1), default=42, show_default=True, help="Makes a run repeatable."
)
@click.option("--epochs", type=click.IntRange(1, 1000), help="Instead of the recipe's.")
@click.option(
    "--processes", type=click.IntRange(1, 256), help="That draw digits; by default a core less than there are."
)
@click.option("--replace", is_flag=True, help="Replace a model of this name.")
@json_option
@click.pass_context
def train(
    ctx: click.Context,
    recipe: str,
    data: tuple[Path, ...],
    out: Path | None,
    name: str | None,
    *,
    seed: int,
    epochs: int | None,
    processes: int | None,
    replace: bool,
    as_json: bool,
) -> None:
    """Train a model and write it as a folder: model.tflite, model.keras, card.json, metrics.json and two pictures.

    \b
    Recipes:
      paper   for reading real paper: distorted digits, and what is no digit; an hour on two cores
      seed    the network and training the project began with; a few minutes
      quick   a minute, to see that everything works

    \b
    Examples:
      digitd train --recipe seed --data train.csv
      digitd train --data mnist.npz --data more.npz --name mine
    """
    if is_for_another(ctx):
        return
    folder = (out or current_config(optional=True).models) / (name or recipe)
    _check_free(folder, replace=replace)
    check_given(data)
    check_installed()
    sets, tests = read_sets(data), read_tests(data)
    from digitd_trainer.folder import commit_here, write_folder
    from digitd_trainer.train import train as run  # with matplotlib and all: `--help` need not wait

    started, commit = time.monotonic(), commit_here()  # before an hour in which the checkout may move on
    workers = processes or max(1, (os.cpu_count() or 2) - 1)
    with _progress(quiet=as_json) as told:
        trained = run(RECIPES[recipe], sets, tests=tests, seed=seed, epochs=epochs, processes=workers, told=told)
    seconds = time.monotonic() - started
    write_folder(folder, trained, recipe=RECIPES[recipe], sets=sets, seed=seed, seconds=seconds, commit=commit)
    _print(folder, trained, seconds=seconds, as_json=as_json)


def _check_free(folder: Path, *, replace: bool) -> None:
    """Before an hour of work, not after it."""
    if folder.exists() and not (folder / CARD).is_file():
        raise ModelError(f"{folder}: is there already and is no model. Choose another --name.")
    if folder.exists() and not replace:
        raise ModelError(
            f"{folder}: there is a model of this name. Choose another --name, or replace it with --replace."
        )


@contextmanager
def _progress(*, quiet: bool) -> Iterator["Told"]:
    """A bar on standard error, with the figures so far beside it."""
    from rich.console import Console
    from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn, TimeRemainingColumn

    columns = (
        TextColumn("training"),
        BarColumn(),
        TextColumn("{task.percentage:>3.0f} %  {task.fields[figures]}"),
        TimeElapsedColumn(),
        TextColumn("left"),
        TimeRemainingColumn(),
    )
    with Progress(*columns, console=Console(stderr=True), disable=quiet) as bar:
        task = bar.add_task("", total=1.0, figures="")

        def told(share: float, figures: Mapping[str, float]) -> None:
            so_far = f"{100 * figures.get('accuracy', 0):.2f} % right, loss {figures.get('loss', 0):.4f}"
            bar.update(task, completed=share, figures=so_far)

        yield told


def _print(folder: Path, trained: "Trained", *, seconds: float, as_json: bool) -> None:
    measured: list[dict[str, Any]] = [each.as_json() | {"held_out": False} for each in trained.tests]
    measured += [each.as_json() | {"held_out": True} for each in trained.held_out]
    if as_json:
        shown = [{key: value for key, value in each.items() if key != "confusion"} for each in measured]
        print_json({"folder": folder, "seconds": round(seconds, 1), "epochs": trained.epochs, "evaluation": shown})
        return
    click.echo(f"{folder}: {len(trained.litert) / 1000:.0f} kB, trained in {seconds:.0f} s")
    for each in measured:
        low, high = each["interval"]
        click.echo(
            f"  {each['set'] + (', held out' if each['held_out'] else ''):34}"
            f"{100 * each['accuracy']:6.2f} % of {each['examples']:,} (95 %: {100 * low:.2f} to {100 * high:.2f}); "
            f"before 8 bits {100 * each['float_right'] / each['examples']:.2f} %"
        )

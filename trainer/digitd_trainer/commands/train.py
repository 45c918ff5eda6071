"""`digitd train`: from files of digits to a model folder. digitd finds it as an entry point and never imports it."""

import os
from dataclasses import replace as changed
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from digitd.cli._common import current_config, json_option, print_json
from digitd.errors import ModelError
from digitd.models import CARD
from digitd_trainer.commands._bars import shown_progress
from digitd_trainer.commands._group import TrainGroup, is_for_another
from digitd_trainer.commands._sets import check_given, data_option, read_sets, read_tests, tell_shared
from digitd_trainer.frameworks import check_installed
from digitd_trainer.recipes import RECIPES, Recipe

if TYPE_CHECKING:
    from digitd_trainer.data.digits import Digits
    from digitd_trainer.train import Trained


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
@click.option(
    "--rate", type=click.FloatRange(0, 1, min_open=True), help="Step of the optimiser, instead of the recipe's."
)
@click.option(
    "--leave-out", multiple=True, metavar="NAME", help="Learn nothing from this set of DATA; measure with it."
)
@click.option(
    "--teacher",
    type=click.Path(path_type=Path, exists=True),
    multiple=True,
    help="Learn from it: a .keras file, a model folder, or a folder of .keras files.",
)
@click.option(
    "--calibrate",
    type=click.Path(path_type=Path),
    multiple=True,
    help="Digits as for DATA, never learnt from, with which to find the temperature.",
)
@click.option("--fresh", is_flag=True, help="Begin again, where a training that was killed would be gone on with.")
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
    rate: float | None,
    leave_out: tuple[str, ...],
    teacher: tuple[Path, ...],
    calibrate: tuple[Path, ...],
    fresh: bool,
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
      digitd train --data mnist.npz --data usps.npz --leave-out usps --name without-usps

    A training that was killed goes on where it was when the same command is run again.
    """
    if is_for_another(ctx):
        return
    how = changed(RECIPES[recipe], rate=rate or RECIPES[recipe].rate)
    name = _checked_name(name or recipe)
    folder = (out or current_config(optional=True).models) / name
    _check_free(folder, replace=replace, teaches=bool(how.teachers and not teacher))
    check_given(data)
    check_installed()
    trained = _trained(
        folder,
        how,
        read_sets(data, strangers=how.distorted),
        tests=read_tests(data),
        leave_out=leave_out,
        teacher=teacher,
        calibration=read_sets(calibrate) if calibrate else [],
        seed=seed,
        epochs=epochs,
        processes=processes or max(1, (os.cpu_count() or 2) - 1),
        fresh=fresh,
        quiet=as_json,
    )
    _print(folder, trained, as_json=as_json)


def _trained(
    folder: Path,
    how: Recipe,
    sets: "list[Digits]",
    *,
    tests: "list[Digits]",
    leave_out: tuple[str, ...],
    teacher: tuple[Path, ...],
    calibration: "list[Digits]",
    seed: int,
    epochs: int | None,
    processes: int,
    fresh: bool,
    quiet: bool,
) -> "Trained":
    """Train and write the model folder, with a work folder beside it as long as that takes."""
    from digitd_trainer import train as training  # with matplotlib and all: `--help` need not wait
    from digitd_trainer.checkpoints import WorkFolder
    from digitd_trainer.distil import find_teachers
    from digitd_trainer.fit import Means
    from digitd_trainer.folder import commit_here, keep_teachers, write_folder
    from digitd_trainer.prepare import check_apart
    from digitd_trainer.prepare import leave_out as parted

    commit = commit_here()  # before an hour in which the checkout may move on
    sets, left_out = parted(sets, leave_out)
    check_apart(calibration, sets)
    tell_shared([*tests, *left_out, *calibration], sets)
    unseen = [digits.sha256 for digits in (*left_out, *calibration)]
    teachers = find_teachers(teacher, classes=how.classes, unseen=unseen)
    settings = training.settings(how, sets, left_out=left_out, teachers=teachers, seed=seed, epochs=epochs)
    with WorkFolder(folder.with_name(f".{folder.name}.training"), settings, fresh=fresh) as work:
        with shown_progress(quiet=quiet) as reporter:
            trained = training.train(
                how,
                sets,
                means=Means(work=work, processes=processes, reporter=reporter),
                tests=tests,
                left_out=left_out,
                teachers=teachers,
                calibration=calibration,
                seed=seed,
                epochs=epochs,
            )
        write_folder(
            folder,
            trained,
            recipe=how,
            sets=sets,
            left_out=left_out,
            calibration=calibration,
            seed=seed,
            commit=commit,
        )
        keep_teachers(work.path, _teachers(folder), teachers=trained.teachers)
        work.clear()
    return trained


def _teachers(folder: Path) -> Path:
    return folder.with_name(f"{folder.name}.teachers")


def _checked_name(name: str) -> str:
    """The name, which is of one folder: a path would lead out of the folder of models, where nothing finds it."""
    if name in {".", ".."} or Path(name).name != name:
        raise ModelError(f"--name {name}: a name, not a path. Name the folder it goes into with --out.")
    return name


def _check_free(folder: Path, *, replace: bool, teaches: bool) -> None:
    """Before an hour of work, not after it."""
    if folder.exists() and not (folder / CARD).is_file():
        raise ModelError(f"{folder}: is there already and is no model. Choose another --name.")
    if folder.exists() and not replace:
        raise ModelError(
            f"{folder}: there is a model of this name. Choose another --name, or replace it with --replace."
        )
    if teaches and _teachers(folder).exists() and not replace:
        raise ModelError(
            f"{_teachers(folder)}: there are teachers already. Learn from them with --teacher {_teachers(folder)}, "
            "or train others in their place with --replace."
        )


def _print(folder: Path, trained: "Trained", *, as_json: bool) -> None:
    seconds = sum(trained.seconds.values())
    kinds = ((trained.tests, False, False), (trained.left_out, False, True), (trained.held_out, True, False))
    measured: list[dict[str, Any]] = [
        each.as_json() | {"held_out": held_out, "left_out": left_out}
        for sets, held_out, left_out in kinds
        for each in sets
    ]
    if as_json:
        shown = [{key: value for key, value in each.items() if key != "confusion"} for each in measured]
        print_json({"folder": folder, "seconds": round(seconds, 1), "epochs": trained.epochs, "evaluation": shown})
        return
    click.echo(f"{folder}: {len(trained.litert) / 1000:.0f} kB, trained in {seconds:.0f} s")
    for each in measured:
        low, high = each["interval"]
        kind = ", held out" if each["held_out"] else ", left out" if each["left_out"] else ""
        click.echo(
            f"  {each['set'] + kind:34}"
            f"{100 * each['accuracy']:6.2f} % of {each['examples']:,} (95 %: {100 * low:.2f} to {100 * high:.2f}); "
            f"before 8 bits {100 * each['float_right'] / each['examples']:.2f} %"
        )

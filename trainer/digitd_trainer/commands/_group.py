"""`digitd train` trains, and has commands under it; the module of each is imported only when it is run."""

from collections.abc import Mapping

import click
from click.core import ParameterSource

from digitd.cli._lazy import LazyGroup

#: Command -> (module:function, one line for `digitd train --help`).
COMMANDS: Mapping[str, tuple[str, str]] = {
    "preview": ("digitd_trainer.commands.preview:preview", "A sheet of the glyphs a recipe trains on, as PNG."),
    "predict": ("digitd_trainer.commands.predict:predict", "What a model says of Kaggle's test.csv."),
}


class TrainGroup(LazyGroup):
    """A command that is a group too."""

    table = COMMANDS


def is_for_another(ctx: click.Context) -> bool:
    """Whether a command under ctx's was named, so that ctx's own has nothing to do.

    Raises
    ------
    click.UsageError
        Options stand before its name: they would be lost.
    """
    if ctx.invoked_subcommand is None:
        return False
    given = [name for name in ctx.params if ctx.get_parameter_source(name) is ParameterSource.COMMANDLINE]
    if given:
        raise click.UsageError(f"options come after the command: digitd train {ctx.invoked_subcommand} ...", ctx)
    return True

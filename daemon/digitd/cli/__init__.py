"""The commands. Each opens the library, calls it, and prints; a command's module is imported only when it is run."""

import importlib
import sys
from typing import Any

import click

from digitd import __version__
from digitd.errors import DigitdError

#: Command -> (module:function, one line for `digitd --help`, which must not import the modules).
COMMANDS = {
    "init": ("digitd.cli.setup:init", "Make a folder ready: config.toml, inbox/, forms/, var/."),
    "run": ("digitd.cli.service:run", "Read what is dropped into the inbox, until stopped."),
    "status": ("digitd.cli.status:status", "Counts by state; with FILE, where it is and why."),
    "read": ("digitd.cli.read:read", "Read pictures at once, without a database."),
    "form": ("digitd.cli.form:form", "Make, list, show and check form templates."),
    "verify": ("digitd.cli.verify:verify", "Key the fields the machine is unsure of."),
    "label": ("digitd.cli.label:label", "Import or export labels."),
    "report": ("digitd.cli.report:report", "Confusion matrices from verified labels."),
    "export": ("digitd.cli.export:export", "Values as CSV or JSON."),
    "retry": ("digitd.cli.service:retry", "Read failed documents again."),
    "doctor": ("digitd.cli.doctor:doctor", "What is wrong with this installation."),
    "upgrade": ("digitd.cli.setup:upgrade", "Bring the database to this version."),
    "demo": ("digitd.cli.demo:demo", "The whole path on drawn forms, in a folder of its own."),
    "train": ("digitd.cli.train:train", "Train a model (needs the extra `train`)."),
    "model": ("digitd.cli.model:model", "List, show, measure and choose models."),
}


class LazyGroup(click.Group):
    """A group that imports a command's module when the command is used."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in COMMANDS:
            return None
        module, _, function = COMMANDS[cmd_name][0].partition(":")
        command: click.Command = getattr(importlib.import_module(module), function)
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        with formatter.section("Commands"):
            formatter.write_dl([(name, line) for name, (_, line) in COMMANDS.items()])

    def invoke(self, ctx: click.Context) -> Any:
        try:
            return super().invoke(ctx)
        except DigitdError as fault:
            click.echo(f"digitd: {fault}", err=True)
            sys.exit(fault.exit_code)


@click.group(cls=LazyGroup, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
@click.option("--config", "config_path", type=click.Path(), envvar="DIGITD_CONFIG", help="The configuration file.")
@click.version_option(__version__, prog_name="digitd")
@click.pass_context
def main(ctx: click.Context, config_path: str | None) -> None:
    """Turn a folder of scans into validated numbers in a database."""
    ctx.obj = config_path

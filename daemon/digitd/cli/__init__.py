"""The commands. Each opens the library, calls it, and prints; a command's module is imported only when it is run."""

import sys
from typing import Any

import click

from digitd import __version__
from digitd.cli._lazy import LazyGroup
from digitd.errors import DigitdError

#: Command -> (module:function, one line for `digitd --help`, which must not import the modules).
COMMANDS = {
    "init": ("digitd.cli.setup:init", "Make a folder ready: config.toml, inbox/, forms/, var/."),
    "run": ("digitd.cli.service:run", "Read what is dropped into the inbox, until stopped."),
    "status": ("digitd.cli.status:status", "Counts by state; with FILE, where it is and why."),
    "read": ("digitd.cli.read:read", "Read pictures at once, without a database."),
    "form": ("digitd.cli.form:form", "Make, list, show and check form templates."),
    "verify": ("digitd.cli.verify:verify", "Key the fields the machine is unsure of."),
    "verifier": ("digitd.cli.verifier:verifier", "Let people in by tokens; what they did."),
    "label": ("digitd.cli.label:label", "Import or export labels."),
    "report": ("digitd.cli.report:report", "How well the machine reads: matrices, drift, the work."),
    "budget": ("digitd.cli.budget:budget", "A promise on errors, and what passes under it."),
    "export": ("digitd.cli.export:export", "Values as CSV, JSON or Parquet."),
    "retry": ("digitd.cli.retry:retry", "Read failed documents again."),
    "doctor": ("digitd.cli.doctor:doctor", "What is wrong with this installation."),
    "upgrade": ("digitd.cli.setup:upgrade", "Bring the database to this version."),
    "backup": ("digitd.cli.setup:backup", "Copy the database, while the service runs."),
    "demo": ("digitd.cli.demo:demo", "The whole path on drawn forms, in a folder of its own."),
    "train": ("digitd.cli.train:train", "Train a model (needs the extra `train`)."),
    "model": ("digitd.cli.model:model", "List, show, measure and choose models."),
}


class Commands(LazyGroup):
    """All of digitd's commands; what one raises is told in a line, with its exit code."""

    table = COMMANDS

    def invoke(self, ctx: click.Context) -> Any:
        try:
            return super().invoke(ctx)
        except DigitdError as fault:
            click.echo(f"digitd: {fault}", err=True)
            sys.exit(fault.exit_code)


@click.group(cls=Commands, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
@click.option("--config", "config_path", type=click.Path(), envvar="DIGITD_CONFIG", help="The configuration file.")
@click.version_option(__version__, prog_name="digitd")
@click.pass_context
def main(ctx: click.Context, config_path: str | None) -> None:
    """Turn a folder of scans into validated numbers in a database."""
    ctx.obj = config_path

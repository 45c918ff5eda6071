"""`digitd demo`: the whole path on drawn forms, shown."""

import shlex
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import click
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn
from rich.table import Table
from rich.text import Text

from digitd import config as configuration
from digitd import logs
from digitd.cli._common import json_option, print_json
from digitd.cli.service import summary
from digitd.cli.setup import make_folders
from digitd.config import Config
from digitd.demo.scans import LEFT_TO_VERIFY
from digitd.demo.show import TRUTH, OnStep, ReadField, Shown, empty_folder, show
from digitd.errors import ExitCode
from digitd.intake.archive import reason_of
from digitd.records import FieldState
from digitd.report.told import sentence


@click.command()
@click.argument("folder", metavar="[DIR]", default="demo", type=click.Path(path_type=Path, file_okay=False))
@click.option("--force", is_flag=True, help="Make it anew where DIR holds an earlier demo.")
@json_option
def demo(folder: Path, *, force: bool, as_json: bool) -> None:
    """Show the whole path in DIR, or in ./demo: a form, scans of it, what was read, labels, and the report.

    The form and its handwriting are drawn on the spot. One scan is cut off on purpose and one is sent twice. The
    exit code is 0 if all went as it should.

    \b
    Examples:
      digitd demo && cd demo && digitd status
    """
    empty_folder(folder, force=force)
    make_folders(folder)
    config = configuration.load(folder / configuration.NAME)
    logs.configure("error")  # the document that fails on purpose is told below
    with _progress() as on_step:
        shown = show(config, on_step=on_step)
    if as_json:
        print_json(_as_json(shown, config))
    else:
        _print(shown, config, folder)
    if not shown.as_it_should:
        click.echo("digitd: the demo did not go as it should. `digitd doctor` looks for what is wrong.", err=True)
        sys.exit(ExitCode.SOME_FAILED)


def _print(shown: Shown, config: Config, folder: Path) -> None:
    console = Console()
    console.print(_table(shown))
    console.print("[dim]?[/] waits for a verifier; [bold yellow]≠N[/] N is written there\n", highlight=False)
    click.echo(summary(shown.progress))
    waiting = sum(each.field.state is FieldState.REVIEW for each in shown.fields)
    unseen = sum(not each.right and each.field.state is not FieldState.REVIEW for each in shown.fields)
    right = f"{shown.right} of {len(shown.fields)}"
    click.echo(f"Fields right: {right}; waiting for a verifier: {waiting}; wrong unseen: {unseen}.")
    click.echo(f"Digits of labels right: {sentence(shown.figures.digits)}.\n")
    for document, path in shown.failed:
        click.echo(f"{document.name!r} failed on purpose: {document.reason}")
        if path is not None:
            click.echo(f"  the file         {path}\n  why              {reason_of(path)}")
    click.echo(f"  the database     {config.database}")
    for path in shown.report[:3]:
        click.echo(f"  the report       {path}")
    console.print("\nNow try:", style="bold")
    click.echo(f"  cd {shlex.quote(str(folder))}")
    for command, why in _NEXT.items():
        click.echo(f"  {command:<42} {why}")


_NEXT = {
    "digitd status": "counts by state",
    "digitd export --format csv": "every value, as a spreadsheet takes it",
    f'digitd status "{LEFT_TO_VERIFY}"': "the life of one document",
    "digitd verify": "key what waits of that card yourself, in a browser",
    f"digitd label import {TRUTH}": "or take its labels from the file",
    "digitd report": "how well the machine reads",
}


def _table(shown: Shown) -> Table:
    """A row a field, a column a page."""
    pages: dict[tuple[str, int], dict[str, ReadField]] = {}
    for each in shown.fields:
        pages.setdefault((each.field.document, each.field.page), {})[each.field.name] = each
    many = {document for document, page in pages if page > 1}
    table = Table(
        title="What was read",
        title_justify="left",
        title_style="bold",
        box=None,
        header_style="bold",
        padding=(0, 0, 0, 1),
    )
    table.add_column("field", no_wrap=True)
    for document, page in pages:
        name = Path(document).stem + (f" page {page}" if document in many else "")
        table.add_column(Text(name), justify="right", overflow="fold")
    for name in dict.fromkeys(each.field.name for each in shown.fields):
        table.add_row(name, *(_cell(page.get(name)) for page in pages.values()))
    return table


def _cell(each: ReadField | None) -> Text:
    if each is None:
        return Text()
    text = Text(each.field.machine_value or "-")
    waits = each.field.state is FieldState.REVIEW
    if waits or not each.right:
        text.append("\n" + "?" * waits, "dim")
    if not each.right:
        text.append(f"≠{each.truth or '-'}", "bold yellow")
    return text


def _as_json(shown: Shown, config: Config) -> dict[str, Any]:
    return {
        "as_it_should": shown.as_it_should,
        "documents": {str(state): count for state, count in shown.progress.states.items()},
        "fields": [
            {
                "document": each.field.document,
                "page": each.field.page,
                "field": each.field.name,
                "value": each.field.machine_value,
                "truth": each.truth,
                "confidence": each.field.confidence,
                "state": each.field.state,
                "reason": each.field.reason,
            }
            for each in shown.fields
        ],
        "failed": [
            {"document": document.name, "reason": document.reason, "file": path} for document, path in shown.failed
        ],
        "labels": shown.imported.added,
        "database": config.database,
        "report": {**shown.told, "files": list(map(str, shown.report))},
    }


@contextmanager
def _progress() -> Iterator[OnStep]:
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn())
    shown = sys.stderr.isatty()
    with Progress(*columns, console=Console(stderr=True), transient=True, disable=not shown) as bar:
        task = bar.add_task("starting", total=None)
        yield lambda step, done, total: bar.update(task, description=step, completed=done, total=total)

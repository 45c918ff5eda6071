"""`digitd label`: labels in and out, as CSV or as Label Studio keeps them, and which are probably wrong."""

import dataclasses
import sys
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import TextIO

import click
from rich.console import Console
from rich.progress import Progress
from rich.table import Table

from digitd.cli._common import current_config, json_option, print_json
from digitd.cli._verifier import verifier_option
from digitd.errors import ExitCode, LabelFileError
from digitd.report.doubtful import Doubtful, doubtful
from digitd.store import Store
from digitd.verify.keying import verifier_name
from digitd.verify.label_studio import export_tasks, read_tasks
from digitd.verify.labels import Imported, export_labels, exported_rows, import_labels, read_rows

#: Rows left out that are named one by one; a thousand lines would hide the first.
NAMED = 20


@click.group()
def label() -> None:
    """Import or export labels: what people say that fields are."""


@label.command("import")
@click.argument("file", type=click.Path(path_type=Path))
@verifier_option
@json_option
def import_command(file: Path, verifier: str | None, *, as_json: bool) -> None:
    """Add the labels of a CSV file with the columns document,page,field,value,verifier, or of Label Studio's JSON.

    Names are those of `digitd export`. An empty value says that nothing is written there; page may be left out and
    is 1 then; verifier may be left out and is you then. Importing a file twice adds nothing. A row that names no
    field, or several, is told and left out: the exit code is 3 then, and 5 if nothing could be used.

    \b
    Examples:
      digitd label import truth.csv --verifier "double entry"
      digitd label import project-7.json
    """
    config = current_config()
    rows = read_tasks(file) if file.suffix == ".json" else read_rows(file)
    with Store.open(config.database) as store, Progress(console=Console(stderr=True), transient=True) as progress:
        task = progress.add_task("Importing", total=len(rows))
        came = import_labels(
            store, rows, verifier=verifier_name(config, verifier), on_row=lambda: progress.advance(task)
        )
    if as_json:
        print_json(dataclasses.asdict(came))
    else:
        _tell(came, file)
    if came.left_out:
        sys.exit(ExitCode.SOME_FAILED if came.added + came.known else ExitCode.BAD_INPUT)


@label.command("export")
@click.argument("file", required=False, type=click.Path(path_type=Path))
@click.option("--form", help="Only labels of this form.")
@click.option("--format", "kind", type=click.Choice(["csv", "label-studio"]), default="csv", show_default=True)
@click.option("--waiting", is_flag=True, help="For Label Studio: the fields that wait, to be labelled there.")
@json_option
def export_command(file: Path | None, form: str | None, kind: str, *, waiting: bool, as_json: bool) -> None:
    """Write the last label of every labelled field as CSV, to FILE or to standard output, or as Label Studio's JSON.

    \b
    Examples:
      digitd label export labels.csv
      digitd label export tasks.json --format label-studio --waiting
    """
    if as_json and (kind != "csv" or file is not None):
        raise click.UsageError("--json prints the labels; it goes with neither --format nor FILE")
    if waiting and kind == "csv":
        raise click.UsageError("--waiting goes with --format label-studio: a CSV of what has no value is empty")
    write = partial(export_tasks, waiting=waiting) if kind == "label-studio" else export_labels
    with Store.open(current_config().database) as store:
        if as_json:
            print_json(list(exported_rows(store, form=form)))
        elif file is None:
            write(store, sys.stdout, form=form)
        else:
            _export_to(file, partial(write, store, form=form))


@label.command("doubtful")
@click.option("--form", help="Only labels of this form.")
@click.option("--key-again", is_flag=True, help="Let these fields be keyed again.")
@verifier_option
@json_option
def doubtful_command(form: str | None, verifier: str | None, *, key_again: bool, as_json: bool) -> None:
    """Tell which labels are probably wrong: the machine is surer of another digit than it is where people agree.

    What two people have keyed alike is not told: the machine is one voice against two.

    \b
    Examples:
      digitd label doubtful
      digitd label doubtful --key-again
    """
    config = current_config()
    with Store.open(config.database) as store:
        found = doubtful(store, form=form)
        sent = 0
        if key_again:
            name = verifier_name(config, verifier)
            sent = store.doubt_fields([one.field.id for one in found], verifier=name, reason="label doubtful")
    rows = [_doubtful_row(one) for one in found]
    if as_json:
        print_json({"labels": rows, "to_be_keyed": sent})
        return
    if rows:
        table = Table(*rows[0], box=None)
        for row in rows[:NAMED]:
            table.add_row(*map(str, row.values()))
        Console().print(table)
    more = f", {len(rows) - NAMED} more than are told here" if len(rows) > NAMED else ""
    click.echo(
        f"labels that are probably wrong: {len(rows)}{more}" + (f"; to be keyed again: {sent}" if key_again else "")
    )


def _doubtful_row(one: Doubtful) -> dict[str, str | int | float]:
    field, said = one.field, one.field.label
    assert said is not None
    return {
        "document": field.document,
        "page": field.page,
        "field": field.name,
        "label": said.value,
        "verifier": said.verifier,
        "read": field.machine_value,
        "margin": round(one.margin, 3),
    }


def _export_to(file: Path, write: Callable[[TextIO], int]) -> None:
    try:
        with file.open("w", encoding="utf-8", newline="") as opened:
            count = write(opened)
    except OSError as fault:
        raise LabelFileError(f"{file}: {fault.strerror}. Name a file that can be written.") from None
    click.echo(f"labels written to {file}: {count}", err=True)


def _tell(came: Imported, file: Path) -> None:
    for row in came.left_out[:NAMED]:
        click.echo(f"digitd: {file}, line {row.line}: {row.reason}", err=True)
    if len(came.left_out) > NAMED:
        click.echo(f"digitd: and {len(came.left_out) - NAMED} rows more", err=True)
    click.echo(f"labels: {came.added} added, {came.known} known already; rows left out: {len(came.left_out)}")

"""`digitd label`: labels in from a CSV file, and out to one."""

import dataclasses
import sys
from pathlib import Path

import click
from rich.console import Console
from rich.progress import Progress

from digitd.cli._common import current_config, json_option, print_json
from digitd.cli._verifier import verifier_option
from digitd.errors import ExitCode, LabelFileError
from digitd.store import Store
from digitd.verify.keying import verifier_name
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
    """Add the labels of a CSV file with the columns document,page,field,value,verifier.

    Names are those of `digitd export`. An empty value says that nothing is written there; page may be left out and
    is 1 then; verifier may be left out and is you then. Importing a file twice adds nothing. A row that names no
    field, or several, is told and left out: the exit code is 3 then, and 5 if nothing could be used.

    \b
    Examples:
      digitd label import truth.csv --verifier "double entry"
    """
    config = current_config()
    rows = read_rows(file)
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
@json_option
def export_command(file: Path | None, form: str | None, *, as_json: bool) -> None:
    """Write the last label of every labelled field as CSV, to FILE or to standard output.

    \b
    Examples:
      digitd label export labels.csv
    """
    with Store.open(current_config().database) as store:
        if as_json:
            print_json(list(exported_rows(store, form=form)))
        elif file is None:
            export_labels(store, sys.stdout, form=form)
        else:
            _export_to(file, store, form)


def _export_to(file: Path, store: Store, form: str | None) -> None:
    try:
        with file.open("w", encoding="utf-8", newline="") as opened:
            count = export_labels(store, opened, form=form)
    except OSError as fault:
        raise LabelFileError(f"{file}: {fault.strerror}. Name a file that can be written.") from None
    click.echo(f"labels written to {file}: {count}", err=True)


def _tell(came: Imported, file: Path) -> None:
    for row in came.left_out[:NAMED]:
        click.echo(f"digitd: {file}, line {row.line}: {row.reason}", err=True)
    if len(came.left_out) > NAMED:
        click.echo(f"digitd: and {len(came.left_out) - NAMED} rows more", err=True)
    click.echo(f"labels: {came.added} added, {came.known} known already; rows left out: {len(came.left_out)}")

"""`digitd report`: what the verified labels say about the machine."""

from pathlib import Path

import click
from rich.console import Console

from digitd.cli._common import current_config, json_option, print_json
from digitd.report import render
from digitd.report.figures import figures
from digitd.store import Store


@click.command()
@click.option("--form", help="Only fields of this form.")
@click.option("--out", type=click.Path(path_type=Path, file_okay=False), help="Write text, JSON and PNG there too.")
@json_option
def report(form: str | None, out: Path | None, *, as_json: bool) -> None:
    """Tell how well the machine reads: confusion matrix, accuracy with 95 % intervals, by form and by digit.

    Only fields with a label count. Labels of fields that waited in review say how the doubtful ones were read; labels
    of all fields, imported or drawn at random, say how everything was.

    \b
    Examples:
      digitd report --form score-sheet --out report/
    """
    with Store.open(current_config().database) as store:
        found = figures(store.labelled_fields(form=form), documents=store.counts(), field_states=store.field_counts())
    scope = f"form {form}" if form else "all forms"
    written = render.write(found, out, scope=scope) if out else []
    if as_json:
        print_json(render.as_json(found) | {"files": [str(path) for path in written]})
        return
    Console().print(render.text(found, scope=scope))
    for path in written:
        click.echo(f"written: {path}", err=True)

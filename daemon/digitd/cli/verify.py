"""`digitd verify`: a person keys what the machine is unsure of."""

import dataclasses
import sys

import click
from rich.console import Console

from digitd.cli._common import current_config, json_option, print_json
from digitd.cli._verifier import verifier_option, who
from digitd.store import Store
from digitd.verify.keying import keying
from digitd.verify.session import Session, Summary
from digitd.verify.terminal import Keyboard, sit


@click.command()
@click.option("--terminal", is_flag=True, help="In this terminal; in this version there is no other desk.")
@click.option("--form", help="Only fields of this form.")
@verifier_option
@click.option("--show-reading", is_flag=True, help="Show what the machine read; Enter alone confirms it.")
@json_option
def verify(form: str | None, verifier: str | None, *, terminal: bool, show_reading: bool, as_json: bool) -> None:
    """Key the fields that wait for a verifier, the least certain first.

    The picture of each field is shown and its digits are typed, one key a digit; Enter saves. The reading stays
    hidden unless --show-reading is given, because whoever is shown a wrong digit tends to agree with it. What differs
    from the reading is keyed again by another verifier, and where the two differ a third settles it. u takes back, ?
    shows all keys. Every label is stored at once; several people may key at the same time.

    \b
    Examples:
      digitd verify --terminal --form score-sheet
    """
    config = current_config()
    console = Console(stderr=as_json)
    if not (sys.stdin.isatty() and console.is_terminal):
        raise click.UsageError("keys are read from a terminal, and here is none; `digitd label import FILE` needs none")
    if not terminal:
        click.echo("In this version the desk is in the terminal.", err=True)
    with Store.open(config.database) as store:
        session = Session(keying(store, config, verifier=who(config, verifier), show_reading=show_reading), form=form)
        if session.field is not None:
            with Keyboard(sys.stdin.fileno()) as keys:
                sit(session, keys, console)
        session.end()
        summary = session.summary()
    if as_json:
        print_json(dataclasses.asdict(summary))
    else:
        click.echo(sentence(summary))


def sentence(summary: Summary) -> str:
    """What came of a sitting, in words."""
    waiting = f"{summary.waiting} {'field waits' if summary.waiting == 1 else 'fields wait'} for a verifier."
    if summary.labelled == 0:
        return f"Nothing labelled. {waiting}" if summary.waiting else "Nothing waits for a verifier."
    each = f"{summary.seconds / summary.labelled:.1f} s and {summary.keys / summary.labelled:.1f} keys each"
    skipped = f", {summary.skipped} skipped" if summary.skipped else ""
    fields = "1 field" if summary.labelled == 1 else f"{summary.labelled} fields"
    return f"{fields} labelled ({each}){skipped}. {waiting}"

"""`digitd retry`: failed documents again."""

import sys

import click

from digitd import ledger
from digitd.cli._common import current_config, json_option, named_documents, open_store, print_json
from digitd.errors import DigitdError, ExitCode
from digitd.intake.names import printable
from digitd.records import DocumentState


@click.command(short_help="Read failed documents again.")
@click.argument("files", nargs=-1, metavar="[FILE]...")
@click.option("--form", help="Read them with this form instead of the one they were dropped with.")
@json_option
def retry(files: tuple[str, ...], form: str | None, as_json: bool) -> None:
    """Queue failed documents again: all of them, or those named (a name as dropped, or a number as in `failed/`).

    A running service reads them at its next look, otherwise the next `digitd run` does.

    \b
    Examples:
      digitd retry
      digitd retry scan7.png --form tally
    """
    config = current_config()
    queued, refused = [], {}
    with open_store(config) as store:
        found = [] if files else store.documents(states=[DocumentState.FAILED])
        for file in files:
            named = named_documents(store, file)
            found += named
            if not named:
                refused[file] = f"{printable(file)}: no document of that name or number; see `digitd status`"
        for document in found:
            if document.state is DocumentState.FAILED:
                try:
                    ledger.retry(document, store, config, form=form)
                    queued.append(document.name)
                except DigitdError as fault:
                    refused[document.name] = str(fault)
            elif files:
                refused[document.name] = f"{document.name} has not failed: it is {document.state}"
    if as_json:
        print_json({"queued": queued, "refused": refused})
    else:
        for reason in refused.values():
            click.echo(reason, err=True)
        click.echo(f"{len(queued)} queued again." if queued else "Nothing to read again.")
    if refused:
        sys.exit(ExitCode.SOME_FAILED)

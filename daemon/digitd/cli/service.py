"""`digitd run` and `digitd retry`: the service, and failed documents again."""

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import click
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, TextColumn, TimeRemainingColumn
from rich.progress import Progress as Bar

from digitd import ledger, logs
from digitd.cli._common import config_file, current_config, json_option, named_documents, open_store, print_json
from digitd.config import Config
from digitd.errors import DigitdError, ExitCode
from digitd.intake.names import printable
from digitd.records import DocumentState
from digitd.service import Progress, serve


@click.command(short_help="Read what is dropped into the inbox, until stopped.")
@click.option("--once", is_flag=True, help="Read what is there, and end: 0 all read, 3 some failed.")
@json_option
def run(once: bool, as_json: bool) -> None:
    """Read what is dropped into the inbox, until stopped with Ctrl-C or SIGTERM; what is in hand is finished first.

    \b
    Examples:
      digitd run
      digitd run --once --json
    """
    config = current_config()
    with _progress(config, show=once) as on_progress:
        progress = serve(config, file=config_file(), once=once, on_progress=on_progress)
    if as_json:
        print_json(_facts(progress))
    else:
        click.echo(summary(progress))
    failed = progress.states[DocumentState.FAILED]
    if once and not progress.stopped and (failed or progress.unsettled or any(item.barred for item in progress.left)):
        sys.exit(ExitCode.SOME_FAILED)


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


def summary(progress: Progress) -> str:
    """One line on what a run has done."""
    counts = [f"{progress.states[state]} {state}" for state in _TOLD if progress.states[state]]
    rate = f", {progress.pages / progress.seconds:.1f} pages/s" if progress.pages and progress.seconds else ""
    text = f"{progress.finished} document{'s' * (progress.finished != 1)}: {', '.join(counts) or 'nothing to read'}"
    text += f" ({progress.pages} pages in {progress.seconds:.1f} s{rate})." if progress.pages else "."
    if progress.stopped and progress.waiting:
        text += f" Stopped; {progress.waiting} wait for the next run."
    if barred := sum(item.barred for item in progress.left):
        text += f" {barred} in the inbox cannot be taken: see `digitd status`."
    if progress.unsettled:
        text += f" {progress.unsettled} in the inbox are still being written."
    if progress.states[DocumentState.FAILED]:
        text += " Why: var/failed/*.reason.txt or `digitd status FILE`."
    return text


_TOLD = (DocumentState.DONE, DocumentState.REVIEW, DocumentState.FAILED, DocumentState.DUPLICATE)


def _facts(progress: Progress) -> dict[str, object]:
    return {
        "documents": {str(state): progress.states[state] for state in _TOLD},
        "pages": progress.pages,
        "seconds": round(progress.seconds, 3),
        "stopped": progress.stopped,
        "waiting": progress.waiting,
        "left": [{"path": printable(str(i.path)), "reason": i.reason} for i in progress.left if not i.junk],
    }


@contextmanager
def _progress(config: Config, *, show: bool) -> Iterator[Callable[[Progress], None] | None]:
    """A bar on a terminal; then only warnings are logged, which would break through it."""
    if not show or not sys.stderr.isatty():
        yield None
        return
    logs.configure("warning", json=config.log.json_lines)
    columns = (TextColumn("Reading"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Bar(*columns, console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task("Reading", total=None)
        yield lambda p: bar.update(task, completed=p.finished, total=p.finished + p.waiting)

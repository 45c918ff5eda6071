"""`digitd run`: the service."""

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

import click

from digitd.announce.receivers import receivers_of
from digitd.cli._common import config_file, current_config, json_option, print_json
from digitd.errors import ExitCode

if TYPE_CHECKING:
    from digitd.config import Config
    from digitd.service import Progress


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
    receivers = tuple(receivers_of(config))  # whose secret is not for the processes that read
    from digitd.records import DocumentState
    from digitd.service import serve

    with _progress(config, show=once) as on_progress:
        progress = serve(config, file=config_file(), once=once, receivers=receivers, on_progress=on_progress)
    if as_json:
        print_json(_facts(progress))
    else:
        click.echo(summary(progress))
    failed = progress.states[DocumentState.FAILED]
    if once and not progress.stopped and (failed or progress.unsettled or any(item.barred for item in progress.left)):
        sys.exit(ExitCode.SOME_FAILED)


def summary(progress: "Progress") -> str:
    """One line on what a run has done."""
    from digitd.records import DocumentState

    counts = [f"{count} {state}" for state, count in _counts(progress).items() if count]
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


def _counts(progress: "Progress") -> dict[str, int]:
    from digitd.records import DocumentState as State

    return {str(state): progress.states[state] for state in (State.DONE, State.REVIEW, State.FAILED, State.DUPLICATE)}


def _facts(progress: "Progress") -> dict[str, object]:
    from digitd.intake.names import printable

    return {
        "documents": _counts(progress),
        "pages": progress.pages,
        "seconds": round(progress.seconds, 3),
        "stopped": progress.stopped,
        "waiting": progress.waiting,
        "left": [{"path": printable(str(i.path)), "reason": i.reason} for i in progress.left if not i.junk],
    }


@contextmanager
def _progress(config: "Config", *, show: bool) -> Iterator["Callable[[Progress], None] | None"]:
    """A bar on a terminal; then only warnings are logged, which would break through it."""
    if not show or not sys.stderr.isatty():
        yield None
        return
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, TextColumn, TimeRemainingColumn
    from rich.progress import Progress as Bar

    from digitd import logs

    logs.configure("warning", json=config.log.json_lines)
    columns = (TextColumn("Reading"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Bar(*columns, console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task("Reading", total=None)
        yield lambda p: bar.update(task, completed=p.finished, total=p.finished + p.waiting)

"""What `digitd train` shows on standard error while it trains: a bar for each network, and sentences."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from rich.progress import Progress, TaskID


class Bars:
    """Bars on standard error, one a network, with the figures so far beside it."""

    def __init__(self, progress: "Progress") -> None:
        self._progress = progress
        self._tasks: dict[str, TaskID] = {}

    def say(self, line: str) -> None:
        """Print line above the bars."""
        if self._progress.disable:
            click.echo(line, err=True)
        else:
            self._progress.console.print(line, highlight=False, soft_wrap=True)

    def show(self, part: str, share: float, *, figures: Mapping[str, float]) -> None:
        """Move the bar of part."""
        if part not in self._tasks:
            self._tasks[part] = self._progress.add_task(part, total=1.0, figures="")
        so_far = f"{100 * figures.get('accuracy', 0):.2f} % right, loss {figures.get('loss', 0):.4f}"
        self._progress.update(self._tasks[part], completed=share, figures=so_far)


@contextmanager
def shown_progress(*, quiet: bool) -> Iterator[Bars]:
    """Show bars meanwhile, with quiet sentences alone; who stops the training hears that it can be gone on with."""
    from rich.console import Console
    from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn, TimeRemainingColumn

    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        TextColumn("{task.percentage:>3.0f} %  {task.fields[figures]}"),
        TimeElapsedColumn(),
        TextColumn("left"),
        TimeRemainingColumn(),
    )
    with Progress(*columns, console=Console(stderr=True), disable=quiet) as progress:
        bars = Bars(progress)
        try:
            yield bars
        except KeyboardInterrupt:
            bars.say("stopped: the same command goes on after the last whole round")
            raise

"""`digitd model evaluate`: digitd finds it as an entry point and never imports it. No TensorFlow."""

from collections.abc import Iterator
from contextlib import contextmanager
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING

import click

from digitd.cli._common import current_config, json_option, print_json
from digitd.errors import NotInstalled

if TYPE_CHECKING:
    from digitd_trainer.evaluation.evaluate import Told


@click.command(short_help="Measure a model on sets of digits.")
@click.argument("name", required=False)
@click.option(
    "--data",
    type=click.Path(path_type=Path),
    multiple=True,
    required=True,
    help="A folder of sets, or what `digitd train` takes; as often as you like.",
)
@click.option(
    "--out", type=click.Path(path_type=Path, file_okay=False), help="Write an HTML page, pictures, text and JSON there."
)
@json_option
def evaluate(name: str | None, *, data: tuple[Path, ...], out: Path | None, as_json: bool) -> None:
    """Measure the model NAME, or the configured one, on sets of single digits, by the file that reads pages.

    How many it gets right, what it takes for what, whether it means what its probabilities say, what passes at which
    threshold, and how much of what is no digit passes for one. With --out also in pictures, and as a page to browse.

    \b
    Example:
      digitd model evaluate paper --data digits/ --out report/
    """  # noqa: D301  (click reads the control character)
    if find_spec("sklearn") is None:
        raise NotInstalled('measuring a model needs scikit-learn. Run: pip install "digitd[train]"')
    from digitd.models import find
    from digitd_trainer.commands._sets import tell_left_out
    from digitd_trainer.evaluation import evaluate as measuring
    from digitd_trainer.evaluation import write

    config = current_config(optional=True)
    model = find(name or config.reading.model, config.models)
    if out is not None:
        write.make_folder(out)
    with _progress() as told:
        found = measuring.evaluate(model, data, own=config.models, told=told)
        page = write.write(found, out, told=told) if out is not None else None
    tell_left_out(list({said.source.name: said.source for said in found.said}.values()))
    if as_json:
        print_json(write.as_json(found))
        return
    from rich.console import Console

    from digitd_trainer.evaluation.text import text

    Console(width=write.COLUMNS).print(text(found), soft_wrap=True)
    if page is not None:
        click.echo(f"Written: {page}, and its pictures and figures beside it.")


@contextmanager
def _progress() -> Iterator["Told"]:
    """A bar on standard error, where it is a terminal."""
    from rich.console import Console
    from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn

    columns = (TextColumn("{task.description}"), BarColumn(), TextColumn("{task.percentage:>3.0f} %"))
    console = Console(stderr=True)
    quiet = not console.is_terminal
    with Progress(*columns, TimeElapsedColumn(), console=console, transient=True, disable=quiet) as bar:
        task = bar.add_task("", total=1.0)

        def told(what: str, share: float) -> None:
            bar.update(task, description=what, completed=share)

        yield told

"""`digitd read`: pictures in, values out, at once; no database, no inbox."""

import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import click
import cv2
from rich.console import Console
from rich.table import Table
from rich.text import Text

from digitd.cli._common import current_config, json_option, print_json, tracked
from digitd.errors import ConfigError, ExitCode, UnreadableDocument
from digitd.reader import open_reader
from digitd.reading.pipeline import Trace
from digitd.records import FieldReading, FieldState
from digitd.report.stages import stage_pictures


@dataclass(frozen=True, slots=True, kw_only=True)
class _Found:
    """A field that was read, and what it should be where that is known."""

    image: str
    page: int
    form: str | None
    field: FieldReading
    truth: str | None = None

    @property
    def right(self) -> bool | None:
        return None if self.truth is None else self.field.value == self.truth


@click.command(short_help="Read pictures at once, without a database.")
@click.argument("images", nargs=-1, required=True, type=click.Path(path_type=Path))
@click.option("--form", help="The form the pictures are; otherwise every form is tried, then lines of writing.")
@click.option("--truth", help="What they say, in order, with commas: 2,3,5,7,8.")
@click.option(
    "--plot", type=click.Path(path_type=Path), help="Write a gallery, and with --truth a confusion matrix, as PNG."
)
@click.option("--debug", type=click.Path(path_type=Path, file_okay=False), help="Write what each stage made as PNG.")
@json_option
def read(
    images: Sequence[Path], form: str | None, truth: str | None, plot: Path | None, debug: Path | None, as_json: bool
) -> None:
    """Read pictures at once, without a database.

    \b
    Examples:
      digitd read digits/*.png --truth 2,3,5,7,8 --plot gallery.png
      digitd read scan.tif --form tally --debug stages/
    """
    reader = open_reader(current_config(optional=True))
    failures: dict[str, str] = {}
    found: list[_Found] = []
    for number, image in enumerate(tracked(images, "Reading", show=len(images) > 4), start=1):
        try:
            for trace in reader.trace(image.read_bytes(), form):
                found += _fields(image, trace)
                if trace.reading.reason:
                    failures[f"{image}, page {trace.reading.number}"] = trace.reading.reason
                if debug:
                    _write_stages(trace, debug, f"{number}-{image.stem}")
        except (UnreadableDocument, OSError) as fault:
            failures[str(image)] = (fault.strerror or "cannot be read") if isinstance(fault, OSError) else str(fault)
    for name, why in failures.items():
        click.echo(f"digitd: {name}: {why}", err=True)
    found = _with_truth(found, truth)
    if as_json:
        print_json({"fields": [_as_json(item) for item in found], "failed": failures})
    else:
        _print(found)
    if plot:
        _plot(found, plot)
    if failures:
        sys.exit(ExitCode.SOME_FAILED)


def _fields(image: Path, trace: Trace) -> list[_Found]:
    page = trace.reading
    return [_Found(image=str(image), page=page.number, form=page.form, field=field) for field in page.fields]


def _write_stages(trace: Trace, folder: Path, stem: str) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    for stage, picture in stage_pictures(trace).items():
        path = folder / f"{stem}-p{trace.reading.number}-{stage}.png"
        path.write_bytes(cv2.imencode(".png", picture)[1].tobytes())


def _with_truth(found: list[_Found], truth: str | None) -> list[_Found]:
    if truth is None:
        return found
    said = [part.strip() for part in truth.split(",")]
    if len(said) != len(found):
        raise ConfigError(
            f"--truth names {len(said)} values, but {len(found)} fields were read: give one a field, in order."
        )
    return [
        _Found(image=item.image, page=item.page, form=item.form, field=item.field, truth=value)
        for item, value in zip(found, said, strict=True)
    ]


def _as_json(item: _Found) -> dict[str, Any]:
    field = item.field
    return {
        "image": item.image,
        "page": item.page,
        "form": item.form,
        "field": field.name,
        "value": field.value,
        "confidence": round(field.confidence, 6),
        "state": field.state,
        "reason": field.reason,
        "box": [round(v, 1) for v in (field.box.x0, field.box.y0, field.box.x1, field.box.y1)],
        "candidates": {c.value: round(c.probability, 6) for c in field.candidates},
    } | ({} if item.truth is None else {"truth": item.truth, "right": item.right})


def _print(found: list[_Found]) -> None:
    judged = any(item.truth is not None for item in found)
    table = Table(box=None, header_style="bold", pad_edge=False)
    for name in ("image", "page", "field", "value", *(["truth"] if judged else []), "confidence", "state", "reason"):
        table.add_column(name, justify="right" if name in ("page", "value", "truth", "confidence") else "left")
    for item in found:
        field = item.field
        truth = [Text(item.truth or "", "" if item.right else "red")] if judged else []
        confidence = "" if field.state is FieldState.BLANK else f"{field.confidence:.3f}"
        image = Text(Path(item.image).name)
        table.add_row(
            image, str(item.page), Text(field.name), field.value, *truth, confidence, field.state, Text(field.reason)
        )
    console = Console()
    console.print(table)
    if judged:
        right = sum(bool(item.right) for item in found)
        console.print(f"{right} of {len(found)} right")


def _plot(found: list[_Found], path: Path) -> None:
    from digitd.report.plots import plot_gallery  # matplotlib, only where a plot is asked for

    items = [item for item in found if item.field.state is not FieldState.BLANK]
    if not items:
        raise ConfigError("--plot: nothing was read, so there is nothing to draw.")
    truths = [item.truth for item in items if item.truth is not None]
    plot_gallery(
        [_picture(item.field) for item in items],
        [item.field.value for item in items],
        confidences=[item.field.confidence for item in items],
        path=path,
        truths=truths or None,
    )
    click.echo(f"wrote {path}", err=True)


def _picture(field: FieldReading) -> Any:
    """The glyph where the field is a single one, as the student's report shows them; else the field as it was cut."""
    import numpy as np

    if len(field.glyphs) == 1:
        return field.glyphs[0].pixels
    return cv2.imdecode(np.frombuffer(field.crop, np.uint8), cv2.IMREAD_GRAYSCALE)

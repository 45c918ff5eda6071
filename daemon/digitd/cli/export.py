"""`digitd export`: values as CSV or JSON, one row a field, streamed."""

import csv
import io
import json
import re
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import IO

import click

from digitd.cli._common import current_config, json_option, open_store, tracked
from digitd.errors import ConfigError
from digitd.records import FieldState
from digitd.stored import as_row

COLUMNS = (
    "document", "sha256", "page", "form", "field", "value", "confidence", "state", "reason", "model", "read_at",
)  # fmt: skip

_AGO = re.compile(r"(\d+)([mhdw])")
_UNITS = {"m": "minutes", "h": "hours", "d": "days", "w": "weeks"}


@click.command(short_help="Values as CSV or JSON.")
@click.option("--format", "kind", type=click.Choice(["csv", "json"]), default="csv", show_default=True)
@click.option("--form", help="Only pages of this form.")
@click.option("--state", "states", multiple=True, type=click.Choice([str(s) for s in FieldState]), help="Only these.")
@click.option("--since", help="Only documents read since: 2026-11-22, 2026-11-22T14:00, 30m, 12h, 7d.")
@click.option("--output", type=click.Path(path_type=Path, dir_okay=False), help="Write here instead.")
@json_option
def export(
    kind: str, form: str | None, states: tuple[str, ...], since: str | None, output: Path | None, as_json: bool
) -> None:
    """Write the values of fields, a label's where a person has given one: one row a field.

    \b
    Examples:
      digitd export --format csv --state accepted --state verified > values.csv
      digitd export --form tally --since 7d --json
    """
    after = None if since is None else moment(since, now=datetime.now(UTC))
    wanted = [FieldState(state) for state in states] or None
    with open_store(current_config()) as store, _opened(output) as out:
        found = store.fields(form=form, states=wanted, since=after)
        rows = (as_row(f) for f in tracked(found, "Exporting", show=output is not None))
        if kind == "json" or as_json:
            write_json(rows, out)
        else:
            write_csv(rows, out)


def write_csv(rows: Iterator[dict[str, object]], out: IO[str]) -> None:
    """Write rows as CSV (RFC 4180): every row ends with CR LF, and what needs quotes has them."""
    writer = csv.DictWriter(out, COLUMNS)
    writer.writeheader()
    writer.writerows(rows)


def write_json(rows: Iterator[dict[str, object]], out: IO[str]) -> None:
    """Write rows as a JSON list, one row a line."""
    before = "[\n"
    for values in rows:
        out.write(before + json.dumps(values, ensure_ascii=False))
        before = ",\n"
    out.write("[]\n" if before == "[\n" else "\n]\n")


def moment(text: str, *, now: datetime) -> datetime:
    """The time that text means: ISO 8601, local where it names no zone, or so long before now.

    Raises
    ------
    ConfigError
        It means no time.
    """
    try:
        if ago := _AGO.fullmatch(text):
            return now - timedelta(**{_UNITS[ago[2]]: int(ago[1])})
        return datetime.fromisoformat(text).astimezone(UTC)
    except (ValueError, OverflowError):
        raise ConfigError(
            f"--since {text}: not a time. Give 2026-11-22, 2026-11-22T14:00, 30m, 12h, 7d or 2w."
        ) from None


@contextmanager
def _opened(output: Path | None) -> Iterator[IO[str]]:
    """Standard output, or a file that has its name only when it is complete."""
    if output is None:
        wrapped = io.TextIOWrapper(sys.stdout.buffer, encoding="utf-8", newline="", write_through=True)
        try:
            yield wrapped
        finally:
            wrapped.detach()
        return
    temporary = output.with_name(f".{output.name}.tmp")
    try:
        with temporary.open("w", encoding="utf-8", newline="") as out:
            yield out
        temporary.replace(output)
    except OSError as fault:
        temporary.unlink(missing_ok=True)
        raise ConfigError(f"{output}: {fault.strerror}. Name another file with --output.") from None

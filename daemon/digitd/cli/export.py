"""`digitd export`: values as CSV, JSON or Parquet, one row a field, streamed; or a view for SQL."""

import csv
import io
import json
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from itertools import islice
from pathlib import Path
from typing import IO

import click

from digitd.cli._common import current_config, json_option, look_into, open_store, tracked
from digitd.cli._time import moment
from digitd.errors import ConfigError, NotInstalled
from digitd.records import FieldState
from digitd.stored import as_row

COLUMNS = (
    "document", "sha256", "page", "form", "field", "value", "confidence", "state", "reason", "model", "read_at",
)  # fmt: skip

#: Rows of Parquet written at a time.
BATCH = 50_000


@click.command(short_help="Values as CSV, JSON or Parquet.")
@click.option(
    "--format", "kind", type=click.Choice(["csv", "json", "jsonl", "parquet"]), default="csv", show_default=True
)
@click.option("--form", help="Only pages of this form.")
@click.option("--state", "states", multiple=True, type=click.Choice([str(s) for s in FieldState]), help="Only these.")
@click.option("--since", help="Only documents read since: 2026-11-22, 2026-11-22T14:00, 30m, 12h, 7d.")
@click.option("--output", type=click.Path(path_type=Path, dir_okay=False), help="Write here instead.")
@click.option("--sql-view", metavar="FORM", help="Print SQL for a view of this form instead: a column a field.")
@json_option
def export(
    kind: str,
    form: str | None,
    states: tuple[str, ...],
    since: str | None,
    output: Path | None,
    sql_view: str | None,
    as_json: bool,
) -> None:
    """Write the values of fields, a label's where a person has given one: one row a field.

    \b
    Examples:
      digitd export --format csv --state accepted --state verified > values.csv
      digitd export --form tally --since 7d --json
      digitd export --sql-view tally > tally.sql
    """
    if sql_view is not None:
        print_view(sql_view)
        return
    if kind == "parquet" and output is None:
        raise ConfigError("Parquet is no text: name a file with --output values.parquet.")
    after = None if since is None else moment(since, now=datetime.now(UTC))
    wanted = [FieldState(state) for state in states] or None
    with look_into(current_config()) as store, _opened(output) as out:
        found = store.fields(form=form, states=wanted, since=after)
        rows = (as_row(f) for f in tracked(found, "Exporting", show=output is not None))
        if kind == "json" or as_json:
            write_json(rows, out)
        elif kind == "jsonl":
            write_json_lines(rows, out)
        elif kind == "parquet":
            write_parquet(rows, out.buffer)  # type: ignore[attr-defined]  # a file, as was seen to above
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


def write_json_lines(rows: Iterator[dict[str, object]], out: IO[str]) -> None:
    """Write rows as JSON, each a line of its own."""
    for values in rows:
        out.write(json.dumps(values, ensure_ascii=False) + "\n")


def write_parquet(rows: Iterator[dict[str, object]], out: IO[bytes]) -> None:
    """Write rows as Parquet: text, but page an integer, confidence a float and read_at a time in UTC.

    Raises
    ------
    NotInstalled
        pyarrow is not there.
    """
    try:
        import pyarrow
        from pyarrow import parquet
    except ImportError:
        raise NotInstalled(
            "Parquet needs pyarrow: pip install 'digitd[parquet]'. Or export CSV, which every reader of Parquet takes."
        ) from None
    kinds = {"page": pyarrow.int32(), "confidence": pyarrow.float64(), "read_at": pyarrow.timestamp("s", tz="UTC")}
    schema = pyarrow.schema([(name, kinds.get(name, pyarrow.string())) for name in COLUMNS])
    with parquet.ParquetWriter(out, schema) as writer:
        while some := list(islice(rows, BATCH)):
            timed = [row | {"read_at": datetime.fromisoformat(str(row["read_at"]))} for row in some]
            writer.write_table(pyarrow.Table.from_pylist(timed, schema=schema))


def print_view(form: str) -> None:
    """Print the SQL of a view of form.

    Raises
    ------
    ConfigError
        Nothing of that form has been read.
    """
    from digitd.store.views import view_of

    with open_store(current_config()) as store:
        names = store.field_names(form)
    if not names:
        raise ConfigError(f"--sql-view {form}: no page of that form has been read. `digitd form list` names the forms.")
    click.echo(view_of(form, names), nl=False)


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
        raise ConfigError(f"{output}: {fault.strerror}. Name another file with --output.") from None
    finally:
        with suppress(OSError):
            temporary.unlink(missing_ok=True)

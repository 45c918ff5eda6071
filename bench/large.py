"""How long commands take with a million glyphs stored. Part of `make bench`; writes large.json.

Fills a database by copying what a page of 28 fields has left behind, then times `--help`, `status`, `status FILE` and
`export --since` as whole commands, Python's start and all imports among it.
"""

import argparse
import json
import sqlite3
import statistics
import subprocess
import sys
import tempfile
import time
from contextlib import closing
from pathlib import Path

from service import DIGITD, digitd, distinct_jpegs, drop, make_clerk

#: Glyphs in the database, at least.
GLYPHS = 1_000_000


def main() -> None:
    """Measure, print, write down."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--glyphs", type=int, default=GLYPHS)
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as scratch:
        folder = make_clerk(Path(scratch) / "clerk")
        drop(folder, distinct_jpegs(2))
        digitd("run", "--once", folder=folder)
        glyphs = multiply(folder / "var" / "digitd.db", given.glyphs)
        results: dict[str, float] = {"glyphs": glyphs, "megabytes": (folder / "var" / "digitd.db").stat().st_size / 1e6}
        for name, command in {
            "status": ("status", "--json"),
            "status_file": ("status", "page0001.jpg", "--json"),
            "export_since": ("export", "--since", "1h", "--output", "values.csv"),
            "help": ("--help",),
        }.items():
            results[f"{name}_seconds"] = seconds(folder, *command)
    for key, value in results.items():
        print(f"  {key:<24} {value:>14,.3f}")
    Path(__file__).with_suffix(".json").write_text(json.dumps(results, indent=2) + "\n", encoding="utf-8")


def multiply(path: Path, wanted: int) -> int:
    """Copy the first document until there are so many glyphs, the copies read long ago; returns how many."""
    with closing(sqlite3.connect(path)) as database, database:
        database.execute("PRAGMA synchronous = OFF")
        columns = {
            table: [row[1] for row in database.execute(f"PRAGMA table_info({table})") if row[1] != "id"]
            for table in ("documents", "moves", "pages", "fields", "glyphs")
        }
        ((each,),) = database.execute(
            "SELECT count(*) FROM glyphs g JOIN fields f ON f.id = g.field_id JOIN pages p ON p.id = f.page_id "
            "WHERE p.document_id = 1"
        ).fetchall()
        fields = [
            row[0]
            for row in database.execute(
                "SELECT f.id FROM fields f JOIN pages p ON p.id = f.page_id WHERE p.document_id = 1"
            )
        ]
        for number in range(wanted // each):
            document = _copy(
                database,
                columns,
                "documents",
                "id = 1",
                {
                    "sha256": f"'{number:064x}'",
                    "token": f"'{number:032x}'",
                    "read_at": "'2020-01-01 00:00:00.000000'",
                    "name": f"'old{number}.jpg'",
                },
            )
            _copy(database, columns, "moves", "document_id = 1", {"document_id": str(document)})
            page = _copy(database, columns, "pages", "document_id = 1", {"document_id": str(document)})
            for field in fields:
                new = _copy(database, columns, "fields", f"id = {field}", {"page_id": str(page)})
                _copy(database, columns, "glyphs", f"field_id = {field}", {"field_id": str(new)})
        ((glyphs,),) = database.execute("SELECT count(*) FROM glyphs").fetchall()
    return int(glyphs)


def _copy(
    database: sqlite3.Connection, columns: dict[str, list[str]], table: str, where: str, other: dict[str, str]
) -> int:
    names = columns[table]
    chosen = ", ".join(other.get(name, name) for name in names)
    done = database.execute(f"INSERT INTO {table} ({', '.join(names)}) SELECT {chosen} FROM {table} WHERE {where}")  # noqa: S608
    return int(done.lastrowid or 0)


def seconds(folder: Path, *command: str) -> float:
    """The median of three runs of a command, from its start to its end."""
    taken = []
    for _ in range(3):
        begun = time.perf_counter()
        subprocess.run([*DIGITD, *command], cwd=folder, check=True, capture_output=True)
        taken.append(time.perf_counter() - begun)
    return statistics.median(taken)


if __name__ == "__main__":
    sys.exit(main())

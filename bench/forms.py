"""How many fields of real forms are right: dropped through the inbox, exported, scored. Skips where there is no data.

Each set of `shared/data` gets templates from its own published boxes, its pages go through `digitd run --once`, and
what `digitd export` writes is held against the truth by `shared/tools/score.py`. Prints a table, writes forms.json.
"""

import argparse
import csv
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

HERE = Path(__file__).resolve().parent
SHARED = Path(os.environ.get("DIGITD_SHARED", HERE.parent.parent / "shared"))
DIGITD = [sys.executable, "-m", "digitd"]
Row = dict[str, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """A file to drop, the form it is, and what its fields say."""

    path: Path
    form: str
    truth: dict[str, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Form:
    """A template to make: from the boxes on reference, or of whole pages where there is none."""

    name: str
    reference: Path | None = None
    boxes: tuple[tuple[Any, ...], ...] = ()


def main() -> None:
    """Measure the sets asked for."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("sets", nargs="*", help=f"of {', '.join(SETS)}; all of them where none is named")
    parser.add_argument("--model", help="another model than the shipped one: a folder")
    parser.add_argument("--keep", type=Path, help="keep the working folders here")
    given = parser.parse_args()
    if unknown := set(given.sets) - set(SETS):
        parser.error(f"no set called {min(unknown)}; there are {', '.join(SETS)}")
    if not (SHARED / "data").is_dir():
        print(f"skipped: no {SHARED / 'data'}; set DIGITD_SHARED to a folder with data/ and tools/")
        return
    with tempfile.TemporaryDirectory() as scratch:
        root = given.keep.resolve() if given.keep else Path(scratch)
        figures = {name: measure(name, root / name, model=given.model) for name in given.sets or SETS}
    (HERE / "forms.json").write_text(json.dumps(figures, indent=2))
    show(figures)


def measure(name: str, root: Path, *, model: str | None) -> dict[str, Any]:
    """Read one set in the new folder root and score it."""
    forms, pages = SETS[name]()
    digitd(root.parent, "init", str(root))
    if model:
        shutil.copytree(model, root / "models" / "measured")
        config = root / "config.toml"
        config.write_text(re.sub(r"^model = .*$", 'model = "measured"', config.read_text(), flags=re.MULTILINE))
    for form in forms:
        make(form, root)
    for page in pages:
        shutil.copy(page.path, root / "inbox" / page.form / page.path.name)
    start = time.perf_counter()
    digitd(root, "run", "--once", "--json", allowed=(0, 3))
    seconds = time.perf_counter() - start
    digitd(root, "export", "--format", "csv", "--output", "export.csv")
    truth = root / "truth.csv"
    rows = [(page.path.name, field, value) for page in pages for field, value in page.truth.items()]
    write_csv(truth, ("file", "field", "truth"), rows)
    scored = subprocess.run(
        [sys.executable, SHARED / "tools" / "score.py", root / "export.csv", truth, "--json"],
        check=True, capture_output=True, text=True,
    )  # fmt: skip
    return json.loads(scored.stdout) | {"pages": len(pages), "seconds": round(seconds, 2)}


def make(form: Form, root: Path) -> None:
    """Make one template with `digitd form new`."""
    if form.reference is None:
        digitd(root, "form", "new", form.name, "--whole-page")
        return
    boxes = root / f"{form.name}.csv"
    write_csv(boxes, ("field", "x0", "y0", "x1", "y1", "cells"), form.boxes)
    digitd(root, "form", "new", form.name, "--reference", str(form.reference), "--fields", str(boxes))


def digitd(folder: Path, *words: str, allowed: tuple[int, ...] = (0,)) -> None:
    """Run a command of digitd in folder; it must end with an exit code that is allowed."""
    folder.mkdir(parents=True, exist_ok=True)
    done = subprocess.run([*DIGITD, *words], cwd=folder, capture_output=True, text=True, check=False)
    if done.returncode not in allowed:
        sys.exit(f"digitd {' '.join(words)}: {done.stderr}")


def show(figures: dict[str, dict[str, Any]]) -> None:
    """Print the table."""
    print(f"{'set':16} {'pages':>5} {'fields':>6} {'right %':>8} {'interval':>14} {'digit err %':>11} "
          f"{'accepted %':>10} {'wrong':>5} {'could pass at 1 %':>17} {'s':>6}")  # fmt: skip
    for name, f in figures.items():
        low, high = f["right_interval_pct"]
        print(f"{name:16} {f['documents']:5} {f['fields']:6} {f['right_pct']:8.1f} {f'{low:.1f} - {high:.1f}':>14} "
              f"{f['digit_error_pct']:11.2f} {f['accepted_pct']:10.1f} {f['accepted_wrong']:5} "
              f"{f['could_pass_at_0.01']:17.1f} {f['seconds']:6.1f}")  # fmt: skip


def nist_hsf() -> tuple[list[Form], list[Page]]:
    """One page, its own template."""
    return boxed("forms_nist_hsf")


def c1_2014() -> tuple[list[Form], list[Page]]:
    """Four pages, the template from the first."""
    return boxed("forms_c1_2014")


def c1_2019() -> tuple[list[Form], list[Page]]:
    """Eight pages, the template from the first, with its cells."""
    return boxed("forms_c1_2019")


def cdigital() -> tuple[list[Form], list[Page]]:
    """Two photos of two different forms, so a template of each; three cells a field."""
    return boxed("forms_cdigital", cells=3, a_form_a_page=True)


def orand_car_a() -> tuple[list[Form], list[Page]]:
    """Four hundred pictures of one amount each."""
    folder = SHARED / "data" / "orand_car_a"
    pages = [
        Page(path=folder / r["file"], form="amount", truth={"page": r["digits"]}) for r in rows(folder / "strings.csv")
    ]
    return [Form(name="amount")], pages


def boxed(folder: str, *, cells: int | None = None, a_form_a_page: bool = False) -> tuple[list[Form], list[Page]]:
    """A set whose truth.csv gives boxes: templates from its first page, or from each page."""
    by_file: dict[str, list[Row]] = {}
    for row in rows(SHARED / "data" / folder / "truth.csv"):
        by_file.setdefault(row["file"], []).append(row)
    forms, pages = [], []
    for number, (file, found) in enumerate(sorted(by_file.items())):
        path = SHARED / "data" / folder / file
        name = f"form{number if a_form_a_page else 0}"
        if number == 0 or a_form_a_page:
            forms.append(Form(name=name, reference=path, boxes=tuple(box(row, cells) for row in found)))
        pages.append(Page(path=path, form=name, truth={row["field"]: row["truth"] for row in found}))
    return forms, pages


def box(row: Row, cells: int | None) -> tuple[Any, ...]:
    """field, x0, y0, x1, y1, cells of a row that gives a box or a quadrilateral."""
    if "x0" in row:
        return (*(row[key] for key in ("field", "x0", "y0", "x1", "y1")), cells or "")
    across = [float(row[key]) for key in ("tl_x", "tr_x", "br_x", "bl_x")]
    down = [float(row[key]) for key in ("tl_y", "tr_y", "br_y", "bl_y")]
    return row["field"], min(across), min(down), max(across), max(down), row["ncells"]


def rows(path: Path) -> Iterator[Row]:
    """The rows of a CSV file."""
    with path.open(newline="") as file:
        yield from csv.DictReader(file)


def write_csv(path: Path, header: tuple[str, ...], lines: Any) -> None:
    """Write a CSV file."""
    with path.open("w", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(header)
        writer.writerows(lines)


SETS = {
    "nist_hsf": nist_hsf,
    "c1_2019": c1_2019,
    "c1_2014": c1_2014,
    "cdigital": cdigital,
    "orand_car_a": orand_car_a,
}

if __name__ == "__main__":
    main()

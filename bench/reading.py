"""How many fields of real forms are right: dropped through the inbox, exported, scored. `make bench-reading`.

Each set of `shared/data` goes through `digitd run --once` in a folder of its own, with templates from its own published
boxes or with none, and what `digitd export` writes is held against the truth by `shared/tools/score.py`. Prints a table
and writes it as JSON, which a later measurement can be held against. What is not there is skipped, and said.
"""

import argparse
import csv
import importlib.util
import json
import os
import shutil
import sqlite3
import subprocess
import sys
import tempfile
from collections.abc import Iterable, Sequence
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path
from types import ModuleType
from typing import Any

from form_sets import SETS, Form, FormSet, Page, Row, rows_of
from reading_table import difference, table

HERE = Path(__file__).resolve().parent
CHECKOUT = HERE.parent
SHARED = Path(os.environ.get("DIGITD_SHARED", CHECKOUT.parent / "shared"))
DIGITD = (sys.executable, "-m", "digitd")


def main() -> None:
    """Measure the sets asked for, print them and write them down."""
    given = arguments()
    before = read_json(given.against) if given.against else None
    sets = given.sets or list(SETS)
    skipped = {name: why for name in sets if (why := reason_to_skip(SETS[name], SHARED))}
    for name, why in skipped.items():
        print(f"{name}: skipped: {why}")
    if len(skipped) == len(sets):
        return
    stamp = stamped()
    found = measured([name for name in sets if name not in skipped], model=given.model, keep=given.keep)
    models = {figures.pop("model") for figures in found.values()}
    result = {**stamp, "model": ", ".join(sorted(models)), "sets": found, "skipped": skipped}
    print(table(result))
    if before:
        print(difference(before, result))
    out = given.out or (CHECKOUT / "build" if given.sets else HERE) / "reading.json"
    out.parent.mkdir(parents=True, exist_ok=True)
    out.write_text(json.dumps(result, indent=1) + "\n", encoding="utf-8")
    print(f"\nWritten: {out}")


def arguments() -> argparse.Namespace:
    """What the command line asks for."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("sets", nargs="*", help=f"of {', '.join(SETS)}; all of them where none is named")
    parser.add_argument("--model", type=Path, help="read with this model folder instead of the configured model")
    parser.add_argument("--against", type=Path, help="an earlier JSON: print what has changed since")
    parser.add_argument("--out", type=Path, help="the JSON; else bench/reading.json, for some sets build/reading.json")
    parser.add_argument("--keep", type=Path, help="keep the folders worked in here")
    given = parser.parse_args()
    if unknown := set(given.sets) - set(SETS):
        parser.error(f"no set called {min(unknown)}; there are {', '.join(SETS)}")
    if given.model and not given.model.is_dir():
        parser.error(f"no model folder {given.model}")
    return given


def reason_to_skip(form_set: FormSet, shared: Path) -> str:
    """Why a set cannot be measured; empty where it can."""
    for path in (shared / "data" / form_set.folder, shared / "tools" / "score.py"):
        if not path.exists():
            return f"no {path}; set DIGITD_SHARED to a folder with data/ and tools/"
    return ""


def read_json(path: Path) -> dict[str, Any]:
    """An earlier result."""
    try:
        found: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
        found["sets"].items()
    except (OSError, ValueError, KeyError, AttributeError, TypeError) as fault:
        sys.exit(f"{path}: no earlier result ({fault!r}). Give a JSON that this bench wrote.")
    return found


def stamped() -> dict[str, Any]:
    """When and on what; figures of earlier runs do not make a checkout unclean."""
    changed = git("status", "--porcelain", "--", ":!bench/*.json")
    return {
        "date": datetime.now(UTC).isoformat(timespec="seconds"),
        "commit": git("rev-parse", "HEAD") or "unknown",
        "clean": None if changed is None else changed == "",
        "cores": os.cpu_count(),
    }


def git(*words: str) -> str | None:
    """What git says of the checkout; None where it says nothing, as outside of one."""
    program = shutil.which("git")
    if program is None:
        return None
    done = subprocess.run([program, *words], cwd=CHECKOUT, capture_output=True, text=True, check=False)
    return done.stdout.strip() if done.returncode == 0 else None


def measured(names: Sequence[str], *, model: Path | None, keep: Path | None) -> dict[str, dict[str, Any]]:
    """The figures of each set, and of its second line where it has one."""
    found = {}
    with tempfile.TemporaryDirectory() as scratch:
        root = keep.resolve() if keep else Path(scratch)
        for name in names:
            print(f"reading {name} ...", file=sys.stderr, flush=True)
            found[name] = measure(SETS[name], root / name, model=model)
    return found


def measure(form_set: FormSet, root: Path, *, model: Path | None) -> dict[str, Any]:
    """Read one set in the new folder root and score it."""
    forms, pages = form_set.build(SHARED / "data" / form_set.folder)
    digitd(root.parent, "init", str(root))
    if model:
        shutil.copytree(model, root / "models" / model.resolve().name)
        digitd(root, "model", "use", model.resolve().name)
    for form in forms:
        make(form, root)
    refused = [add_rules(root, form.name, form_set.rules) for form in forms if form_set.rules]
    for page in pages:
        shutil.copy(page.path, root / "inbox" / (page.form or "") / page.path.name)
    facts = json.loads(digitd(root, "run", "--once", "--json", allowed=(0, 3)))
    digitd(root, "export", "--format", "csv", "--output", "export.csv")
    exported = list(rows_of(root / "export.csv"))
    results = with_unread(form_set.named(exported), pages)
    figures = scored(results, truth_of(pages))
    if form_set.beside:
        figures["beside"] = {"what": form_set.beside, **scored(results, truth_of(pages, all_fields=True))}
    return figures | {
        "unread": len({page.path.name for page in pages} - {row["document"] for row in exported}),
        "rules": bool(refused) and not any(refused),
        "rules_refused": next(filter(None, refused), ""),
        "seconds": facts["seconds"],
        "seconds_a_page": seconds_a_page(root),
        "target_pct": form_set.target,
        "naive_pct": form_set.naive,
        "tesseract_pct": form_set.tesseract,
        "model": exported[0]["model"] if exported else "none",
    }


def seconds_a_page(root: Path) -> float:
    """The mean over the pages of what all stages took together, in seconds of one core; 0 where no page was read."""
    with closing(sqlite3.connect(root / "var" / "digitd.db")) as database:
        stages = [json.loads(row[0]) for row in database.execute("SELECT stage_ms FROM pages")]
    return round(sum(sum(page.values()) for page in stages) / 1000 / max(1, len(stages)), 4)


def with_unread(rows: Iterable[Row], pages: Iterable[Page]) -> list[Row]:
    """Rows, and one for each page without any: else score.py would pass over such a page, not count it wrong."""
    found = list(rows)
    read = {row["document"] for row in found}
    nothing = {"field": "", "value": "", "confidence": "0", "state": "review"}
    return found + [{"document": page.path.name, **nothing} for page in pages if page.path.name not in read]


def truth_of(pages: Iterable[Page], *, all_fields: bool = False) -> list[Row]:
    """What the fields of pages say, as score.py takes it: those that count, or all."""
    return [
        {"file": page.path.name, "field": name, "truth": value}
        for page in pages
        for name, value in {**page.truth, **(page.beside if all_fields else {})}.items()
    ]


def scored(results: Sequence[Row], truth: Sequence[Row]) -> dict[str, Any]:
    """The figures of score.py, and which fields are wrong: their names, so that two results can be held together."""
    figures: dict[str, Any] = scorer().score(results, truth)
    said = {(row["document"], row["field"]): "".join(filter(str.isdigit, row["value"])) for row in results}
    wrong = [f"{t['file']} {t['field']}" for t in truth if said.get((t["file"], t["field"])) != t["truth"]]
    return figures | {"wrong": wrong}


def scorer() -> ModuleType:
    """shared/tools/score.py."""
    spec = importlib.util.spec_from_file_location("score", SHARED / "tools" / "score.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def make(form: Form, root: Path) -> None:
    """Make one template with `digitd form new`."""
    if form.reference is None:
        digitd(root, "form", "new", form.name, "--whole-page")
        return
    boxes = root / f"{form.name}.csv"
    write_csv(boxes, ("field", "x0", "y0", "x1", "y1", "cells"), form.boxes)
    digitd(root, "form", "new", form.name, "--reference", str(form.reference), "--fields", str(boxes))


def add_rules(root: Path, form: str, rules: str) -> str:
    """Add rules to a template and return ""; where digitd refuses them the template stays as it was: return why."""
    path = root / "forms" / f"{form}.toml"
    before = path.read_text(encoding="utf-8")
    path.write_text(f"{before}\n{rules}", encoding="utf-8")
    done = started(root, "form", "show", form)
    if done.returncode == 0:
        return ""
    path.write_text(before, encoding="utf-8")
    return done.stderr.strip().partition(f"{path.name}: ")[2] or "no reason told"


def digitd(folder: Path, *words: str, allowed: Sequence[int] = (0,)) -> str:
    """Run a command of digitd in folder and return what it printed; it must end with an exit code that is allowed."""
    folder.mkdir(parents=True, exist_ok=True)
    done = started(folder, *words)
    if done.returncode not in allowed:
        sys.exit(f"digitd {' '.join(words)}: {done.stderr}")
    return done.stdout


def started(folder: Path, *words: str) -> subprocess.CompletedProcess[str]:
    """A command of digitd in folder, run to its end: of this checkout, wherever else one is installed."""
    path = os.pathsep.join(str(CHECKOUT / part) for part in ("daemon", "trainer"))
    env = os.environ | {"PYTHONPATH": path}
    return subprocess.run([*DIGITD, *words], cwd=folder, env=env, capture_output=True, text=True, check=False)


def write_csv(path: Path, header: Sequence[str], lines: Iterable[Sequence[Any]]) -> None:
    """Write a CSV file."""
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        writer.writerow(header)
        writer.writerows(lines)


if __name__ == "__main__":
    main()

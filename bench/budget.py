"""Whether the budget keeps its promise on real writing: thresholds from half of the pages, errors of the others.

Each set of `--data` is read once by `bench/reading.py`'s own steps and kept in `--cache`. Then its pages are split in
halves, many times; with the labels of one half a threshold is set as `digitd run` does while everything is keyed, and
the fields of the other half that pass it are counted, and those of them that are wrong. Where a set has too few labels
to prove a promise nothing passes, which keeps it. Sets of single digits stand for forms with more labels: 50 digits in
their order make a page. Prints a table and writes it as JSON.
"""

import argparse
import csv
import json
import sys
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from form_sets import SETS, FormSet
from numpy.typing import NDArray

import reading
from digitd.budget.ladder import climb, loosest
from digitd.budget.promise import Outcomes, Promise
from digitd.models import find
from digitd.reading.classify import Classifier
from digitd.records import UNSURE
from digitd_trainer.evaluation.glyphs import Way, to_glyphs
from digitd_trainer.evaluation.glyphs import read as read_glyphs

HERE = Path(__file__).resolve().parent
PROMISES = (0.01, 0.02, 0.05)
SPLITS = 50
PAGE = 50

NOTE = """labels: on half of the pages. passes, wrong of it: of the other half, mean over the splits. halves above:
splits in which more than promised is wrong of what passes in the other half, where chance counts too; broken: of what
passes on all pages. could pass: if all that is wrong were known."""

#: Sets of single digits on paper: where their pictures and labels lie, and how they become glyphs.
DIGITS = {
    "paper_digits": ("paper_digits/paper_digits.npz", Way.ISOLATED),
    "nsysu": ("nsysu_digits/nsysu.npz", Way.PLAIN),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Read:
    """The fields of a set as arrays (n,): the number of its page, whether confidence alone decides on it, and so on."""

    page: NDArray[np.int64]
    confidence: NDArray[np.float64]
    may_pass: NDArray[np.bool_]
    right: NDArray[np.bool_]

    def __len__(self) -> int:
        return len(self.page)

    @property
    def pages(self) -> int:
        return len(np.unique(self.page))


def main() -> None:
    """Measure, print and write down."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, default=reading.SHARED / "data", help="the folder of sets")
    parser.add_argument(
        "--cache", type=Path, default=HERE.parent / "build" / "budget", help="what was read is kept here"
    )
    parser.add_argument("--out", type=Path, default=HERE / "budget.json")
    given = parser.parse_args()
    sets = dict(read_all(given.data, given.cache.resolve()))
    if not sets:
        sys.exit(f"{given.data}: none of the sets is there")
    forms = [found for name, found in sets.items() if name not in DIGITS]
    if len(forms) > 1:
        sets["all forms together"] = together(forms)
    rows = [measured(name, found, allowed) for name, found in sets.items() for allowed in PROMISES]
    print(table(rows))
    given.out.write_text(json.dumps({**reading.stamped(), "splits": SPLITS, "rows": rows}, indent=1) + "\n", "utf-8")
    print(f"\nWritten: {given.out}")


def read_all(data: Path, cache: Path) -> Iterator[tuple[str, Read]]:
    """Each set that is there, read."""
    for name, form_set in SETS.items():
        if (data / form_set.folder).exists():
            if not (cache / name / "export.csv").exists():
                print(f"reading {name} ...", file=sys.stderr, flush=True)
                reading.measure(form_set, cache / name, model=None)
            yield name, read_forms(form_set, data, cache / name)
        else:
            print(f"{name}: skipped, not in {data}")
    for name, (file, way) in DIGITS.items():
        if (data / file).exists():
            yield name, read_digits(data / file, way)


def read_forms(form_set: FormSet, data: Path, folder: Path) -> Read:
    """A set of forms, as digitd exported it, held against its truth."""
    _, pages = form_set.build(data / form_set.folder)
    with (folder / "export.csv").open(newline="", encoding="utf-8") as file:
        exported = {(row["document"], row["field"]): row for row in form_set.named(csv.DictReader(file))}
    found = []
    for number, page in enumerate(pages):
        for name, truth in page.truth.items():
            row: Mapping[str, str] = exported.get((page.path.name, name), {})
            alone = row.get("state") == "accepted" or row.get("reason", "").startswith(UNSURE)
            said = "".join(filter(str.isdigit, row.get("value", "")))
            found.append((number, float(row.get("confidence", 0)), alone and bool(said), said == truth))
    return as_read(found)


def read_digits(path: Path, way: Way) -> Read:
    """Single digits as fields of one cell; what is taken for no digit does not pass."""
    model = find("paper", Path())
    classifier = Classifier(model.litert, temperature=float(model.card["temperature"]))
    with np.load(path, allow_pickle=False) as arrays:
        images, labels = arrays["x"], arrays["y"]
    said = read_glyphs(to_glyphs(images, way), classifier)
    best = said.argmax(axis=1)
    rows = zip(range(len(labels)), said.max(axis=1), best < 10, best == labels, strict=True)
    return as_read([(number // PAGE, float(c), bool(may), bool(right)) for number, c, may, right in rows])


def as_read(rows: Sequence[tuple[int, float, bool, bool]]) -> Read:
    page, confidence, may_pass, right = zip(*rows, strict=True)
    return Read(
        page=np.array(page), confidence=np.array(confidence), may_pass=np.array(may_pass), right=np.array(right)
    )


def together(sets: Sequence[Read]) -> Read:
    """Several sets as one, their pages numbered on."""
    shift = np.cumsum([0, *(int(one.page.max()) + 1 for one in sets)])
    return Read(
        page=np.concatenate([one.page + by for one, by in zip(sets, shift, strict=False)]),
        confidence=np.concatenate([one.confidence for one in sets]),
        may_pass=np.concatenate([one.may_pass for one in sets]),
        right=np.concatenate([one.right for one in sets]),
    )


def measured(name: str, found: Read, allowed: float) -> dict[str, Any]:
    """One promise on one set, over all splits of its pages."""
    row: dict[str, Any] = {"set": name, "pages": found.pages, "fields": len(found), "wrong_fields": allowed}
    row["could_pass"] = round(best_share(found, allowed), 4)
    if found.pages < 2:
        return row | {"note": "one page cannot be split"}
    splits = [split(found, allowed, seed) for seed in range(SPLITS)]
    passed, wrong = sum(one.passed for one in splits), sum(one.wrong for one in splits)
    return row | {
        "labels": round(float(np.mean([one.labels for one in splits])), 1),
        "splits_that_pass": sum(one.passed > 0 for one in splits) / SPLITS,
        "share_passed": round(float(np.mean([one.passed / one.fields for one in splits])), 4),
        "wrong_of_passed": round(wrong / passed, 5) if passed else None,
        "splits_above": sum(one.wrong > allowed * one.passed for one in splits) / SPLITS,
        "splits_broken": sum(one.wrong_of_all > allowed for one in splits) / SPLITS,
    }


@dataclass(frozen=True, slots=True, kw_only=True)
class Split:
    """Labels on one half of the pages; on the other half its fields, those that pass, and those of them wrong.

    wrong_of_all is the share wrong of what passes the threshold on all pages.
    """

    labels: int
    fields: int
    passed: int
    wrong: int
    wrong_of_all: float


def split(found: Read, allowed: float, seed: int) -> Split:
    """Set a threshold on half of the pages, drawn with seed, and look what passes it."""
    pages = np.random.default_rng(seed).permutation(np.unique(found.page))
    place = {page: position for position, page in enumerate(pages[: len(pages) // 2])}
    labels = np.array([i for i in range(len(found)) if found.page[i] in place and found.may_pass[i]], np.int64)
    labels = labels[np.argsort([place[page] for page in found.page[labels]], kind="stable")]
    threshold = loosest(climb(keyed(found, labels), np.ones(len(labels)), Promise(wrong_fields=allowed)))
    passes = found.may_pass & (found.confidence >= (2.0 if threshold is None else threshold))
    others = ~np.isin(found.page, list(place))
    return Split(
        labels=len(labels),
        fields=int(others.sum()),
        passed=int((passes & others).sum()),
        wrong=int((passes & others & ~found.right).sum()),
        wrong_of_all=float((~found.right[passes]).mean()) if passes.any() else 0.0,
    )


def keyed(found: Read, labels: NDArray[np.int64]) -> Outcomes:
    """Fields that were all in review, and are keyed."""
    n = len(labels)
    return Outcomes(
        confidence=found.confidence[labels],
        wrong=~found.right[labels],
        known=np.ones(n, bool),
        probability=np.ones(n),
        passed=np.zeros(n, bool),
        seen_at=np.arange(n, dtype=np.float64),
        read_at=np.arange(n, dtype=np.float64),
    )


def best_share(found: Read, allowed: float) -> float:
    """The share that would pass at the best threshold, if all that is wrong were known."""
    order = np.argsort(-found.confidence[found.may_pass], kind="stable")
    wrong = np.cumsum(~found.right[found.may_pass][order])
    counts = np.arange(1, len(order) + 1)
    return float((counts * (wrong <= allowed * counts)).max(initial=0) / len(found))


def table(rows: Sequence[Mapping[str, Any]]) -> str:
    """The rows for people."""
    heads = f"{'set':<20}{'pages':>6}{'fields':>8}{'promise':>9}{'labels':>8}{'passes':>9}{'wrong of it':>13}"
    lines = [f"{heads}{'halves above':>14}{'broken':>8}{'could pass':>12}"]
    for row in rows:
        begin = f"{row['set']:<20}{row['pages']:>6}{row['fields']:>8}{row['wrong_fields']:>9.0%}"
        if "note" in row:
            lines.append(f"{begin}  {row['note']}")
            continue
        wrong = "-" if row["wrong_of_passed"] is None else f"{row['wrong_of_passed']:.2%}"
        lines.append(
            f"{begin}{row['labels']:>8.0f}{row['share_passed']:>9.1%}{wrong:>13}{row['splits_above']:>14.0%}"
            f"{row['splits_broken']:>8.0%}{row['could_pass']:>12.1%}"
        )
    lines.append(NOTE)
    return "\n".join(lines)


if __name__ == "__main__":
    main()

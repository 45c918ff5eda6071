"""What `reading.py` measured as a table for people, and what has changed between two of its results. Text only."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

Figures = Mapping[str, Any]

#: What the share that could pass untouched is to reach, in per cent, in every set.
PASS_TARGET = 80

_HEAD = (
    "set", "pages", "fields", "right %", "95 %", "target", "naive", "Tesseract", "digit err %", "accepted %",
    "wrong", "could pass %", "s a page",
)  # fmt: skip


def table(result: Figures) -> str:
    """One line a set, beside what other readers make of it."""
    lines = [_HEAD]
    for name, figures in result["sets"].items():
        lines.append(_line(name, figures))
        if beside := figures.get("beside"):
            lines.append(_line(f"  {beside['what']}", beside))
    unread = {name: f["unread"] for name, f in result["sets"].items() if f["unread"]}
    missing = {name: f["missing"] for name, f in result["sets"].items() if f["missing"]}
    told = [f"{name}: {count} pages without any field, all counted wrong" for name, count in unread.items()]
    told += [f"{name}: {count} fields not found by their names, all counted wrong" for name, count in missing.items()]
    refused = {name: f["rules_refused"] for name, f in result["sets"].items() if f["rules_refused"]}
    told += [f"{name}: read without its sums, which digitd refused: {why}" for name, why in refused.items()]
    return "\n".join([
        f"{_what(result)}, {result['model']}, {result['cores']} cores",
        *_aligned(lines),
        *told,
        "naive: Otsu, contours, a CNN of 98.9 % on MNIST; Tesseract 5.3, digits only; both were given the true boxes.",
        f"could pass: without review, at 1 % wrong, if the best threshold were known; the target is {PASS_TARGET}.",
        "s a page: all stages of a page, on one core, while the others read too.",
    ])  # fmt: skip


def difference(before: Figures, after: Figures) -> str:
    """One line for each set in both results; what is newly right and wrong is counted field by field."""
    lines: list[Sequence[str]] = [
        ("set", "right %", "points", "newly right", "newly wrong", "digit err %", "accepted %", "wrong", "could pass %",
         "s a page")
    ]  # fmt: skip
    for name, new in after["sets"].items():
        old = before["sets"].get(name)
        if old is None:
            lines.append((name, "not in the earlier result"))
            continue
        lines.append(_changed(name, old, new))
        if "beside" in old and "beside" in new:
            lines.append(_changed(f"  {new['beside']['what']}", old["beside"], new["beside"]))
    return "\n".join([
        f"\nFrom {_what(before)}, {before.get('model', 'a model unknown')}\n  to {_what(after)}, {after['model']}",
        *_aligned(lines),
    ])  # fmt: skip


def _changed(name: str, old: Figures, new: Figures) -> tuple[str, ...]:
    """A line of the difference. Without the names of the wrong fields (or with other fields) none are counted."""
    was, now = set(old.get("wrong", ())), set(new["wrong"])
    same = "wrong" in old and old["fields"] == new["fields"]
    return (
        name,
        _step(old, new, "right_pct", ".1f"),
        f"{new['right_pct'] - old['right_pct']:+.1f}",
        str(len(was - now)) if same else "-",
        str(len(now - was)) if same else "-",
        _step(old, new, "digit_error_pct", ".1f"),
        _step(old, new, "accepted_pct", ".1f"),
        _step(old, new, "accepted_wrong", "d"),
        _step(old, new, "could_pass_at_0.01", ".1f"),
        _step(old, new, "seconds_a_page", ".3f"),
    )


def _step(old: Figures, new: Figures, key: str, form: str) -> str:
    if key not in old or key not in new:
        return ""
    was, now = format(old[key], form), format(new[key], form)
    return now if was == now else f"{was} -> {now}"


def _line(name: str, figures: Figures) -> tuple[str, ...]:
    low, high = figures["right_interval_pct"]
    others = [figures.get(key) for key in ("target_pct", "naive_pct", "tesseract_pct")]
    return (
        name,
        str(figures["documents"]),
        str(figures["fields"]),
        f"{figures['right_pct']:.1f}",
        f"{abs(low):.1f} to {high:.1f}",
        *("" if other is None else f"{other:g}" for other in others),
        f"{figures['digit_error_pct']:.1f}",
        f"{figures['accepted_pct']:.1f}",
        f"{figures['accepted_wrong']} of {figures['accepted']}",
        f"{figures['could_pass_at_0.01']:.1f}",
        f"{figures['seconds_a_page']:.3f}" if "seconds_a_page" in figures else "",
    )


def _what(result: Figures) -> str:
    state = {True: "", False: " with changes", None: " (unknown whether clean)"}[result.get("clean")]
    return f"commit {str(result.get('commit', 'unknown'))[:9]}{state}, {str(result.get('date', 'date unknown'))[:16]}"


def _aligned(lines: Sequence[Sequence[str]]) -> Iterator[str]:
    """Names to the left, figures to the right; a line of two cells is a name and a remark."""
    full = [row for row in lines if len(row) > 2]
    widths = [max(len(cell) for cell in column) for column in zip(*full, strict=True)]
    for row in lines:
        name, *rest = row
        cells = rest if len(row) == 2 else [c.rjust(width) for c, width in zip(rest, widths[1:], strict=True)]
        yield "  ".join([name.ljust(widths[0]), *cells]).rstrip()

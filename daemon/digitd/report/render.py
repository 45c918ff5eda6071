"""A report as text, as JSON and as a picture. The figures come from `digitd.report.figures`."""

import io
import json
from pathlib import Path
from typing import Any

from rich.console import Console, Group, RenderableType
from rich.table import Table
from rich.text import Text

from digitd.errors import ConfigError
from digitd.report.alignment import NOTHING_THERE, SAID, TRUTH
from digitd.report.figures import Figures, GroupFigures, Share
from digitd.report.plots import plot_confusion

#: What a report's folder holds.
TEXT, JSON, PICTURE = "report.txt", "report.json", "confusion.png"

#: Columns of `report.txt`: read in an editor or a mail, not in the terminal it was made in.
TEXT_COLUMNS = 100

NO_LABELS = (
    "No field of {} has a label yet, so nothing can be said about how well the machine reads. "
    "`digitd verify` asks for labels; `digitd label import FILE` takes them from a CSV file."
)


def write(figures: Figures, folder: Path, *, scope: str = "all forms") -> list[Path]:
    """Write report.txt, report.json and confusion.png into folder, making it, and return their paths.

    Raises
    ------
    ConfigError
        The folder cannot be written.
    """
    page = io.StringIO()
    Console(file=page, width=TEXT_COLUMNS, color_system=None).print(text(figures, scope=scope))
    try:
        folder.mkdir(parents=True, exist_ok=True)
        (folder / TEXT).write_text("\n".join(line.rstrip() for line in page.getvalue().splitlines()) + "\n", "utf-8")
        (folder / JSON).write_text(json.dumps(as_json(figures), indent=2, ensure_ascii=False) + "\n", "utf-8")
    except OSError as fault:
        raise ConfigError(f"{fault.filename}: {fault.strerror}. Name a folder that can be written.") from None
    plot_confusion(
        figures.matrix,
        folder / PICTURE,
        title=f"Digits of verified fields, {scope}",
        rows=TRUTH,
        columns=SAID,
        note=f"{sentence(figures.digits)} of digits right" if figures.digits.total else "no digit labelled yet",
    )
    return [folder / name for name in (TEXT, JSON, PICTURE)]


def sentence(share: Share) -> str:
    """A share with its interval in words.

    Examples
    --------
    >>> sentence(Share(right=9, total=10)), sentence(Share(right=0, total=0))
    ('9 of 10, 90.0 % (95 %: 59.6 to 98.2)', 'none')
    """
    if share.value is None:
        return "none"
    low, high = share.interval
    return f"{share.right:,} of {share.total:,}, {share.value * 100:.1f} % (95 %: {low * 100:.1f} to {high * 100:.1f})"


def brief(share: Share) -> str:
    """A share with its interval in per cent, short enough for a column.

    Examples
    --------
    >>> brief(Share(right=9, total=10)), brief(Share(right=0, total=0))
    ('9/10  90.0 (59.6-98.2)', '-')
    """
    if share.value is None:
        return "-"
    low, high = share.interval
    return f"{share.right}/{share.total}  {share.value * 100:.1f} ({low * 100:.1f}-{high * 100:.1f})"


def text(figures: Figures, *, scope: str = "all forms") -> RenderableType:
    """The report for a terminal, or for a file without colours."""
    counts = ", ".join(f"{count:,} {state}" for state, count in figures.documents.items() if count) or "none"
    states = ", ".join(f"{count:,} {state}" for state, count in figures.field_states.items() if count) or "none"
    head = [
        Text(f"Report on {scope}", style="bold"),
        Text(f"documents in the database    {counts}"),
        Text(f"fields in the database       {states}"),
    ]
    if figures.fields.total == 0:
        return Group(*head, Text(), Text(NO_LABELS.format(scope)))
    return Group(
        *head,
        Text(),
        Text(f"labelled fields right        {sentence(figures.fields)}"),
        Text(f"  of those that had passed   {sentence(figures.passed)}"),
        Text(f"digits of labels right       {sentence(figures.digits)}"),
        Text(f"glyphs taken for a digit where there is none  {figures.extra:,}"),
        Text(),
        _matrix_table(figures),
        Text(),
        _class_table(figures),
        *(part for name, groups in _breakdowns(figures) for part in (Text(), _group_table(name, groups))),
    )


def as_json(figures: Figures) -> dict[str, Any]:
    """The report as plain values; shares are in [0, 1]."""
    return {
        "documents": {str(state): count for state, count in figures.documents.items()},
        "fields": {str(state): count for state, count in figures.field_states.items()},
        "labelled": _share(figures.fields),
        "passed": _share(figures.passed),
        "digits": _share(figures.digits),
        "extra": figures.extra,
        "confusion": {"rows": list(TRUTH), "columns": list(SAID), "counts": figures.matrix.tolist()},
        "classes": [
            {"digit": each.digit, "recall": _share(each.recall), "precision": _share(each.precision)}
            for each in figures.classes
        ],
        **{
            f"by_{name}": [
                {name: group.name, "fields": _share(group.fields), "digits": _share(group.digits)} for group in groups
            ]
            for name, groups in _breakdowns(figures)
        },
    }


def _breakdowns(figures: Figures) -> tuple[tuple[str, tuple[GroupFigures, ...]], ...]:
    return ("form", figures.forms), ("mode", figures.modes), ("model", figures.models)


def _share(share: Share) -> dict[str, Any]:
    low, high = share.interval
    return {"right": share.right, "total": share.total, "share": share.value, "low": low, "high": high}


def _matrix_table(figures: Figures) -> Table:
    table = Table(title="What it is (rows), what the machine said (columns)", title_justify="left", box=None)
    table.add_column("", justify="right", style="bold")
    for name in SAID:
        table.add_column(name.replace("not a ", "not a\n"), justify="right")
    for truth, row in zip(TRUTH, figures.matrix.tolist(), strict=True):
        table.add_row(truth, *(_cell(truth, said, count) for said, count in zip(SAID, row, strict=True)))
    return table


def _cell(truth: str, said: str, count: int) -> Text:
    if count == 0:
        return Text("·", style="dim")
    right = truth == said or (truth, said) == NOTHING_THERE
    return Text(str(count), style="blue" if right else "bold yellow")


def _class_table(figures: Figures) -> Table:
    table = Table(title="By digit, per cent (95 %)", title_justify="left", box=None)
    table.add_column("digit", justify="right", style="bold")
    table.add_column("found of those there")
    table.add_column("right of those said")
    for each in figures.classes:
        if each.recall.total or each.precision.total:
            table.add_row(each.digit, brief(each.recall), brief(each.precision))
    return table


def _group_table(name: str, groups: tuple[GroupFigures, ...]) -> Table:
    way = {"mode": "way of labelling"}.get(name, name)
    table = Table(title=f"By {way}, per cent (95 %)", title_justify="left", box=None)
    table.add_column(name, style="bold")
    table.add_column("fields right")
    table.add_column("digits right")
    for group in groups:
        table.add_row(group.name, brief(group.fields), brief(group.digits))
    return table

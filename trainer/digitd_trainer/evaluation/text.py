"""An evaluation as text for a terminal or a file."""

from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from digitd_trainer.evaluation import tables
from digitd_trainer.evaluation.evaluate import Evaluation
from digitd_trainer.evaluation.parts import PARTS


def text(found: Evaluation) -> RenderableType:
    """The whole evaluation; each part has a heading."""
    parts: list[RenderableType] = [Text(found.model.id, style="bold")]
    for part in PARTS:
        shown = tables.tables_of(part.name, found)
        if shown:
            parts += [Text(), Text(part.title, style="bold")]
        for table in shown:
            parts += [Text(table.caption, style="dim")] if table.caption else []
            parts.append(_rich(table))
    return Group(*parts)


def _rich(table: tables.Table) -> Table:
    made = Table(box=None, pad_edge=False, header_style="dim")
    for index, heading in enumerate(table.headings):
        made.add_column(heading, justify="left" if index == 0 or index in table.words else "right", no_wrap=True)
    for row in table.rows:
        made.add_row(*row, style="bold" if row[0] in table.main else "dim" if row[0] in table.dim else None)
    return made

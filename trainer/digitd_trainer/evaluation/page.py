"""An evaluation as one HTML page that needs nothing beside it: what was measured, in words, tables and pictures."""

import base64
import html
from collections.abc import Iterable, Iterator, Sequence
from importlib.resources import files

from digitd_trainer.evaluation.calibration import BINS
from digitd_trainer.evaluation.evaluate import SEED, Evaluation
from digitd_trainer.evaluation.parts import PARTS, Part
from digitd_trainer.evaluation.pictures import Picture
from digitd_trainer.evaluation.results import Result
from digitd_trainer.evaluation.sets import Relation, learnt_from
from digitd_trainer.evaluation.tables import Table, tables_of


def page(found: Evaluation, pictures: Sequence[Picture]) -> str:
    """The page, with every picture inside it."""
    sections = {part: section for part in PARTS if (section := _section(part, found, pictures))}
    links = "".join(f'<a href="#{part.name}">{part.title}</a>' for part in sections)
    style = files("digitd_trainer.evaluation").joinpath("page.css").read_text(encoding="utf-8")
    name = html.escape(found.model.id)
    return (
        f'<!doctype html>\n<html lang="en"><head><meta charset="utf-8"><title>{name}</title>'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f"<style>{style}</style></head><body><main>\n"
        f"<header><h1>{name}</h1>{_about(found)}{_cards(found)}<nav>{links}</nav></header>\n"
        + "\n".join(sections.values())
        + f"\n<footer>Made by <code>digitd model evaluate</code>; chance drawn from seed {SEED}. The pictures, and "
        "all figures as JSON, lie beside this page too.</footer></main></body></html>\n"
    )


def _about(found: Evaluation) -> str:
    card = found.model.card
    named = [str(each.get("name")) for each in learnt_from(card)]
    about = f"{len(found.model.litert) / 1000:.0f} kB, {card['classes']} classes, temperature {card['temperature']:g}"
    return f'<p class="quiet">{about}; learnt from {html.escape(", ".join(named) or "what its card does not say")}.</p>'


def _cards(found: Evaluation) -> str:
    return f'<div class="cards">{"".join(_card(*each) for each in headlines(found))}</div>'


def headlines(found: Evaluation) -> Iterator[tuple[str, str, str]]:
    """The figures one asks for first: the figure, what it is, and a line more."""
    kin = [result for result in found.results if result.of_digits and result.relation is Relation.KIN]
    for result in [*kin, *([found.together] if found.together else [])]:
        yield f"{100 * result.accuracy:.2f} %", f"right, {result.name}", _of(result)
    best = found.together or next(iter(kin), None)
    if best is not None and best.calibration is not None:
        error, sure = best.calibration, best.calibration.sure
        yield f"{100 * error.equal_width:.2f} %", f"calibration error, {best.name}", f"{BINS} bins of equal width"
        low, high = sure.interval
        yield (
            f"{100 * sure.accuracy:.2f} %",
            f"right where it says {100 * sure.confidence:.2f} %",
            f"0.99 or more, {sure.examples:,} digits; {100 * low:.2f} to {100 * high:.2f}",
        )
    for junk in found.junk[:1]:
        worst = max(junk.sets, key=lambda each: each.share)
        yield (
            f"{100 * worst.share:.2f} %",
            "of the worst junk passes",
            f"{worst.name.partition(',')[0]}, {worst.examples:,}",
        )


def _of(result: Result) -> str:
    low, high = result.interval
    return f"{result.examples:,} digits; 95 %: {100 * low:.2f} to {100 * high:.2f}"


def _card(figure: str, what: str, more: str) -> str:
    return f'<div class="card"><b>{figure}</b><span>{html.escape(what)}</span><small>{html.escape(more)}</small></div>'


def _section(part: Part, found: Evaluation, pictures: Sequence[Picture]) -> str:
    """A part with its tables and pictures; empty where it has neither."""
    tables = tables_of(part.name, found)
    shown = [picture for picture in pictures if picture.part == part.name]
    if not tables and not shown:
        return ""
    body = "".join(_table(table) for table in tables) + "".join(_figures(shown, folded=part.name == "confusion"))
    return f'<section id="{part.name}"><h2>{part.title}</h2><p>{part.words}</p>{body}</section>'


def _table(table: Table) -> str:
    head = "".join(f"<th>{html.escape(name)}</th>" for name in table.headings)
    rows = "".join(_row(row, table) for row in table.rows)
    caption = f"<caption>{html.escape(table.caption)}</caption>" if table.caption else ""
    return f'<div class="scroll"><table>{caption}<thead><tr>{head}</tr></thead><tbody>{rows}</tbody></table></div>'


def _row(row: Sequence[str], table: Table) -> str:
    kind = "main" if row[0] in table.main else "dim" if row[0] in table.dim else ""
    cells = (
        f"<td class={'words' if index in table.words else 'figure'}>{html.escape(cell)}</td>"
        for index, cell in enumerate(row)
    )
    return f"<tr class='{kind}'>{''.join(cells)}</tr>"


def _figures(pictures: Sequence[Picture], *, folded: bool) -> Iterable[str]:
    """The pictures; with folded all but the first behind a line to click on."""
    drawn = [_figure(picture) for picture in pictures]
    if not folded or len(drawn) < 2:
        return drawn
    return [drawn[0], f"<details><summary>Each of the {len(drawn) - 1} sets</summary>{''.join(drawn[1:])}</details>"]


def _figure(picture: Picture) -> str:
    data = base64.b64encode(picture.path.read_bytes()).decode("ascii")
    title = html.escape(picture.title)
    return (
        f'<figure><img alt="{title}" src="data:image/png;base64,{data}">'
        f"<figcaption>{title} (<code>{html.escape(picture.path.name)}</code>)</figcaption></figure>"
    )

"""A report as one HTML page that needs nothing beside it, no script and no network: to be mailed, read, printed."""

import base64
import html
from collections.abc import Sequence
from importlib.resources import files

from digitd.report.alignment import SAID, TRUTH
from digitd.report.matrices import Cell, Matrix
from digitd.report.mistakes import Mistaken, WrongField
from digitd.report.pictures import Picture
from digitd.report.told import Section, Table, Told

#: What a picture begins with, by its kind.
_JPEG = b"\xff\xd8"


def page(
    told: Told,
    *,
    pictures: Sequence[Picture] = (),
    mistakes: Sequence[Mistaken] = (),
    wrong: Sequence[WrongField] = (),
    made_at: str = "",
) -> str:
    """The page, with every picture inside it; made_at is told at its end."""
    style = files("digitd.report").joinpath("page.css").read_text(encoding="utf-8")
    title = _set(f"{told.title}: {told.scope}")
    cards = "".join(
        f'<div class="card"><b>{_set(figure)}</b><span>{_set(what)}</span><small>{_set(more)}</small></div>'
        for figure, what, more in told.headlines
    )
    sections = "\n".join(_section(section, pictures) for section in told.sections)
    return (
        f'<!doctype html>\n<html lang="en"><head><meta charset="utf-8"><title>{title}</title>'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f"<style>{style}</style></head><body><main>\n"
        f'<header><h1>{_set(told.title)}</h1><p class="quiet">{_set(told.scope)}</p>'
        f'<div class="cards">{cards}</div></header>\n'
        f"{sections}\n{_wrong_fields(wrong)}{_mistakes(mistakes)}"
        f"<footer>Made by <code>digitd report</code>{_set(f', {made_at}' if made_at else '')}.</footer>"
        "</main></body></html>\n"
    )


def _section(section: Section, pictures: Sequence[Picture]) -> str:
    words = "".join(f"<p>{_set(line)}</p>" for line in section.words)
    body = "".join(map(_matrix, section.matrices)) + "".join(map(_table, section.tables))
    drawn = "".join(_figure(picture) for picture in pictures if picture.section == section.name)
    return f'<section id="{section.name}"><h2>{_set(section.title)}</h2>{words}{body}{drawn}</section>'


def _table(table: Table) -> str:
    head = "".join(f"<th>{_set(name)}</th>" for name in table.headings)
    rows = "".join(f"<tr>{''.join(f'<td>{_set(cell)}</td>' for cell in row)}</tr>" for row in table.rows)
    return (
        f'<div class="scroll"><table class="rows"><caption>{_set(table.caption)}</caption>'
        f"<thead><tr>{head}</tr></thead><tbody>{rows}</tbody></table></div>"
    )


def _matrix(matrix: Matrix) -> str:
    head = "".join(f"<th{' class=long' * (len(name) > 2)}>{name}</th>" for name in SAID)
    rows = "".join(
        f"<tr><th>{truth}</th>{''.join(map(_cell, cells))}<td class=side>{_set(side)}</td></tr>"
        for truth, cells, side in zip(TRUTH, matrix.cells, matrix.sides, strict=True)
    )
    return (
        f'<div class="scroll"><table class="matrix"><caption>{_set(matrix.caption)}</caption>'
        f"<thead><tr><th></th>{head}<th></th></tr></thead><tbody>{rows}</tbody></table></div>"
    )


def _cell(cell: Cell) -> str:
    if not cell.text:
        return "<td class=none>&middot;</td>"
    colour = "--right" if cell.right else "--wrong"
    dark = cell.strength > 0.6
    words = "color:#fff;font-weight:600" if dark else "font-weight:600"
    more = f' title="{_set(cell.more)}"' if cell.more else ""
    return f'<td{more} style="background:rgb(var({colour})/{0.12 + 0.88 * cell.strength:.2f});{words}">{cell.text}</td>'


def _figure(picture: Picture) -> str:
    title = _set(picture.title)
    kind = " class=map" if picture.file.startswith("errors-") else ""
    return f'<figure{kind}><img alt="{title}" src="{_data(picture.png)}"><figcaption>{title}</figcaption></figure>'


def _wrong_fields(wrong: Sequence[WrongField]) -> str:
    if not wrong:
        return ""
    shown = "".join(
        f"<div>{_image(each.crop)}read <b>{_set(each.said or 'nothing')}</b>, is "
        f"<b>{_set(each.label or 'nothing')}</b> ({100 * each.confidence:.1f} %)<br>"
        f'<span class="quiet">{_set(each.field)}, {_set(each.document)}, page {each.page}</span></div>'
        for each in wrong
    )
    return (
        f'<section id="passed"><h2>Passed, and wrong</h2><p>The surest {len(wrong)} of the labelled fields that passed '
        f'though people read them otherwise.</p><div class="crops">{shown}</div></section>'
    )


def _mistakes(mistakes: Sequence[Mistaken]) -> str:
    if not mistakes:
        return ""
    cells = "".join(
        f'<div class="cell"><h3>{each.truth} as {each.said}, {each.count:,}</h3><div>'
        + "".join(
            f'<span title="{_set(f"{one.field}, {one.document}")}">{_image(one.png)}{100 * one.confidence:.0f} %</span>'
            for one in each.examples
        )
        + "</div></div>"
        for each in mistakes
    )
    return (
        '<section id="mistakes"><h2>The glyphs behind the errors</h2><p>The most frequent errors, of each the glyphs '
        f'of which the machine was surest, first.</p><div class="glyphs">{cells}</div></section>'
    )


def _image(picture: bytes) -> str:
    return f'<img alt="" src="{_data(picture)}">' if picture else '<span class="quiet">picture deleted </span>'


def _set(words: str) -> str:
    """Words as HTML; a number and its per cent stay on one line."""
    return html.escape(words).replace(" %", "&nbsp;%")


def _data(picture: bytes) -> str:
    kind = "jpeg" if picture.startswith(_JPEG) else "png"
    return f"data:image/{kind};base64,{base64.b64encode(picture).decode('ascii')}"

"""`digitd form`: make, list, show and check templates."""

import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import click

from digitd.cli import _forms
from digitd.cli._common import current_config, json_option, print_json, tracked
from digitd.cli.draw import draw
from digitd.errors import ConfigError, ExitCode, UnreadableDocument
from digitd.forms import library
from digitd.forms.template import to_toml
from digitd.reader import check_forms, limits_of, prepare_form
from digitd.reading.load import load
from digitd.reading.pipeline import Form, best_form
from digitd.records import Page, Registration


@click.group(short_help="Make, list, show and check form templates.")
def form() -> None:
    """Make, list, show and check form templates."""


form.add_command(draw)


@form.command()
@click.argument("name")
@click.option(
    "--reference",
    "references",
    multiple=True,
    type=click.Path(path_type=Path),
    help="A picture or PDF of the form, blank or filled in; once for each page, or with all its pages.",
)
@click.option("--fields", type=click.Path(path_type=Path), help="CSV: field,x0,y0,x1,y1[,cells][,page], in its pixels.")
@click.option("--whole-page", is_flag=True, help="The whole picture is one field; no reference.")
@click.option("--force", is_flag=True, help="Replace a form of that name.")
@json_option
def new(
    name: str, references: tuple[Path, ...], fields: Path | None, whole_page: bool, force: bool, as_json: bool
) -> None:
    """Make a template called NAME.

    Without --fields, the boxes, combs, tables and underlined blanks of the reference
    are found and named.

    \b
    Examples:
      digitd form new tally --reference blank.pdf
      digitd form new tally --reference blank.png --fields fields.csv
      digitd form new amount --whole-page
    """
    if whole_page and (references or fields):
        raise ConfigError("--whole-page takes neither --reference nor --fields: the whole picture is the field.")
    config = current_config()
    limits = limits_of(config)
    made = library.new_form(
        name,
        forms=config.forms,
        references=references,
        fields_csv=fields,
        whole_page=whole_page,
        overwrite=force,
        limits=limits,
    )
    (config.inbox / name).mkdir(parents=True, exist_ok=True)
    pictures = [] if whole_page or fields else _forms.draw_form(made, config.forms, limits)
    path = library.path_of(name, config.forms)
    if as_json:
        print_json({**_forms.as_json(made), "file": str(path), "pictures": [str(picture) for picture in pictures]})
        return
    click.echo(f"{path}: {sum(len(page.fields) for page in made)} fields")
    if pictures:
        click.echo(f"{', '.join(map(str, pictures))}: every field that was found, with its name. Look at it, then")
        click.echo("rename fields in the first file, and delete those that are none;")
        click.echo(f"`digitd form check {name} SCANS... --out DIR` shows how it lies on scans.")
    click.echo(f"Scans dropped into {config.inbox / name} are read with it.")


@form.command("list")
@json_option
def list_forms(as_json: bool) -> None:
    """List the forms, and what is wrong with those that cannot be used."""
    config = current_config()
    found = list(check_forms(config))
    if as_json:
        print_json([{"form": name, "problem": problem} for name, problem in found])
    elif not found:
        click.echo(f"No forms in {config.forms}. Make one with `digitd form new`.")
    for name, problem in found if not as_json else ():
        click.echo(f"{name}: {problem}" if problem else name)


@form.command()
@click.argument("name")
@json_option
def show(name: str, as_json: bool) -> None:
    """Show the template called NAME."""
    pages = library.open_form(name, current_config().forms)
    if as_json:
        print_json(_forms.as_json(pages))
    else:
        click.echo(to_toml(*pages), nl=False)


@form.command()
@click.argument("name")
@click.argument("scans", nargs=-1, type=click.Path(path_type=Path))
@click.option("--out", type=click.Path(path_type=Path), help="Write each scan here, its fields drawn on it.")
@json_option
def check(name: str, scans: Sequence[Path], out: Path | None, as_json: bool) -> None:
    """Check the template called NAME, and how well it lies on SCANS.

    \b
    Example:
      digitd form check tally scans/*.png --out seen
    """
    config = current_config()
    pages = library.open_form(name, config.forms)
    if pages[0].whole_page:
        if as_json:
            print_json({"form": name, "fields": 1, "scans": []})
        else:
            click.echo(f"{name}: the whole page is the field; there is nothing to find on a scan.")
        return
    limits = limits_of(config)
    forms = prepare_form(pages, limits)
    results: list[dict[str, Any]] = []
    for number, scan in enumerate(tracked(scans, "Checking", show=len(scans) > 4), start=1):
        try:
            for page in load(scan.read_bytes(), limits):
                result, found = _fit(page, forms, config.reading.max_residual_mm)
                results.append({"scan": str(scan), **result})
                if out is not None and found is not None:
                    picture = out / f"{number}-{scan.stem}-p{page.number}.png"
                    _forms.draw_scan(picture, page, pages[result["form_page"] - 1], found)
        except (UnreadableDocument, OSError) as fault:
            why = (fault.strerror or "cannot be read") if isinstance(fault, OSError) else str(fault)
            nothing = {"page": None, "form_page": None, "residual_mm": None}
            results.append({"scan": str(scan), **nothing, "problem": why})
    if as_json:
        print_json({"form": name, "fields": sum(len(page.fields) for page in pages), "scans": results})
    else:
        _forms.print_check(pages, results)
        if out is not None and any(result["form_page"] for result in results):
            click.echo(f"{out}: each page that fits, with the fields where they were found")
    if any(result["residual_mm"] is None for result in results):
        sys.exit(ExitCode.SOME_FAILED)


def _fit(page: Page, forms: Sequence[Form], max_residual_mm: float) -> tuple[dict[str, Any], Registration | None]:
    """Which page of the form a page is, and where it lies on it."""
    form, found = best_form(page, forms, max_residual_mm)
    place = next((number for number, each in enumerate(forms, start=1) if each is form), None)
    residual_mm = None if found is None else round(found.residual_mm, 3)
    return {"page": page.number, "form_page": place, "residual_mm": residual_mm, "problem": ""}, found

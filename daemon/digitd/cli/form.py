"""`digitd form`: make, list, show and check templates."""

import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import click
from rich.console import Console
from rich.table import Table
from rich.text import Text

from digitd.cli._common import current_config, json_option, print_json, tracked
from digitd.errors import ConfigError, ExitCode, UnreadableDocument
from digitd.forms import library
from digitd.forms.template import to_toml
from digitd.reader import check_forms, limits_of
from digitd.reading.load import load
from digitd.reading.register import Features, prepare, register
from digitd.records import Template


@click.group(short_help="Make, list, show and check form templates.")
def form() -> None:
    """Make, list, show and check form templates."""


@form.command()
@click.argument("name")
@click.option("--reference", type=click.Path(path_type=Path), help="A picture or PDF of the form, blank or filled in.")
@click.option("--fields", type=click.Path(path_type=Path), help="CSV: field,x0,y0,x1,y1[,cells] in pixels of it.")
@click.option("--whole-page", is_flag=True, help="The whole picture is one field; no reference.")
@click.option("--force", is_flag=True, help="Replace a form of that name.")
@json_option
def new(name: str, reference: Path | None, fields: Path | None, whole_page: bool, force: bool, as_json: bool) -> None:
    """Make a template called NAME.

    \b
    Examples:
      digitd form new tally --reference blank.png --fields fields.csv
      digitd form new amount --whole-page
    """
    if whole_page and (reference or fields):
        raise ConfigError("--whole-page takes neither --reference nor --fields: the whole picture is the field.")
    config = current_config()
    made = library.new_template(
        name,
        forms=config.forms,
        reference=reference,
        fields_csv=fields,
        whole_page=whole_page,
        overwrite=force,
        limits=limits_of(config),
    )
    (config.inbox / name).mkdir(parents=True, exist_ok=True)
    if as_json:
        print_json(_as_json(made))
        return
    click.echo(f"{library.path_of(name, config.forms)}: {len(made.fields)} fields")
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
    template = library.open_template(name, current_config().forms)
    if as_json:
        print_json(_as_json(template))
    else:
        click.echo(to_toml(template), nl=False)


@form.command()
@click.argument("name")
@click.argument("scans", nargs=-1, type=click.Path(path_type=Path))
@json_option
def check(name: str, scans: Sequence[Path], as_json: bool) -> None:
    """Check the template called NAME, and how well it lies on SCANS."""
    config = current_config()
    template = library.open_template(name, config.forms)
    if template.whole_page:
        if as_json:
            print_json({"form": name, "fields": 1, "scans": []})
        else:
            click.echo(f"{name}: the whole page is the field; there is nothing to find on a scan.")
        return
    limits = limits_of(config)
    reference = prepare(template, library.reference_page(template, limits).pixels)
    results: list[dict[str, Any]] = []
    for scan in tracked(scans, "Checking", show=len(scans) > 4):
        try:
            for page in load(scan.read_bytes(), limits):
                found = register(Features(page.pixels), reference, max_residual_mm=config.reading.max_residual_mm)
                residual = None if found is None else round(found.residual_mm, 3)
                results.append({"scan": str(scan), "page": page.number, "residual_mm": residual, "problem": ""})
        except (UnreadableDocument, OSError) as fault:
            why = (fault.strerror or "cannot be read") if isinstance(fault, OSError) else str(fault)
            results.append({"scan": str(scan), "page": None, "residual_mm": None, "problem": why})
    if as_json:
        print_json({"form": name, "fields": len(template.fields), "scans": results})
    else:
        _print_check(template, results)
    if any(result["residual_mm"] is None for result in results):
        sys.exit(ExitCode.SOME_FAILED)


def _print_check(template: Template, results: list[dict[str, Any]]) -> None:
    click.echo(f"{template.name}: {len(template.fields)} fields, its reference is as it was")
    if not results:
        return
    table = Table(box=None, header_style="bold", pad_edge=False)
    table.add_column("scan")
    table.add_column("page", justify="right")
    table.add_column("residual", justify="right")
    for result in results:
        residual = result["residual_mm"]
        said = Text(f"{residual:.2f} mm") if residual is not None else Text(result["problem"] or "does not fit", "red")
        table.add_row(Text(Path(result["scan"]).name), str(result["page"] or ""), said)
    Console().print(table)


def _as_json(template: Template) -> dict[str, Any]:
    return {
        "name": template.name,
        "reference": template.reference,
        "width_px": template.width_px,
        "height_px": template.height_px,
        "dpi": template.dpi,
        "fields": [
            {"name": f.name, "box": [f.box.x0, f.box.y0, f.box.x1, f.box.y1], "cells": f.cells} for f in template.fields
        ],
    }

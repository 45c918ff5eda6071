"""`digitd form draw`: a printable form from a description."""

from pathlib import Path

import click

from digitd.cli._common import current_config, json_option, print_json


@click.command()
@click.argument("name")
@click.option("--description", type=click.Path(path_type=Path), help="TOML: the form's title, fields and tables.")
@click.option("--out", type=click.Path(path_type=Path), help="Write the PDF here too.")
@click.option("--force", is_flag=True, help="Replace a form of that name.")
@json_option
def draw(name: str, description: Path | None, out: Path | None, force: bool, as_json: bool) -> None:
    """Draw a form called NAME to be printed, with markers that it is found by.

    Without --description, write the PDF of a form that was drawn to --out.

    \b
    Examples:
      digitd form draw votes --description votes.toml
      digitd form draw votes --out votes.pdf
    """
    from digitd.errors import ConfigError
    from digitd.forms.draw import copy_pdf, draw_form, pdf_of
    from digitd.reader import limits_of

    config = current_config()
    if description is None and (out is None or force):
        raise ConfigError("give --description FILE.toml to draw a form, or --out FILE.pdf to have its PDF again.")
    if description is not None:
        draw_form(name, description, forms=config.forms, limits=limits_of(config), overwrite=force)
        (config.inbox / name).mkdir(parents=True, exist_ok=True)
    if out is not None:
        copy_pdf(name, out, forms=config.forms)
    _tell(name, out or pdf_of(name, config.forms), drawn=description is not None, as_json=as_json)


def _tell(name: str, pdf: Path, *, drawn: bool, as_json: bool) -> None:
    from digitd.forms.library import open_form

    config = current_config()
    pages = open_form(name, config.forms)
    fields = [field for page in pages for field in page.fields]
    if as_json:
        print_json({"form": name, "pdf": str(pdf), "fields": [field.name for field in fields]})
        return
    click.echo(
        f"{pdf}: {len(pages)} page{'s' * (len(pages) > 1)}, {len(fields)} fields; print it at its own size (100 %)."
    )
    if drawn:
        click.echo(f"Scans and photos dropped into {config.inbox / name} are read with it.")

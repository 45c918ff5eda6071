"""`digitd train preview`: a sheet of what a recipe trains on, to be looked at before an hour is spent on it."""

from pathlib import Path

import click

from digitd.cli._common import json_option, print_json
from digitd_trainer.commands._sets import data_option, read_sets
from digitd_trainer.recipes import RECIPES


@click.command()
@data_option
@click.option("--recipe", type=click.Choice(list(RECIPES)), default="paper", show_default=True, help="Whose glyphs.")
@click.option(
    "--out",
    type=click.Path(path_type=Path, dir_okay=False),
    default="preview.png",
    show_default=True,
    help="The PNG to write.",
)
@click.option("--seed", type=click.IntRange(0, 2**31 - 1), default=42, show_default=True, help="Another: other glyphs.")
@click.option("--rows", type=click.IntRange(1, 20), default=2, show_default=True, help="Of each class.")
@click.option("--columns", type=click.IntRange(1, 60), default=24, show_default=True, help="Glyphs in a row.")
@json_option
def preview(
    data: tuple[Path, ...], recipe: str, out: Path, *, seed: int, rows: int, columns: int, as_json: bool
) -> None:
    """Draw a sheet of the glyphs that a recipe trains on: distorted, with what is no digit, and normalised.

    Without --data, of digits that digitd draws itself. Needs no TensorFlow.

    \b
    Examples:
      digitd train preview
      digitd train preview --data mnist.npz --seed 7 --rows 4 --out sheet.png
    """
    from digitd_trainer.preview import drawn_digits, plot_sheet, sheet

    how = RECIPES[recipe]
    sets = read_sets(data, strangers=how.distorted) if data else [drawn_digits(rows * columns, seed=seed)]
    blocks = sheet(sets, how, count=rows * columns, seed=seed)
    done = ["distorted"] * how.distorted + ["normalised"] * how.normalised
    note = f"{' and '.join(done) or 'as they are'}, seed {seed}: {', '.join(digits.name for digits in sets)}"
    plot_sheet(blocks, out, columns=columns, title=f"What the recipe {recipe} trains on", note=note)
    if as_json:
        print_json({"file": out, "recipe": recipe, "seed": seed, "glyphs": {str(k): len(v) for k, v in blocks.items()}})
    else:
        click.echo(f"{out}: {sum(map(len, blocks.values())):,} glyphs of {len(blocks)} classes")

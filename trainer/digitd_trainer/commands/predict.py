"""`digitd train predict`: what a model says of Kaggle's test.csv, as Kaggle wants it."""

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from digitd.cli._common import current_config, json_option, print_json

if TYPE_CHECKING:
    from digitd_trainer.data.digits import Digits
    from digitd_trainer.predict import Predicted


@click.command()
@click.option("--data", type=click.Path(path_type=Path, dir_okay=False), required=True, help="Kaggle's test.csv.")
@click.option(
    "--out",
    type=click.Path(path_type=Path, dir_okay=False),
    default="submission.csv",
    show_default=True,
    help="The CSV to write: ImageId,Label.",
)
@click.option("--model", help="The model's name; by default the configured one.")
@click.option("--force", is_flag=True, help="Replace a file that is there.")
@json_option
def predict(data: Path, out: Path, model: str | None, *, force: bool, as_json: bool) -> None:
    """Say which digit each line of a CSV is, in the form of Kaggle's Digit Recognizer.

    Every line gets a digit, the likeliest of the ten, also where the model sees none. Where the CSV has labels, as
    train.csv has, the share that is right is told. Needs no TensorFlow.

    \b
    Examples:
      digitd train predict --data test.csv --out submission.csv
      digitd train predict --data train.csv --model seed --json
    """
    from digitd.models import find
    from digitd_trainer import predict as predictions

    predictions.check_writable(out, force=force)
    config = current_config(optional=True)
    found = find(model or config.reading.model, config.models)
    digits = predictions.load_whole(data)
    said = predictions.predict(digits, found)
    predictions.write_submission(out, said.digits)
    figures = {"file": out, "model": found.id, **_figures(digits, said)}
    if as_json:
        print_json(figures)
        return
    click.echo(f"{out}: {figures['digits']:,} digits, read by {found.id}")
    if said.rejected:
        click.echo(f"  {said.rejected:,} look like no digit; each has the likeliest of the ten")
    if "accuracy" in figures:
        low, high = figures["interval"]
        click.echo(
            f"  {100 * figures['accuracy']:.2f} % as labelled, {figures['right']:,} of {figures['digits']:,} "
            f"(95 %: {100 * low:.2f} to {100 * high:.2f})"
        )


def _figures(digits: "Digits", said: "Predicted") -> dict[str, Any]:
    """Counts, and where there are labels the share that is right, in [0, 1], with Wilson's interval at 95 %."""
    from digitd.report.intervals import wilson

    total = len(said.digits)
    counted: dict[str, Any] = {"digits": total, "not_a_digit": said.rejected}
    if digits.labels is None:
        return counted
    right = int((said.digits == digits.labels).sum())
    return counted | {"right": right, "accuracy": right / total, "interval": wilson(right, total)}

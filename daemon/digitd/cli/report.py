"""`digitd report`: what the verified labels say about the machine."""

from datetime import UTC, datetime
from pathlib import Path

import click
from rich.console import Console

from digitd.cli._common import current_config, json_option, open_store, print_json
from digitd.cli._time import moment, period


@click.command()
@click.option("--form", help="Only fields of this form.")
@click.option("--field", help="Only fields of this name.")
@click.option("--since", help="Only documents read since: 2026-11-22, 30m, 12h, 7d.")
@click.option("--until", help="Only documents read before.")
@click.option("--model", help="Only what the model with this id has read.")
@click.option("--verifier", help="Only labels of this verifier.")
@click.option("--against", multiple=True, metavar="MODEL|FROM..TO", help="Compare with a model, or with another time.")
@click.option("--out", type=click.Path(path_type=Path, file_okay=False), help="Write text, JSON, PNG, HTML there too.")
@click.option("--html", type=click.Path(path_type=Path, dir_okay=False), help="Write the page that can be mailed.")
@json_option
def report(
    form: str | None,
    field: str | None,
    since: str | None,
    until: str | None,
    model: str | None,
    verifier: str | None,
    against: tuple[str, ...],
    out: Path | None,
    html: Path | None,
    *,
    as_json: bool,
) -> None:
    """Tell how well the machine reads: confusion matrices, accuracy with 95 % intervals, drift, calibration, the work.

    Labels are mostly of doubtful fields. What is drawn at random of those that passed allows to estimate how right all
    of it is; counts of labels stand beside.

    \b
    Examples:
      digitd report --form score-sheet --out report/
      digitd report --since 7d --html week.html
      digitd report --against paper --against 60d..30d
    """
    from digitd.report import render
    from digitd.report.gather import Period, gather
    from digitd.store.labelled import Scope

    now = datetime.now(UTC)
    config = current_config()
    scope = Scope(
        form=form,
        field=field,
        model=model,
        verifier=verifier,
        since=None if since is None else moment(since, now=now),
        until=None if until is None else moment(until, now=now, option="--until"),
    )
    others = [
        Period(name=each, since=ends[0], until=ends[1]) if (ends := _ends(each, now=now)) else each for each in against
    ]
    with open_store(config) as store:
        found = gather(
            store, scope, against=others, own_models=config.models, pictures=out is not None or html is not None
        )
    written = render.write(found, out) if out else []
    if html:
        render.write_page(found, html)
        written.append(html)
    if as_json:
        print_json(render.as_json(found) | {"files": [str(path) for path in written]})
        return
    Console().print(render.text(found))
    for path in written:
        if path.parent.name != render.SHEETS:
            click.echo(f"written: {path}", err=True)


def _ends(text: str, *, now: datetime) -> tuple[datetime | None, datetime | None] | None:
    """The two ends of a period; None where text names a model."""
    return period(text, now=now) if ".." in text else None

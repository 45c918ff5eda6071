"""`digitd budget`: what is promised of the fields that pass, what proves it, and what other promises would bring."""

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import click

from digitd.bookkeeping import judgements
from digitd.budget.curve import PROMISES, Point, as_text, curve, draw
from digitd.budget.judge import Judgement, at_promise, outlook
from digitd.budget.promise import Group, Promise
from digitd.budget.words import words
from digitd.cli._common import current_config, json_option, open_store, print_json
from digitd.config import Config
from digitd.errors import ConfigError
from digitd.models import find


@click.group(short_help="A promise on errors, and what passes under it.")
def budget() -> None:
    """How sure a field must be to pass, so that at most so many are wrong: set from labels, form by form."""


@budget.command()
@click.option("--form", help="Only this form.")
@click.option("--out", type=click.Path(path_type=Path, dir_okay=False), help="Draw the curves as PNG there.")
@json_option
def show(form: str | None, out: Path | None, as_json: bool) -> None:
    """Tell for each form what is promised, from which confidence on fields pass, what proves it, and what would help.

    \b
    Examples:
      digitd budget show --form score-sheet
    """
    config = current_config()
    found = _judged(config, form)
    curves = {group: curve(judgement) for group, judgement in found.items()}
    if out is not None and found:
        draw([(f"{group}: {found[group].promise}", points) for group, points in curves.items()], out)
    if as_json:
        facts = {"enabled": config.budget.enabled, "groups": [_facts(j, curves[g], config) for g, j in found.items()]}
        print_json(facts)
        return
    click.echo(_preface(config, found))
    for group, judgement in found.items():
        click.echo(f"\n{group}\n  {_words(judgement, config)}\n")
        click.echo(as_text(curves[group], chosen=judgement.promise.wrong_fields))
    if out is not None and found:
        click.echo(f"written: {out}", err=True)


@budget.command()
@click.option("--form", help="Only this form.")
@click.option(
    "--wrong-fields",
    type=click.FloatRange(0, 0.5, min_open=True),
    multiple=True,
    help="A promise to try; several may be given.",
)
@click.option("--confidence", type=click.FloatRange(0.5, 0.9999), help="How sure it is to be; else as configured.")
@json_option
def simulate(form: str | None, wrong_fields: tuple[float, ...], confidence: float | None, as_json: bool) -> None:
    """Tell what would pass at other promises, on the labels there are, and what more labels would bring there.

    \b
    Examples:
      digitd budget simulate --wrong-fields 0.005 --wrong-fields 0.02
    """
    config = current_config()
    found = _judged(config, form)
    tried = {
        group: [
            at_promise(judgement, Promise(wrong_fields=one, confidence=confidence or judgement.promise.confidence))
            for one in sorted(set(wrong_fields or PROMISES))
        ]
        for group, judgement in found.items()
    }
    if as_json:
        print_json([_tried(judgement) for several in tried.values() for judgement in several])
        return
    if not found:
        click.echo(_preface(config, found))
    for group, several in tried.items():
        click.echo(f"{group}: {several[0].labels} labels")
        for judgement in several:
            click.echo(f"  {_line(judgement)}")


def _judged(config: Config, form: str | None) -> dict[Group, Judgement]:
    model = find(config.reading.model, config.models).id
    with open_store(config) as store:
        found = judgements(store, config, model=model, form=form)
    if form is not None and not found:
        raise ConfigError(f"{form}: no field of such a form was read with {model}. `digitd form list` names the forms.")
    return found


def _preface(config: Config, found: dict[Group, Judgement]) -> str:
    if not found:
        return "Nothing has been read with this model: there is nothing to promise anything of."
    if config.budget.enabled:
        return "The budget is in force: what follows is what `digitd run` goes by, from the labels of this moment."
    return (
        f"The budget is not in force (budget.enabled is false): fields pass from {config.reading.accept_confidence:g} "
        "on, whatever follows."
    )


def _words(judgement: Judgement, config: Config) -> str:
    return words(judgement, in_force=config.budget.enabled, audit_share=config.verify.audit_share)


def _line(judgement: Judgement) -> str:
    """One promise of `simulate`."""
    what = f"wrong at most {100 * judgement.promise.wrong_fields:>4g} %: {100 * judgement.share:3.0f} % would pass"
    return "; ".join([what, *_parts(judgement)])


def _parts(judgement: Judgement) -> Iterator[str]:
    if judgement.threshold is not None:
        yield f"from {judgement.threshold:g} on"
    if judgement.drift:
        yield "drift was found"
    elif (more := outlook(judgement)) is not None:
        share = judgement.passing.share(more.threshold)
        yield f"{more.labels} more labels at {more.threshold:g} and more might let {100 * share:.0f} % pass"


def _facts(judgement: Judgement, points: tuple[Point, ...], config: Config) -> dict[str, Any]:
    return {
        "form": judgement.group.form,
        "field": judgement.group.field,
        "confidence": judgement.promise.confidence,
        "in_force": judgement.record.threshold if config.budget.enabled else None,
        **_tried(judgement),
        "waiting": judgement.waiting,
        "audited": judgement.audited,
        "fields": judgement.passing.fields,
        "drift": bool(judgement.drift),
        "restarted_at": datetime.fromtimestamp(judgement.record.restart_at, UTC)
        if judgement.record.restart_at
        else None,
        "words": _words(judgement, config),
        "curve": [
            {"wrong_fields": point.wrong_fields, "threshold": point.threshold, "share": round(point.share, 6)}
            for point in points
        ],
        "steps": [
            {
                "threshold": step.threshold,
                "share": round(judgement.passing.share(step.threshold), 6),
                "labels": step.labels,
                "wrong": step.wrong,
                "wrong_share": step.wrong_share,
                "proved": step.proved,
            }
            for step in judgement.steps
        ],
    }


def _tried(judgement: Judgement) -> dict[str, Any]:
    more = outlook(judgement)
    return {
        "group": str(judgement.group),
        "wrong_fields": judgement.promise.wrong_fields,
        "threshold": judgement.threshold,
        "share": round(judgement.share, 6),
        "labels": judgement.labels,
        "wrong": judgement.wrong,
        "more": None if more is None else {"labels": more.labels, "threshold": more.threshold},
    }

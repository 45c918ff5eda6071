"""A whole report, from the database: what is asked of it, worked out, and compared with what else was named."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path

from digitd import models
from digitd.errors import ConfigError, ModelError
from digitd.records import DocumentState, FieldState
from digitd.report.compare import Classify, Compared, paired, unpaired
from digitd.report.figures import Figures, figures
from digitd.report.mistakes import Mistaken, WrongField, decoded, mistakes, wrong_fields
from digitd.report.people import VerifierFigures, verifiers
from digitd.report.sample import Sample, sample
from digitd.report.told import Told, told
from digitd.store import Store
from digitd.store.labelled import Scope


@dataclass(frozen=True, slots=True, kw_only=True)
class Period:
    """Another time to compare with: when documents were read, until exclusive; name is as it was given."""

    name: str
    since: datetime | None
    until: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """Everything there is to say: documents and field_states count the whole database, the rest is of scope."""

    scope: str
    documents: dict[DocumentState, int]
    field_states: dict[FieldState, int]
    figures: Figures
    people: tuple[VerifierFigures, ...]
    compared: tuple[Compared, ...]
    mistakes: tuple[Mistaken, ...] = ()
    wrong: tuple[WrongField, ...] = ()

    @property
    def told(self) -> Told:
        return told(self.figures, scope=self.scope, people=self.people, compared=self.compared)


def gather(
    store: Store,
    scope: Scope | None = None,
    *,
    against: Sequence[str | Period] = (),
    own_models: Path = Path("models"),
    pictures: bool = False,
) -> Report:
    """Work out the report of scope.

    Parameters
    ----------
    against
        Models, by id or by the name of their folder, and periods, to compare with.
    own_models
        The operator's folder of models.
    pictures
        Whether the pictures behind errors are wanted too.

    Raises
    ------
    ConfigError
        There is no such model, here or in the database.
    ModelError
        A model cannot be used.
    """
    scope = scope or Scope()
    found = sample(store, scope)
    worked_out = figures(found)
    return Report(
        scope=in_words(scope),
        documents=store.counts(),
        field_states=store.field_counts(),
        figures=worked_out,
        people=verifiers(store, form=scope.form, since=scope.since, until=scope.until),
        compared=tuple(
            _with_period(store, scope, worked_out, each)
            if isinstance(each, Period)
            else _with_model(store, scope, found, worked_out, name=each, own=own_models)
            for each in against
        ),
        mistakes=mistakes(store, found, worked_out) if pictures else (),
        wrong=wrong_fields(store, found) if pictures else (),
    )


def in_words(scope: Scope) -> str:
    """What a report is of.

    Examples
    --------
    >>> in_words(Scope()), in_words(Scope(form="tally", field="total"))
    ('all forms', 'form tally, field total')
    """
    parts = [f"form {scope.form}" if scope.form else "all forms"]
    parts += [f"{what} {value}" for what, value in (("field", scope.field), ("model", scope.model)) if value]
    if scope.verifier:
        parts.append(f"labels of {scope.verifier}")
    if scope.since:
        parts.append(f"read since {scope.since:%Y-%m-%d %H:%M} UTC")
    if scope.until:
        parts.append(f"read before {scope.until:%Y-%m-%d %H:%M} UTC")
    return ", ".join(parts)


def _with_period(store: Store, scope: Scope, here: Figures, period: Period) -> Compared:
    there = sample(store, replace(scope, since=period.since, until=period.until))
    return unpaired(period.name, here, figures(there))


def _with_model(store: Store, scope: Scope, found: Sample, here: Figures, *, name: str, own: Path) -> Compared:
    """The model itself where its folder is there; else what it has read, in other documents."""
    model = _model(name, own)
    if model is None:
        there = sample(store, replace(scope, model=name))
        if not there.read:
            raise ConfigError(
                f"--against {name}: no model of that name or id, and nothing was read with it. `digitd model list` "
                "shows the models there are; a period is given as 2026-10-01..2026-11-01, or 60d..30d."
            )
        return unpaired(name, here, figures(there))
    return paired(
        model.id,
        found,
        store.labelled_glyphs(scope, field_ids=found.fields.ids),
        classify=_classifier(model),
        pictures=lambda places: decoded(store.glyph_pictures(places)),
    )


def _model(name: str, own: Path) -> models.Model | None:
    for folder in models.folders(own):
        if folder.name == name.partition("@")[0] or folder.name == name:
            found = models.open_model(folder)
            if name in {folder.name, found.id}:
                return found
    for folder in models.folders(own):
        try:
            if (found := models.open_model(folder)).id == name:
                return found
        except ModelError:
            continue  # another one that is damaged is no reason not to find this one
    return None


def _classifier(model: models.Model) -> Classify:
    from digitd.reading.classify import Classifier  # only where a model reads

    return Classifier(model.litert, temperature=float(model.card["temperature"]))

"""Measures a model: sets are found, read by the shipped file as pages are read, and everything counted. No pictures."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from digitd.errors import ModelError
from digitd.models import Model, folders, open_model
from digitd.reading.classify import Classifier
from digitd_trainer.data.digits import DatasetError
from digitd_trainer.evaluation import results
from digitd_trainer.evaluation.glyphs import Said, read_sets
from digitd_trainer.evaluation.junk import Junk
from digitd_trainer.evaluation.results import Result
from digitd_trainer.evaluation.sets import Relation, Source, find_sets, relation

#: Where the chance in drawing strangers comes from.
SEED = 1

Told = Callable[[str, float], None]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Evaluation:
    """Everything that was measured of a model.

    said is what it said of each set in each way, in the order of results; drawn what it said of what is no digit and
    was drawn for it.
    """

    model: Model
    said: Sequence[Said]
    drawn: Sequence[Said]
    results: Sequence[Result]
    together: Result | None
    junk: Sequence[Junk]
    left_out: Sequence["LeftOut"]

    @property
    def no_digits(self) -> Sequence[Said]:
        """All sets in which nothing is a digit, in the way pages are read: first those drawn, then real ones."""
        return [*self.drawn, *(said for said in self.said if said.as_read and said.labels is None)]

    def digits(self, relation: Relation) -> Sequence[Said]:
        """The sets of digits with which the model had this relation, in the way pages are read."""
        return digits_of(self.said, self.results, relation)

    def as_json(self) -> dict[str, Any]:
        return {
            "model": self.model.id,
            "seed": SEED,
            "sets": [each.as_json() for each in self.results],
            "together": self.together.as_json() if self.together else None,
            "junk": [each.as_json() for each in self.junk],
            "left_out": [each.as_json() for each in self.left_out],
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class LeftOut:
    """A model that was trained without a set, and how right it is on the whole of it; None where not measured."""

    model: str
    set: str
    right: int | None = None
    examples: int | None = None

    def as_json(self) -> dict[str, Any]:
        return {"model": self.model, "set": self.set, "right": self.right, "examples": self.examples}


def evaluate(model: Model, paths: Sequence[Path], *, own: Path, told: Told) -> Evaluation:
    """Measure model on every set at paths.

    Parameters
    ----------
    model
        It, opened.
    paths
        Folders and files of sets.
    own
        The folder of models, among which are those that were trained with a set left out.
    told
        Hears what is being done and the share of it that is done, in [0, 1].

    Raises
    ------
    DatasetError
        There is no set at one of paths, or one is not what it should be.
    """
    told("loading", 0.0)
    sources = [source for path in paths for source in find_sets(path)]
    check_names(sources)
    classifier = Classifier(model.litert, temperature=float(model.card["temperature"]))
    said = list(read_sets(sources, classifier, told=lambda share: told("reading", share)))
    told("counting", 1.0)
    related = [relation(each.source, model.card) for each in said]
    found = [results.result(each, kind, learnt=learnt) for each, (kind, learnt) in zip(said, related, strict=True)]
    kinds = (Relation.STRANGE, Relation.KIN, Relation.CALIBRATED)
    strange, kin, calibrated = (digits_of(said, found, kind) for kind in kinds)
    drawn = results.drawn_junk([*kin, *strange, *calibrated], classifier=classifier, seed=SEED)
    no_digits = [*drawn, *(each for each in said if each.as_read and each.labels is None)]
    working = [(results.TOGETHER, strange), *((each.source.name, [each]) for each in (*kin, *calibrated))]
    return Evaluation(
        model=model,
        said=said,
        drawn=drawn,
        results=found,
        together=results.together(strange, name=results.TOGETHER, relation=Relation.STRANGE) if strange else None,
        junk=[results.junk_passing(no_digits, digits, of=name) for name, digits in working if digits],
        left_out=list(left_out(own)),
    )


def digits_of(said: Sequence[Said], found: Sequence[Result], kind: Relation) -> list[Said]:
    """The sets of digits, in the way pages are read, with which the model had such a relation."""
    pairs = zip(said, found, strict=True)
    return [each for each, figures in pairs if each.as_read and figures.of_digits and figures.relation is kind]


def check_names(sources: Sequence[Source]) -> None:
    """Two sets of one name could not be told apart.

    Raises
    ------
    DatasetError
        There are two.
    """
    names = [source.name for source in sources]
    if doubled := sorted({name for name in names if names.count(name) > 1}):
        raise DatasetError(f"{doubled[0]}: two sets are called so. Give it once, or rename one of the files.")


def left_out(own: Path) -> Iterator[LeftOut]:
    """Every usable model in the folder own, or shipped, whose card says that a set was left out of its training."""
    for folder in folders(own):
        try:
            card = open_model(folder).card
        except ModelError:
            continue  # `digitd model list` tells of it
        for name in _names(card.get("left_out")):
            right, examples = _measured(card, name)
            yield LeftOut(model=folder.name, set=name, right=right, examples=examples)


def _names(sets: object) -> list[str]:
    """The names of the sets that a card lists."""
    named = sets if isinstance(sets, list) else []
    return [str(each["name"]) for each in named if isinstance(each, Mapping) and "name" in each]


def _measured(card: Mapping[str, Any], name: str) -> tuple[int | None, int | None]:
    """The card's figures of the left-out set called name, as the training measured them at its end."""
    evaluation = card.get("evaluation")
    for each in evaluation if isinstance(evaluation, list) else []:
        if isinstance(each, Mapping) and each.get("left_out") and each.get("set") == name:
            return int(each["right"]), int(each["examples"])
    return None, None

"""The whole path in a folder of its own: draw cards, drop them, read them, import the truth, report. Prints nothing."""

import shutil
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from digitd.config import Config
from digitd.demo import encode
from digitd.demo.card import FORM, blank_card, fields_csv
from digitd.demo.scans import HOW_MANY, LEFT_TO_VERIFY, Scan, scans, truth_csv
from digitd.errors import ConfigError
from digitd.forms import library
from digitd.intake import archive
from digitd.records import DocumentState
from digitd.report import render
from digitd.report.figures import Figures
from digitd.report.gather import gather
from digitd.service import Progress, serve
from digitd.store import Store
from digitd.store.labelled import Scope
from digitd.stored import Document, StoredField
from digitd.verify.labels import Imported, import_labels, read_rows

#: A folder with this file in it was made by the demo, and may be emptied by it.
MARKER = ".digitd-demo"

#: Files in the demo's folder.
BLANK, FIELDS, TRUTH, REPORT = Path("blank/card.png"), Path("blank/fields.csv"), Path("truth.csv"), Path("report")

#: Fewer fields right than this and something is broken: the cards are drawn so as to be readable.
RIGHT_SHARE = 0.8

#: What is told while the demo runs: which step, how much of it is done, and how much there is.
OnStep = Callable[[str, int, int], None]


@dataclass(frozen=True, slots=True, kw_only=True)
class ReadField:
    """A field as it was read, before any label, beside what is truly written there."""

    field: StoredField
    truth: str

    @property
    def right(self) -> bool:
        return self.field.machine_value == self.truth


@dataclass(frozen=True, slots=True, kw_only=True)
class Shown:
    """What the demo did: the fields it read, the document that failed with its file, the labels and the report.

    told is the report as plain values.
    """

    fields: tuple[ReadField, ...]
    progress: Progress
    failed: tuple[tuple[Document, Path | None], ...]
    imported: Imported
    figures: Figures
    report: tuple[Path, ...]
    told: Mapping[str, Any]

    @property
    def right(self) -> int:
        return sum(each.right for each in self.fields)

    @property
    def as_it_should(self) -> bool:
        """Whether one document failed, one was known, every label found its field, and nearly all was read rightly."""
        states = self.progress.states
        return (
            states[DocumentState.FAILED] == states[DocumentState.DUPLICATE] == 1
            and not self.imported.left_out
            and bool(self.fields)
            and self.right >= RIGHT_SHARE * len(self.fields)
        )


def empty_folder(folder: Path, *, force: bool) -> None:
    """Make folder an empty one with the marker in it; with force, what an earlier demo left there is removed.

    Raises
    ------
    ConfigError
        There is something in it that no demo made, an earlier demo without force, or it cannot be written.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
        found = list(folder.iterdir())
        if found and not (folder / MARKER).is_file():
            raise ConfigError(f"{folder}: not empty, and not a demo's folder. Name another one: `digitd demo DIR`.")
        if found and not force:
            raise ConfigError(f"{folder}: holds an earlier demo. `digitd demo {folder} --force` makes it anew.")
        (folder / MARKER).touch()
        for path in found:
            if path.name != MARKER:
                shutil.rmtree(path) if path.is_dir() and not path.is_symlink() else path.unlink()
    except OSError as fault:
        raise ConfigError(f"{fault.filename}: {fault.strerror}. Name a folder that can be written.") from None


def show(config: Config, *, on_step: OnStep = lambda *_: None) -> Shown:
    """Run the demo in the folders of config, which `empty_folder` and `digitd init` have made ready.

    Raises
    ------
    DigitdError
        The service, the form or the database cannot be used.
    """
    found = _drop(config, on_step)
    progress = serve(config, once=True, on_progress=lambda p: on_step("reading", p.finished, p.finished + p.waiting))
    with Store.open(config.database) as store:
        fields = tuple(_beside_truth(store, found))
        rows = [row for row in read_rows(config.root / TRUTH) if row.document != LEFT_TO_VERIFY]
        imported = import_labels(
            store, rows, verifier="truth", on_row=_counting("importing labels", len(rows), on_step)
        )
        on_step("reporting", 0, 1)
        told = gather(store, Scope(form=FORM), pictures=True)
        failed = tuple(
            (each, archive.find(each, config.var)) for each in store.documents(states=[DocumentState.FAILED])
        )
    return Shown(
        fields=fields,
        progress=progress,
        failed=failed,
        imported=imported,
        figures=told.figures,
        report=tuple(render.write(told, config.root / REPORT)),
        told=render.as_json(told),
    )


def _drop(config: Config, on_step: OnStep) -> list[Scan]:
    """Make the form, draw the scans and drop them into its folder of the inbox."""
    (config.root / BLANK).parent.mkdir()
    (config.root / BLANK).write_bytes(encode.as_png([blank_card()]))
    (config.root / FIELDS).write_text(fields_csv(), encoding="utf-8")
    library.new_form(FORM, forms=config.forms, references=[config.root / BLANK], fields_csv=config.root / FIELDS)
    folder = config.inbox / FORM
    folder.mkdir(parents=True, exist_ok=True)
    found: list[Scan] = []
    for scan in scans():
        on_step("drawing cards", len(found), HOW_MANY)
        (folder / scan.name).write_bytes(scan.data)
        found.append(scan)
    (config.root / TRUTH).write_text(truth_csv(found), encoding="utf-8")
    return found


def _beside_truth(store: Store, found: Sequence[Scan]) -> Iterator[ReadField]:
    truth = {
        (scan.name, number, field): value
        for scan in found
        for number, page in enumerate(scan.pages, start=1)
        for field, value in page.items()
    }
    for field in store.fields():
        yield ReadField(field=field, truth=truth[field.document, field.page, field.name])


def _counting(step: str, total: int, on_step: OnStep) -> Callable[[], None]:
    done = iter(range(1, total + 1))
    return lambda: on_step(step, next(done), total)

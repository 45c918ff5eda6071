"""Writes an evaluation into a folder: text, JSON, pictures, and one HTML page that holds them all."""

import io
import json
from pathlib import Path

from rich.console import Console

from digitd.errors import ConfigError
from digitd_trainer.evaluation.evaluate import Evaluation, Told
from digitd_trainer.evaluation.gallery import mistakes
from digitd_trainer.evaluation.page import page
from digitd_trainer.evaluation.pictures import draw
from digitd_trainer.evaluation.sets import Relation
from digitd_trainer.evaluation.text import text

#: What a folder holds beside its pictures.
TEXT, JSON, PAGE = "evaluation.txt", "evaluation.json", "evaluation.html"

#: Columns of the text: its tables are wide, and are not folded.
COLUMNS = 160

#: About how many pictures there are, for the bar of progress.
_PICTURES = 13


def write(found: Evaluation, folder: Path, *, told: Told) -> Path:
    """Write everything into folder, which must be there, and return the page's path.

    Raises
    ------
    ConfigError
        The folder cannot be written.
    """
    try:
        (folder / TEXT).write_text(plain(found), "utf-8")
        (folder / JSON).write_text(json.dumps(as_json(found), indent=2, ensure_ascii=False) + "\n", "utf-8")
        pictures = []
        for picture in draw(found, folder):
            pictures.append(picture)
            told("drawing", min(1.0, len(pictures) / _PICTURES))
        (folder / PAGE).write_text(page(found, pictures), "utf-8")
    except OSError as fault:
        raise ConfigError(f"{fault.filename}: {fault.strerror}. Name another folder with --out.") from None
    return folder / PAGE


def make_folder(folder: Path) -> None:
    """Make folder, before a minute of work and not after it.

    Raises
    ------
    ConfigError
        It cannot be made.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as fault:
        raise ConfigError(f"{folder}: {fault.strerror}. Name another folder with --out.") from None


def as_json(found: Evaluation) -> dict[str, object]:
    """The figures, and where the most confident mistakes are."""
    sets = [each for kind in (Relation.STRANGE, Relation.KIN, Relation.CALIBRATED) for each in found.digits(kind)]
    return {**found.as_json(), "mistakes": [mistake.as_json() for mistake in mistakes(sets, limit=100)]}


def plain(found: Evaluation) -> str:
    """The text, without colours and without spaces at the ends of its lines."""
    written = io.StringIO()
    Console(file=written, width=COLUMNS, color_system=None).print(text(found))
    return "\n".join(line.rstrip() for line in written.getvalue().splitlines()) + "\n"

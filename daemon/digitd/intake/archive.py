"""Where the file of a finished document lies: a function of its record, so that a crash before the move is no loss."""

from pathlib import Path

from digitd.intake import claim
from digitd.intake.names import filed_as
from digitd.records import IN_FLIGHT, DocumentState
from digitd.stored import Document

WORK, ARCHIVE, FAILED, DUPLICATES = "work", "archive", "failed", "duplicates"

#: Behind the name of a failed file: the file that says why.
REASON = ".reason.txt"


def prepare(var: Path) -> None:
    """Make the folders in var."""
    for name in (WORK, ARCHIVE, FAILED, DUPLICATES):
        (var / name).mkdir(parents=True, exist_ok=True)


def place(document: Document, var: Path) -> Path:
    """Where the file of a finished document belongs."""
    name = filed_as(document.id, document.name)
    if document.state is DocumentState.FAILED:
        return var / FAILED / name
    if document.state is DocumentState.DUPLICATE:
        return var / DUPLICATES / name
    if document.read_at is None:
        raise ValueError(f"document {document.id} is {document.state}: its file belongs in {WORK}")
    return var / ARCHIVE / f"{document.read_at:%Y/%m/%d}" / name


def find(document: Document, var: Path) -> Path | None:
    """Where the file of a document lies now, wherever a crash may have left it; None where it is gone."""
    if (path := claim.file_of(var / WORK, document.token)) is not None:
        return path
    if document.state in IN_FLIGHT:
        return None
    path = place(document, var)
    return next((p for p in (_aside(path, document), path) if p.is_file()), None)


def put_away(document: Document, var: Path) -> Path | None:
    """Move a finished document's file from work to its place, never over another; returns where it now lies.

    A failed document gets a text file beside it that says why.
    """
    source = claim.file_of(var / WORK, document.token)
    if source is not None:
        target = place(document, var)
        if target.exists():
            target = _aside(target, document)
        target.parent.mkdir(parents=True, exist_ok=True)
        if document.state is DocumentState.FAILED:
            _write_reason(target, document)
        source.rename(target)
    claim.discard(var / WORK, document.token)
    return find(document, var) if source is None else target


def take_out(source: Path, document: Document, var: Path) -> None:
    """Move a file back to the document's folder in work, to be read again, and remove the reason beside it."""
    folder = var / WORK / document.token
    if not source.is_relative_to(folder):
        folder.mkdir(exist_ok=True)
        source.rename(folder / source.name)
        reason_of(source).unlink(missing_ok=True)


def reason_of(path: Path) -> Path:
    """The text file beside a failed file."""
    return path.with_name(path.name + REASON)


def _aside(path: Path, document: Document) -> Path:
    """The place beside a file of an earlier database that happens to have the same number and name."""
    return path.with_name(f"{document.token[:8]}-{path.name}")


def _write_reason(target: Path, document: Document) -> None:
    text = (
        f"{document.name} could not be read:\n{document.reason}\n\n"
        f"When that is mended, `digitd retry {document.id}` reads it again.\n"
    )
    path = reason_of(target)
    temporary = path.with_name(f".{document.token}")
    temporary.write_text(text, encoding="utf-8")
    temporary.replace(path)

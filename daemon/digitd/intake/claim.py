"""Taking a file out of the inbox: one atomic rename into a folder of its own in `var/work`, named by a token.

The folder keeps the form's folder and the file's name, so that a crash right after the rename loses nothing: whoever
finds a folder without a row in the database can still enter it.
"""

import hashlib
import os
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from uuid import uuid4

from digitd.intake.listing import Sighting
from digitd.intake.names import printable


@dataclass(frozen=True, slots=True, kw_only=True)
class Claimed:
    """A file that lies in `var/work`. name and form are printable; seen_at is when it was taken."""

    token: str
    path: Path
    name: str
    form: str | None
    sha256: str
    size_bytes: int
    seen_at: datetime


def claim(sighting: Sighting, work: Path) -> str | None:
    """Move the file into a new folder of work and return the token; None where it went away or changed meanwhile.

    Raises
    ------
    OSError
        It cannot be moved; it is still in the inbox.
    """
    token = uuid4().hex
    folder = work / token / sighting.form if sighting.form else work / token
    folder.mkdir(parents=True)
    target = folder / sighting.path.name
    try:
        sighting.path.rename(target)
    except OSError as fault:
        discard(work, token)
        if isinstance(fault, FileNotFoundError):
            return None
        raise
    status = target.lstat()
    changed = (status.st_size, status.st_mtime_ns) != (sighting.size_bytes, sighting.mtime_ns)
    if changed and _give_back(target, sighting):
        discard(work, token)
        return None
    return token


def inspect(work: Path, token: str) -> Claimed | None:
    """What lies in the folder of a token: its name, form and hash; None where it is empty.

    Raises
    ------
    OSError
        The file cannot be read.
    """
    path = file_of(work, token)
    if path is None:
        return None
    above = path.relative_to(work / token).parts[:-1]
    with path.open("rb") as file:
        digest = hashlib.file_digest(file, "sha256").hexdigest()
        status = os.fstat(file.fileno())
    return Claimed(
        token=token,
        path=path,
        name=printable(path.name),
        form=printable(above[0]) if above else None,
        sha256=digest,
        size_bytes=status.st_size,
        seen_at=datetime.now(UTC),
    )


def tokens(work: Path) -> Iterator[str]:
    """The tokens of all folders in work; anything else there is not digitd's and stays."""
    for folder in sorted(work.iterdir()):
        if len(folder.name) == 32 and not folder.is_symlink() and folder.is_dir():
            yield folder.name


def file_of(work: Path, token: str) -> Path | None:
    """The file in the folder of a token, or None."""
    for folder, _, names in os.walk(work / token, onerror=_unless_gone):
        for name in names:
            return Path(folder, name)
    return None


def _unless_gone(fault: OSError) -> None:
    if not isinstance(fault, FileNotFoundError):
        raise fault


def discard(work: Path, token: str) -> None:
    """Remove the empty folder of a token; one that is not empty stays."""
    for folder, _, _ in os.walk(work / token, topdown=False):
        try:
            Path(folder).rmdir()
        except OSError:
            return


def _give_back(target: Path, sighting: Sighting) -> bool:
    """Return a file to the inbox that was written to while it was taken; False where a new one has its name."""
    if sighting.path.exists():
        return False
    target.rename(sighting.path)
    return True

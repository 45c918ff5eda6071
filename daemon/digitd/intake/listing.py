"""What lies in the inbox, from its directories alone. Says of every file that is left alone why. Opens no file."""

import fnmatch
import math
import os
import re
import stat
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from digitd.intake.names import printable

#: Names of files and folders that programs leave behind or write before the real name.
JUNK = (
    ".*", "~$*", "*~", "#*#", "*.tmp", "*.temp", "*.part", "*.partial", "*.filepart", "*.crdownload", "*.download",
    "*.swp", "*.lock", "*.lck", "Thumbs.db", "desktop.ini", "@eaDir", "__MACOSX", "$RECYCLE.BIN",
    "System Volume Information", "lost+found",
)  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class Sighting:
    """A regular file in the inbox as one look saw it. form is the folder below the inbox that it lies in, or None."""

    path: Path
    form: str | None
    size_bytes: int
    mtime_ns: int
    inode: int

    @property
    def name(self) -> str:
        """Its name, made printable."""
        return printable(self.path.name)

    def same_bytes(self, other: "Sighting | None") -> bool:
        """Whether nothing was written between the two looks, as far as a directory can tell."""
        return other is not None and (self.size_bytes, self.mtime_ns, self.inode) == (
            other.size_bytes,
            other.mtime_ns,
            other.inode,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class LeftAlone:
    """Something in the inbox that is not taken, and why, in words for people.

    barred says that it would be taken if digitd were allowed to, junk that its name alone decided; what is neither is
    of a kind that is never taken.
    """

    path: Path
    reason: str
    barred: bool = False
    junk: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Listing:
    """One look at the inbox: files that may be taken, oldest first, and what is left alone."""

    files: tuple[Sighting, ...]
    left: tuple[LeftAlone, ...]


def look(inbox: Path, ignore: Sequence[str] = (), *, max_megabytes: float = math.inf) -> Listing:
    """List the inbox and its folders; ignore holds globs of names beside JUNK, and larger files are left alone.

    Raises
    ------
    OSError
        The inbox itself cannot be listed. A folder in it that cannot is left alone, with the reason.
    """
    files: list[Sighting] = []
    left: list[LeftAlone] = []
    for found in _walk(inbox, inbox, (*JUNK, *ignore)):
        if isinstance(found, Sighting) and found.size_bytes > max_megabytes * 1e6:
            left.append(LeftAlone(path=found.path, reason=_too_large(found, max_megabytes), barred=True))
        elif isinstance(found, Sighting):
            files.append(found)
        else:
            left.append(found)
    files.sort(key=lambda f: (f.mtime_ns, str(f.path)))
    return Listing(files=tuple(files), left=tuple(left))


def _walk(folder: Path, inbox: Path, ignore: Sequence[str]) -> Iterator[Sighting | LeftAlone]:
    with os.scandir(folder) as entries:
        for entry in entries:
            path = Path(entry.path)
            try:
                status = entry.stat(follow_symlinks=False)
                if left := _left_alone(path, status.st_mode, ignore):
                    yield left
                elif stat.S_ISDIR(status.st_mode):
                    yield from _walk(path, inbox, ignore)
                else:
                    yield _sighting(path, inbox, status)
            except FileNotFoundError:
                continue  # it went away between the two system calls: there is nothing to take
            except OSError as fault:
                reason = f"it cannot be listed: {fault.strerror}; allow digitd to read it"
                yield LeftAlone(path=path, reason=reason, barred=True)


def _left_alone(path: Path, mode: int, ignore: Sequence[str]) -> LeftAlone | None:
    if _any_of(tuple(ignore)).match(name := path.name):
        for glob in (glob for glob in ignore if fnmatch.fnmatchcase(name, glob)):
            reason = f"its name is one of hidden or temporary files ({glob}): rename it when it is complete"
            return LeftAlone(path=path, reason=reason, junk=True)
    if stat.S_ISLNK(mode):
        return LeftAlone(path=path, reason="it is a symbolic link, which is never followed: put the file itself there")
    if not stat.S_ISREG(mode) and not stat.S_ISDIR(mode):
        return LeftAlone(path=path, reason="it is no regular file: put a copy of what it gives there")
    return None


@lru_cache(maxsize=4)
def _any_of(globs: tuple[str, ...]) -> re.Pattern[str]:
    """What matches names that one of globs does; asking for each costs as much as the rest of a look."""
    return re.compile("|".join(fnmatch.translate(glob) for glob in globs))


def _too_large(sighting: Sighting, max_megabytes: float) -> str:
    return (
        f"it is {sighting.size_bytes / 1e6:,.0f} MB, and the limit is {max_megabytes:g}: "
        "split it, scan it with fewer dots an inch, or raise intake.max_megabytes"
    )


def _sighting(path: Path, inbox: Path, status: os.stat_result) -> Sighting:
    above = path.relative_to(inbox).parts[:-1]
    return Sighting(
        path=path,
        form=above[0] if above else None,
        size_bytes=status.st_size,
        mtime_ns=status.st_mtime_ns,
        inode=status.st_ino,
    )

"""The thresholds in force, as reading asks for them: from a file, read again when it was changed."""

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from digitd.budget.book import read_book
from digitd.budget.promise import Group


@dataclass(frozen=True, slots=True, kw_only=True)
class Thresholds:
    """How sure a field must be to pass; math.inf, which no field is, where nothing is proved of its group."""

    groups: Mapping[Group, float] = field(default_factory=dict)

    def of(self, form: str | None, name: str) -> float:
        """That of the field called name on a form, or on a page that was read without one."""
        own = self.groups.get(Group(form=form or "", field=name))
        return self.groups.get(Group(form=form or ""), math.inf) if own is None else own


class Watched:
    """The thresholds for a model in the file that the service writes; asking costs one look at the file's dates."""

    def __init__(self, path: Path, model: str) -> None:
        self._path = path
        self._model = model
        self._mark: tuple[int, ...] | None = None
        self._thresholds = Thresholds()

    def __call__(self) -> Thresholds:
        """The thresholds as they are now; nothing passes where there is no file, or none that can be used."""
        try:
            found = self._path.stat()
        except OSError:
            return Thresholds()
        mark = (found.st_mtime_ns, found.st_ino, found.st_size)
        if mark != self._mark:
            self._thresholds = Thresholds(groups=read_book(self._path).of(self._model).thresholds())
            self._mark = mark
        return self._thresholds

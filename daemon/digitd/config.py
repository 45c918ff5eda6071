"""The configuration: one TOML file, every key optional, every value checked, unknown keys refused with a hint."""

import json
import os
import re
import tempfile
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Annotated, Any, Literal

from digitd.errors import ConfigError
from digitd.sections import Between, Matching, Mistakes, keys_of, section_from
from digitd.spelling import perhaps

NAME = "config.toml"


@dataclass(frozen=True, slots=True, kw_only=True)
class Folders:
    """Where things lie; relative paths start at the folder of the configuration file."""

    inbox: Path = Path("inbox")
    forms: Path = Path("forms")
    models: Path = Path("models")
    var: Path = Path("var")


@dataclass(frozen=True, slots=True, kw_only=True)
class Intake:
    """When a file in the inbox is taken; seconds."""

    settle_seconds: Annotated[float, Between(least=0, most=3600)] = 1.0
    incomplete_seconds: Annotated[float, Between(least=0, most=86400)] = 30.0
    rescan_seconds: Annotated[float, Between(least=0.1, most=3600)] = 30.0
    max_megabytes: Annotated[float, Between(least=1, most=100_000)] = 500.0
    ignore: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """How a page is read."""

    model: str = "paper"
    accept_confidence: Annotated[float, Between(least=0, most=1)] = 0.97
    max_megapixels: Annotated[float, Between(least=1, most=2000)] = 200.0
    max_residual_mm: Annotated[float, Between(least=0.1, most=20)] = 1.5
    pdf_dpi: Annotated[int, Between(least=72, most=1200)] = 300


@dataclass(frozen=True, slots=True, kw_only=True)
class Workers:
    """The processes that read."""

    processes: Annotated[int, Between(least=0, most=256)] = 0
    attempts: Annotated[int, Between(least=1, most=10)] = 3
    seconds: Annotated[float, Between(least=0, most=86400)] = 300.0
    memory_mb: Annotated[int, Between(least=0, most=1 << 20)] = 4096
    documents: Annotated[int, Between(least=0)] = 5000


@dataclass(frozen=True, slots=True, kw_only=True)
class Health:
    """Where the service answers how it is."""

    listen: Annotated[str, Matching(r"|.+:\d{1,5}")] = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Keep:
    """For how many days what is not needed any longer is kept; 0 for ever."""

    archive_days: Annotated[float, Between(least=0, most=36500)] = 0.0
    pictures_days: Annotated[float, Between(least=0, most=36500)] = 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Announce:
    """Who is told of a document that was read, set aside, or verified."""

    command: tuple[str, ...] = ()
    webhook: Annotated[str, Matching(r"|https?://[^\s]+")] = ""
    secret_file: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Verify:
    """Who gives labels, and what is asked of them."""

    verifier: str = ""
    second_keying: bool = True
    audit_share: Annotated[float, Between(least=0, most=1)] = 0.01
    sown_share: Annotated[float, Between(least=0, most=0.5)] = 0.03
    turn_seconds: Annotated[float, Between(above=0, most=86400)] = 300.0


#: What a promise may be; nobody means to allow every second field to be wrong, or to be sure of nothing.
WrongFields = Annotated[float, Between(above=0, most=0.5)]
Confidence = Annotated[float, Between(least=0.5, most=0.9999)]


class ByName(dict[str, Any]):
    """Tables by their names. It can be hashed, as all of a configuration: a process keeps its reader by it."""

    def __hash__(self) -> int:  # type: ignore[override]
        return hash(frozenset(self.items()))


@dataclass(frozen=True, slots=True, kw_only=True)
class FieldBudget:
    """The promise for one field, where it is another than its form's."""

    wrong_fields: WrongFields | None = None
    confidence: Confidence | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class FormBudget(FieldBudget):
    """The promise for one form, where it is another, and for fields of it."""

    fields: Annotated[dict[str, FieldBudget], ByName] = field(default_factory=ByName)


@dataclass(frozen=True, slots=True, kw_only=True)
class Budget:
    """How many of the fields that pass untouched may be wrong, and how sure that is."""

    enabled: bool = False
    wrong_fields: WrongFields = 0.01
    confidence: Confidence = 0.95
    forms: Annotated[dict[str, FormBudget], ByName] = field(default_factory=ByName)


@dataclass(frozen=True, slots=True, kw_only=True)
class Web:
    """Where the desk is in a browser."""

    enabled: bool = False
    listen: Annotated[str, Matching(r".+:\d{1,5}")] = "127.0.0.1:8461"
    hosts: tuple[str, ...] = ()
    certificate: str = ""
    key: str = ""
    login_hours: Annotated[float, Between(above=0, most=8760)] = 12.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Log:
    """What is written to standard error."""

    level: Literal["debug", "info", "warning", "error"] = "info"
    json_lines: bool = field(default=False, metadata={"key": "json"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Config:
    """The whole configuration, with the folder it starts from."""

    folders: Folders = Folders()
    intake: Intake = Intake()
    reading: Reading = Reading()
    workers: Workers = Workers()
    keep: Keep = Keep()
    announce: Announce = Announce()
    health: Health = Health()
    verify: Verify = Verify()
    budget: Budget = Budget()
    web: Web = Web()
    log: Log = Log()
    root: Path = field(default=Path(), metadata={"key": None})

    @property
    def inbox(self) -> Path:
        return self.root / self.folders.inbox

    @property
    def forms(self) -> Path:
        return self.root / self.folders.forms

    @property
    def models(self) -> Path:
        return self.root / self.folders.models

    @property
    def var(self) -> Path:
        return self.root / self.folders.var

    @property
    def database(self) -> Path:
        return self.var / "digitd.db"

    @property
    def budget_book(self) -> Path:
        return self.var / "budget.json"


def load(path: Path) -> Config:
    """Read the configuration file at path.

    Raises
    ------
    ConfigError
        The file is missing, is not TOML, or holds a key or value that is not allowed.
    """
    try:
        values = tomllib.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise ConfigError(f"{path}: no such file. `digitd init` makes one, `--config FILE` names another.") from None
    except OSError as fault:
        raise ConfigError(
            f"{path}: {fault.strerror}. Name a file with `--config FILE`, or allow it to be read."
        ) from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as fault:
        raise ConfigError(
            f"{path}: not valid TOML: {fault}. Correct the line, or compare with `digitd init`."
        ) from None
    try:
        return replace(section_from(values, Config), root=path.resolve().parent)
    except Mistakes as fault:
        told = [f"{place}: {why or _hint(place)}" for place, why in fault.found]
        raise ConfigError(f"{path}: {'; '.join(told)}") from None


def keys() -> Iterator[str]:
    """Every legal key as `section.key`."""
    for name, section in keys_of(Config).items():
        yield from (f"{name}.{key}" for key in keys_of(section))


def choose_model(path: Path, name: str) -> None:
    """Write name as reading.model into the configuration file at path; everything else in it stays as it is.

    The new file takes the old one's place in one step: whoever reads it, and whatever kills this process, there is
    the old one or the new one.

    Raises
    ------
    ConfigError
        The file cannot be written, or is not of a form in which one line can be changed safely.
    """
    path = path.resolve()  # a link stays a link
    try:
        before = path.read_bytes().decode("utf-8")  # as it is, line ends too
        _replace_file(path, _with_model(before, name).encode("utf-8"))
    except ValueError:
        raise ConfigError(
            f'{path}: no line of it can be changed safely. Write model = "{name}" below [reading].'
        ) from None
    except OSError as fault:
        raise ConfigError(f"{path}: {fault.strerror}. Allow it and its folder to be written.") from None


#: A line that sets the key model to a string.
_MODEL = re.compile(r"""(\s*model\s*=\s*)("(?:[^"\\]|\\.)*"|'[^']*')""")


def _with_model(text: str, name: str) -> str:
    """The text of a configuration with another reading.model; ValueError where that would change anything else."""
    wanted = tomllib.loads(text)
    wanted.setdefault("reading", {})["model"] = name
    said = json.dumps(name, ensure_ascii=False)  # a string of JSON is one of TOML
    lines = text.split("\n")
    head = next((at for at, line in enumerate(lines) if re.match(r"\s*\[\s*reading\s*\]", line)), None)
    if head is None:
        lines += ["[reading]", f"model = {said}", ""]
    else:
        rest = range(head + 1, len(lines))
        end = next((at for at in rest if lines[at].lstrip().startswith("[")), len(lines))
        place = next((at for at in range(head + 1, end) if _MODEL.match(lines[at])), None)
        if place is None:
            lines.insert(head + 1, f"model = {said}")
        else:
            lines[place] = _MODEL.sub(lambda found: found[1] + said, lines[place], count=1)
    made = "\n".join(lines)
    if tomllib.loads(made) != wanted:  # a table written inline, or a line within a longer string
        raise ValueError(name)
    return made


def _replace_file(path: Path, data: bytes) -> None:
    """Write data beside path, to the disk, and put it in its place in one step, with its permissions."""
    handle, beside = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}-")
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        Path(beside).chmod(path.stat().st_mode & 0o7777)
        Path(beside).replace(path)
    finally:
        Path(beside).unlink(missing_ok=True)


def _hint(where: str) -> str:
    known = [*keys(), *keys_of(Config)]
    return "no such key" + (perhaps(where, known) or "; see the comments in config.toml")

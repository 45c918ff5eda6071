"""Frozen dataclasses out of TOML tables: what may stand for a field says its annotation. Knows of no file and no key.

An annotation is bool, int, float, str, Path, one of them or None, a Literal, tuple[str, ...], another section, or a
dict of sections by name; Annotated adds a `Between`, a `Matching`, or a function that makes of it what is kept. A
field's key is its name, or what its metadata say under "key"; None there for none.
"""

import math
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, fields, is_dataclass
from functools import cache
from pathlib import Path
from types import NoneType, UnionType
from typing import Annotated, Any, Literal, TypeVar, Union, get_args, get_origin, get_type_hints

Section = TypeVar("Section")


class Mistakes(ValueError):
    """What is wrong with a table: for each mistake its place, with dots, and why; "" for a key that is not known."""

    def __init__(self, found: list[tuple[str, str]]) -> None:
        super().__init__(found)
        self.found = found


@dataclass(frozen=True, slots=True)
class Between:
    """Bounds of a number; above and below are not allowed themselves."""

    least: float = -math.inf
    most: float = math.inf
    above: float = -math.inf

    def __call__(self, value: Any) -> Any:
        for holds, asked in (
            (value >= self.least, f"greater than or equal to {self.least}"),
            (value > self.above, f"greater than {self.above}"),
            (value <= self.most, f"less than or equal to {self.most}"),
        ):
            if not holds:
                raise ValueError(f"input should be {asked}")
        return value


@dataclass(frozen=True, slots=True)
class Matching:
    """A pattern that all of a string matches."""

    pattern: str

    def __call__(self, value: Any) -> Any:
        if not re.fullmatch(self.pattern, value):
            raise ValueError(f"input should match {self.pattern}")
        return value


def keys_of(section: type) -> dict[str, Any]:
    """The annotation of each key of a section."""
    return {key: kind for key, (_, kind) in _fields_of(section).items()}


def section_from(table: Mapping[str, Any], section: type[Section]) -> Section:
    """The section that a table holds; what is not in it has its default.

    Raises
    ------
    Mistakes
        Keys are not known, or values not allowed: all of them.
    """
    wrong: list[tuple[str, str]] = []
    made = _section(table, section, "", wrong)
    if wrong:
        raise Mistakes(wrong)
    return made


def _section(table: Any, section: Any, place: str, wrong: list[tuple[str, str]]) -> Any:
    if not isinstance(table, Mapping):
        raise ValueError("input should be a table")  # noqa: TRY004 - a mistake like others
    known = _fields_of(section)
    wrong += [(f"{place}{key}", "") for key in table if key not in known]
    values = {
        name: _value(table[key], kind, f"{place}{key}", wrong) for key, (name, kind) in known.items() if key in table
    }
    return section(**values)


def _value(value: Any, kind: Any, place: str, wrong: list[tuple[str, str]]) -> Any:
    """What is kept of a value; its mistakes are added to wrong, and what is kept then is nothing to go by."""
    kind, made_by = _parts(kind)
    before = len(wrong)
    try:
        if is_dataclass(kind):
            kept = _section(value, kind, f"{place}.", wrong)
        elif get_origin(kind) is dict and isinstance(value, Mapping):
            kept = {name: _value(one, get_args(kind)[1], f"{place}.{name}", wrong) for name, one in value.items()}
        else:
            kept = _plain(value, kind)
        for make in made_by if len(wrong) == before else ():
            kept = make(kept)
    except (ValueError, OverflowError) as fault:
        wrong.append((place, f"{fault} (it is {value!r})"))
        return None
    return kept


def _parts(kind: Any) -> tuple[Any, list[Callable[[Any], Any]]]:
    """A type without "or None" and `Annotated`, and what that added to it."""
    if get_origin(kind) in {Union, UnionType}:
        (kind,) = (one for one in get_args(kind) if one is not NoneType)
    if get_origin(kind) is Annotated:
        kind, *made_by = get_args(kind)
        return kind, made_by
    return kind, []


#: What TOML may hold for a type, how it is kept, and what it is called.
_PLAIN: dict[Any, tuple[type | tuple[type, ...], Callable[[Any], Any], str]] = {
    bool: (bool, bool, "true or false"),
    int: ((int, float), int, "a valid integer"),  # 4.0 is one, 1.5 is not
    float: ((int, float), float, "a valid number"),
    str: (str, str, "a string"),
    Path: (str, Path, "a path, as a string"),
}


def _plain(value: Any, kind: Any) -> Any:
    """A value of a type without parts, as it is kept; ValueError where it is none."""
    if get_origin(kind) is Literal:
        *most, last = (repr(one) for one in get_args(kind))
        if value not in get_args(kind):
            raise ValueError(f"input should be {', '.join(most)} or {last}")
        return value
    if get_origin(kind) is tuple:
        if not (isinstance(value, list) and all(isinstance(one, str) for one in value)):
            raise ValueError("input should be a list of strings")
        return tuple(value)
    if kind not in _PLAIN:
        raise ValueError("input should be a table")
    taken, keep, name = _PLAIN[kind]
    kept_apart = isinstance(value, bool) and kind is not bool  # True is an int to Python
    none = isinstance(value, float) and (math.isnan(value) or (kind is int and not value.is_integer()))
    if not isinstance(value, taken) or kept_apart or none:
        raise ValueError(f"input should be {name}")
    return keep(value)


@cache
def _fields_of(section: Any) -> dict[str, tuple[str, Any]]:
    """Name and annotation by key."""
    return dict(_keyed_fields(section))


def _keyed_fields(section: Any) -> Iterator[tuple[str, tuple[str, Any]]]:
    kinds = get_type_hints(section, include_extras=True)
    for one in fields(section):
        if (key := one.metadata.get("key", one.name)) is not None:
            yield key, (one.name, kinds[one.name])

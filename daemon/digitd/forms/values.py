"""Single values of a template file: read as what they must be, refused in words, written as TOML."""

import math
from collections.abc import Mapping
from typing import Any


def number(value: Any, where: str) -> float:
    """The number that value is, or a text says.

    Raises
    ------
    ValueError
        It is none, or not finite.
    """
    try:
        found = float("none" if isinstance(value, bool) else value)
    except (TypeError, ValueError, OverflowError):
        found = math.nan
    if not math.isfinite(found):
        raise ValueError(f"{where}: {value!r} is not a number")
    return found


def whole(value: Any, where: str) -> int:
    """The whole number that value is.

    Raises
    ------
    ValueError
        It is none.
    """
    found = number(value, where)
    if found != int(found):
        raise ValueError(f"{where}: {value!r} is not a whole number")
    return int(found)


def text(value: Any, where: str) -> str:
    """The text that value is.

    Raises
    ------
    ValueError
        It is none.
    """
    if not isinstance(value, str):
        raise ValueError(f"{where}: {value!r} is not a text")  # noqa: TRY004 - a fault of the file, not of the caller
    return value


def table(value: Any, where: str) -> Mapping[str, Any]:
    """The table that value is.

    Raises
    ------
    ValueError
        It is none.
    """
    if not isinstance(value, dict):
        raise ValueError(f"{where} must be a table, as [{where}]")  # noqa: TRY004 - see `text`
    return value


def tables(value: Any, where: str) -> list[Mapping[str, Any]]:
    """The tables that value is.

    Raises
    ------
    ValueError
        It is none.
    """
    if not isinstance(value, list):
        raise ValueError(f"{where} must be tables, each as [[{where}]]")  # noqa: TRY004 - see `text`
    return [table(entry, where) for entry in value]


def words(fault: Exception) -> str:
    """What a fault of reading a file says."""
    return f"{fault.args[0]} is missing" if isinstance(fault, KeyError) else str(fault)


def quoted(value: str) -> str:
    """A text as TOML."""
    escaped = value.replace("\\", "\\\\").replace('"', '\\"')
    return '"' + "".join(c if c.isprintable() else f"\\U{ord(c):08x}" for c in escaped) + '"'


def pairs(entries: Mapping[str, Any]) -> list[str]:
    """A line of TOML for each key with its plain value."""
    return [f"{key} = {_value(value)}" for key, value in entries.items()]


def _value(value: Any) -> str:
    if isinstance(value, str):
        return quoted(value)
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, list):
        return "[" + ", ".join(_value(part) for part in value) + "]"
    return repr(value)

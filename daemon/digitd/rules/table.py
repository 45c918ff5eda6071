"""Rules as they stand in a template's TOML, and back. Unknown keys and rules that nothing can obey are refused."""

from collections.abc import Collection, Mapping, Sequence
from decimal import Decimal
from typing import Any

from digitd.rules.checks import date_parts
from digitd.rules.fields import Check, FieldRules, number_of, span
from digitd.rules.forms import HOLDS, Blanks, FormRule, Part
from digitd.rules.pattern import compiled
from digitd.spelling import perhaps, refuse_unknown

#: Digits a value may have.
MOST_DIGITS = 100

#: Rules over fields a form may have.
MOST_RULES = 100

#: The rules that can be told to only warn.
_RULES = ("digits", "minimum", "maximum", "pattern", "allowed", "date", "check", "required")
_FIELD_KEYS = frozenset({*_RULES, "decimals", "warn"})
_FORM_KEYS = frozenset({"sum", "total", "equal", "holds", "blanks", "warn"})

#: What else stands in a field's table, and is no rule.
_PLACE_KEYS = frozenset({"name", "box", "cells"})


def parse_field_rules(table: Mapping[str, Any]) -> FieldRules:
    """The rules that stand in a field's table, beside name, box and cells, which are not looked at but for cells.

    Raises
    ------
    ValueError
        A key is unknown, a value makes no sense, or no value can obey all rules; one sentence says so.

    Examples
    --------
    >>> parse_field_rules({"name": "born", "cells": 8, "date": "DDMMYYYY"}).date
    'DDMMYYYY'
    """
    refuse_unknown(table, _FIELD_KEYS | _PLACE_KEYS, "")
    rules = FieldRules(
        digits=_digits(table.get("digits")),
        minimum=_number(table, "minimum"),
        maximum=_number(table, "maximum"),
        pattern=_text(table, "pattern"),
        allowed=_allowed(table.get("allowed", [])),
        date=_text(table, "date"),
        check=_check(table.get("check")),
        decimals=_whole(table.get("decimals", 0), "decimals", 0),
        required=_true_or_false(table.get("required", False), "required"),
        warn=_warn(table),
    )
    cells = table.get("cells")
    _refuse_impossible(rules, cells if isinstance(cells, int) else None)
    return rules


def parse_form_rules(tables: Sequence[Mapping[str, Any]], fields: Collection[str]) -> tuple[FormRule, ...]:
    """The rules over fields, each a table `[[rules]]` with sum and total, or equal.

    Raises
    ------
    ValueError
        A key is unknown, a field is not there, or the rule makes no sense; one sentence says so.

    Examples
    --------
    >>> [rule.words() for rule in parse_form_rules([{"sum": ["r1", "r2"], "total": "all"}], ["r1", "r2", "all"])]
    ['r1 + r2 should be all']
    """
    if not isinstance(tables, Sequence) or not all(isinstance(table, Mapping) for table in tables):
        raise ValueError("rules over fields must be tables, each as [[rules]]")
    if len(tables) > MOST_RULES:
        raise ValueError(f"{len(tables)} rules over fields; at most {MOST_RULES} are possible")
    return tuple(_form_rule(table, fields) for table in tables)


def field_rules_table(rules: FieldRules) -> dict[str, Any]:
    """The keys and plain values that `parse_field_rules` reads rules from; none where there are none."""
    table: dict[str, Any] = {}
    if rules.digits is not None:
        low, high = rules.digits
        table["digits"] = low if low == high else [low, high]
    for key, bound in (("minimum", rules.minimum), ("maximum", rules.maximum)):
        if bound is not None:
            table[key] = int(bound) if bound == int(bound) else float(bound)
    for key, text in (("pattern", rules.pattern), ("date", rules.date), ("check", rules.check)):
        if text is not None:
            table[key] = str(text)
    if rules.allowed:
        table["allowed"] = list(rules.allowed)
    if rules.decimals:
        table["decimals"] = rules.decimals
    if rules.required:
        table["required"] = True
    if rules.warn:
        table["warn"] = sorted(rules.warn)
    return table


def form_rule_table(rule: FormRule) -> dict[str, Any]:
    """The keys and plain values that `parse_form_rules` reads rule from."""
    table: dict[str, Any]
    if rule.is_equality:
        table = {"equal": list(rule.names())}
    else:
        table = {"sum": ["-" * (part.sign < 0) + part.name for part in rule.parts], "total": rule.total}
    if rule.holds != HOLDS:
        table["holds"] = rule.holds
    if rule.blanks is not Blanks.ZERO:
        table["blanks"] = str(rule.blanks)
    if rule.warn:
        table["warn"] = True
    return table


def _form_rule(table: Mapping[str, Any], fields: Collection[str]) -> FormRule:
    refuse_unknown(table, _FORM_KEYS, "rules.")
    if ("equal" in table) == ("sum" in table) or ("sum" in table) != ("total" in table):
        raise ValueError('a rule over fields is sum = ["a", "b"] with total = "c", or equal = ["a", "b"]')
    if "equal" in table:
        names = _names(table["equal"], "equal")
        if len(names) != 2:
            raise ValueError(f"equal needs two fields, not {len(names)}")
        parts, total = [Part(name=names[0])], names[1]
    else:
        parts, total = [_part(name, fields) for name in _names(table["sum"], "sum")], table["total"]
        if not isinstance(total, str):
            raise ValueError(f"total = {total!r} must be the name of a field")
    words = f"the rule for {total}"
    _refuse_names([*(part.name for part in parts), total], fields, words)
    holds = table.get("holds", HOLDS)
    if isinstance(holds, bool) or not isinstance(holds, int | float) or not 0.5 <= holds < 1:
        raise ValueError(f"{words}: holds = {holds!r} must be a probability of at least 0.5 and below 1")
    blanks = table.get("blanks", Blanks.ZERO.value)
    if blanks not in list(Blanks):
        raise ValueError(f'{words}: blanks = {blanks!r} must be "zero" or "skip"')
    warn = _true_or_false(table.get("warn", False), f"{words}: warn")
    return FormRule(parts=tuple(parts), total=total, holds=float(holds), blanks=Blanks(blanks), warn=warn)


def _refuse_names(named: Sequence[str], fields: Collection[str], words: str) -> None:
    for name in named:
        if name not in fields:
            raise ValueError(f"{words} names a field {name!r} that is not there{perhaps(name, fields)}")
        if named.count(name) > 1:
            raise ValueError(f"{words} names {name} twice")


def _part(name: str, fields: Collection[str]) -> Part:
    """A field of a sum; a sign before its name, unless the name itself begins with one."""
    if name not in fields and name[:1] in {"+", "-"}:
        return Part(name=name[1:].strip(), sign=-1 if name[0] == "-" else 1)
    return Part(name=name)


def _names(value: Any, key: str) -> list[str]:
    if not isinstance(value, list) or not value or not all(isinstance(name, str) for name in value):
        raise ValueError(f'{key} = {value!r} must be a list of names, as ["r1", "r2"]')
    return value


def _refuse_impossible(rules: FieldRules, cells: int | None) -> None:
    """Refuse rules that no value can obey, as far as that is seen from each pair of them."""
    low, high = rules.digits or (1, cells or MOST_DIGITS)
    if cells is not None and low > cells:
        raise ValueError(f"digits = {low}, but the field has {cells} cells")
    if rules.minimum is not None and rules.maximum is not None and rules.minimum > rules.maximum:
        raise ValueError(f"minimum {rules.minimum:f} is above maximum {rules.maximum:f}")
    if rules.minimum is not None and rules.minimum > Decimal(10**high - 1).scaleb(-rules.decimals):
        raise ValueError(f"no value of {span((low, high))} digits reaches minimum {rules.minimum:f}")
    if rules.decimals > high:
        raise ValueError(f"{rules.decimals} decimals, but at most {high} digits")
    if rules.date is not None:
        date_parts(rules.date)
        if not low <= len(rules.date) <= high:
            raise ValueError(f"a date {rules.date} has {len(rules.date)} digits, the field {span((low, high))}")
    if rules.pattern is not None and not any(low <= n <= high for n in compiled(rules.pattern).lengths(high)):
        raise ValueError(f"no value of {span((low, high))} digits matches the pattern {rules.pattern}")
    if rules.allowed:
        _refuse_allowed(rules, cells)


def _refuse_allowed(rules: FieldRules, cells: int | None) -> None:
    fitting = [value for value in rules.allowed if cells is None or len(value) <= cells]
    if not fitting:
        raise ValueError(f"none of the allowed values fits into {cells} cells")
    if not any(rules.fault(value) == "" and rules.fault(value, warnings=True) == "" for value in fitting):
        faults = next(rules.faults(fitting[0]))
        raise ValueError(f"none of the allowed values obeys the other rules: {fitting[0]} {faults[1]}")


def _digits(value: Any) -> tuple[int, int] | None:
    if value is None:
        return None
    given = value if isinstance(value, list) else [value, value]
    if len(given) != 2:
        raise ValueError(f"digits = {value!r} must be a number, or the fewest and the most, as [6, 8]")
    low, high = (_whole(number, "digits", 1) for number in given)
    if low > high:
        raise ValueError(f"digits = {value!r}: the fewest are more than the most")
    return low, high


def _whole(value: Any, key: str, least: int) -> int:
    if isinstance(value, bool) or not isinstance(value, int) or not least <= value <= MOST_DIGITS:
        raise ValueError(f"{key} = {value!r} must be a whole number from {least} to {MOST_DIGITS}")
    return value


def _true_or_false(value: Any, key: str) -> bool:
    if not isinstance(value, bool):
        raise ValueError(f"{key} = {value!r} must be true or false")  # noqa: TRY004 - a fault of the file
    return value


def _number(table: Mapping[str, Any], key: str) -> Decimal | None:
    value = table.get(key)
    if value is None:
        return None
    found = Decimal(str(value)) if isinstance(value, int | float) and not isinstance(value, bool) else None
    if found is None or not found.is_finite():
        raise ValueError(f"{key} = {value!r} must be a number")
    if key == "maximum" and found < 0:
        raise ValueError(f"{key} = {value!r}: what is read is never below 0")
    return found


def _text(table: Mapping[str, Any], key: str) -> str | None:
    value = table.get(key)
    if value is not None and (not isinstance(value, str) or not value or len(value) > 500):
        raise ValueError(f"{key} = {value!r} must be a text of 1 to 500 characters")
    return value


def _allowed(value: Any) -> tuple[str, ...]:
    if not isinstance(value, list):
        raise ValueError(f'allowed = {value!r} must be a list, as ["1", "2"]')  # noqa: TRY004 - a fault of the file
    found = tuple(str(entry) for entry in value if not isinstance(entry, bool))
    if len(found) != len(value) or any(number_of(entry) is None for entry in found):
        raise ValueError(f'allowed = {value!r}: each must be a number as it is written, as 12 or "012"')
    return found


def _check(value: Any) -> Check | None:
    if value is None:
        return None
    if value not in list(Check):
        known = ", ".join(Check)
        raise ValueError(f"check = {value!r} must be one of {known}{perhaps(value, list(Check))}")
    return Check(value)


def _warn(table: Mapping[str, Any]) -> frozenset[str]:
    value = table.get("warn", [])
    there = [key for key in _RULES if table.get(key, False) is not False]
    if isinstance(value, bool):
        return frozenset(there if value else ())
    if not isinstance(value, list):
        raise ValueError(f'warn = {value!r} must be true, or a list of rules, as ["maximum"]')  # noqa: TRY004 - as above
    for key in value:
        if key not in there:
            raise ValueError(f"warn names {key!r}, which is no rule of this field{perhaps(key, there)}")
    return frozenset(value)

"""Check digits and calendar dates: whether a string of digits is one that can exist."""

import re
from datetime import date

#: The parts of a date's format, in the order they are looked for.
_TOKENS = re.compile("YYYY|YY|MM|DD")

#: The dihedral group of order ten: row combined with column (J. Verhoeff, Error Detecting Decimal Codes, 1969).
_DIHEDRAL = (
    (0, 1, 2, 3, 4, 5, 6, 7, 8, 9),
    (1, 2, 3, 4, 0, 6, 7, 8, 9, 5),
    (2, 3, 4, 0, 1, 7, 8, 9, 5, 6),
    (3, 4, 0, 1, 2, 8, 9, 5, 6, 7),
    (4, 0, 1, 2, 3, 9, 5, 6, 7, 8),
    (5, 9, 8, 7, 6, 0, 4, 3, 2, 1),
    (6, 5, 9, 8, 7, 1, 0, 4, 3, 2),
    (7, 6, 5, 9, 8, 2, 1, 0, 4, 3),
    (8, 7, 6, 5, 9, 3, 2, 1, 0, 4),
    (9, 8, 7, 6, 5, 4, 3, 2, 1, 0),
)

#: What a digit becomes at a place; the table's powers repeat after eight places.
_PERMUTATION = (1, 5, 7, 6, 2, 8, 3, 0, 9, 4)


def luhn(digits: str) -> bool:
    """Whether the last digit is the Luhn check digit of the others (ISO/IEC 7812-1, annex B).

    >>> luhn("4111111111111111"), luhn("4111111111111112")
    (True, False)
    """
    total = 0
    for place, digit in enumerate(reversed(digits)):
        doubled = int(digit) * (1 + place % 2)
        total += doubled - 9 * (doubled > 9)
    return len(digits) > 1 and total % 10 == 0


def mod97(digits: str) -> bool:
    """Whether the last two digits are the check digits of the others (ISO 7064, MOD 97-10).

    >>> mod97("79444"), mod97("79445")
    (True, False)
    """
    return len(digits) > 2 and int(digits) % 97 == 1


def verhoeff(digits: str) -> bool:
    """Whether the last digit is the Verhoeff check digit of the others.

    >>> verhoeff("2363"), verhoeff("2364")
    (True, False)
    """
    check = 0
    for place, digit in enumerate(reversed(digits)):
        changed = int(digit)
        for _ in range(place % 8):
            changed = _PERMUTATION[changed]
        check = _DIHEDRAL[check][changed]
    return len(digits) > 1 and check == 0


def date_parts(layout: str) -> tuple[str, ...]:
    """The parts of a date's format in order, as ("DD", "MM", "YYYY").

    Raises
    ------
    ValueError
        It holds anything else, a part twice, or a day without its month.
    """
    parts = tuple(_TOKENS.findall(layout))
    kinds = [part[0] for part in parts]
    if not parts or "".join(parts) != layout or len(set(kinds)) != len(kinds) or "M" not in kinds:
        raise ValueError(f"{layout!r} is no format for a date: write DD, MM and YYYY or YY in order, as DDMMYYYY")
    return parts


def is_date(digits: str, layout: str) -> bool:
    """Whether digits are a day that exists, written as layout says. A year of two digits may be 19.. or 20...

    >>> is_date("29022024", "DDMMYYYY"), is_date("29022023", "DDMMYYYY")
    (True, False)
    """
    if len(digits) != len(layout):
        return False
    found = {"Y": "2000", "D": "01"}  # a leap year, where none is written
    start = 0
    for part in date_parts(layout):
        found[part[0]] = digits[start : start + len(part)]
        start += len(part)
    years = [found["Y"]] if len(found["Y"]) == 4 else ["19" + found["Y"], "20" + found["Y"]]
    return any(_exists(int(year), int(found["M"]), int(found["D"])) for year in years)


def _exists(year: int, month: int, day: int) -> bool:
    try:
        date(year, month, day)
    except ValueError:
        return False
    return True

"""Times as people give them to a command: a date, a time, or so long ago; and periods between two of them."""

import re
from datetime import UTC, datetime, timedelta

from digitd.errors import ConfigError

_AGO = re.compile(r"(\d+)([mhdw])")
_UNITS = {"m": "minutes", "h": "hours", "d": "days", "w": "weeks"}


def moment(text: str, *, now: datetime, option: str = "--since") -> datetime:
    """The time that text means: ISO 8601, local where it names no zone, or so long before now.

    Raises
    ------
    ConfigError
        It means no time.
    """
    try:
        if ago := _AGO.fullmatch(text):
            return now - timedelta(**{_UNITS[ago[2]]: int(ago[1])})
        return datetime.fromisoformat(text).astimezone(UTC)
    except (ValueError, OverflowError):
        raise ConfigError(
            f"{option} {text}: not a time. Give 2026-11-22, 2026-11-22T14:00, 30m, 12h, 7d or 2w."
        ) from None


def period(text: str, *, now: datetime, option: str = "--against") -> tuple[datetime | None, datetime | None]:
    """The two times that `FROM..TO` means, either of which may be left out.

    Raises
    ------
    ConfigError
        One of them means no time, both are left out, or the first is not the earlier.
    """
    first, _, last = text.partition("..")
    since, until = (moment(each, now=now, option=option) if each else None for each in (first, last))
    if (since is None and until is None) or (since is not None and until is not None and since >= until):
        raise ConfigError(f"{option} {text}: no period. Give 2026-10-01..2026-11-01, 60d..30d, or ..30d.")
    return since, until

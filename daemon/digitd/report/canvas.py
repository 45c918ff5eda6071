"""A blank figure with a heading, margins in inches, and saving: what every picture of a report begins and ends with."""

import io
from pathlib import Path
from typing import Any

from digitd.errors import ConfigError

#: Blue and vermilion tell apart for every kind of colour blindness (Okabe and Ito, "Color universal design", 2008).
RIGHT, WRONG = "#0072B2", "#D55E00"

TEXT, QUIET, FAINT = "#22272B", "#5B656D", "#8A949C"

DOTS_PER_INCH = 150


def blank_figure(width_inch: float, height_inch: float, *, title: str, note: str) -> Any:
    """A white matplotlib figure with a title and a line of text in its uppermost 0.9 inches."""
    from matplotlib.figure import Figure  # half a second: only a command that draws pays for it

    figure = Figure(figsize=(width_inch, height_inch), dpi=DOTS_PER_INCH, facecolor="white")
    x = 0.35 / width_inch
    figure.text(x, 1 - 0.38 / height_inch, title, fontsize=14, fontweight="bold", color=TEXT, va="center")
    figure.text(x, 1 - 0.68 / height_inch, note, fontsize=9.5, color=QUIET, va="center")
    return figure


def add_axes(figure: Any, *, left: float, right: float, top: float, bottom: float) -> Any:
    """Axes on figure that keep these margins, in inches."""
    width, height = figure.get_size_inches()
    return figure.add_axes(
        (left / width, bottom / height, (width - left - right) / width, (height - top - bottom) / height)
    )


def save(figure: Any, path: Path) -> None:
    """Write figure as PNG.

    Raises
    ------
    ConfigError
        The file cannot be written.
    """
    try:
        figure.savefig(path, format="png")
    except OSError as fault:
        raise ConfigError(
            f"{path}: {fault.strerror}. Name a file in a folder that exists and can be written."
        ) from None


def png(figure: Any, *, dots: int = DOTS_PER_INCH) -> bytes:
    """Figure as PNG, with so many dots an inch."""
    drawn = io.BytesIO()
    figure.savefig(drawn, format="png", dpi=dots)
    return drawn.getvalue()

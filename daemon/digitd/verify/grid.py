"""Look-alikes in a terminal: as many glyphs as there is room for, each with the letters that mark it."""

import cv2
import numpy as np
from numpy.typing import NDArray
from rich.console import Console, Group, RenderableType
from rich.segment import Segment, Segments
from rich.style import Style
from rich.text import Text

from digitd.store import Store
from digitd.store.lookalikes import COUNTED
from digitd.stored import Screen, StoredGlyph
from digitd.verify.blocks import picture
from digitd.verify.screening import Screening
from digitd.verify.terminal import crop, drawn_for, one_line

HELP = """\
letters    mark what is not the digit; once more, and it is one after all
Enter      confirms all others and shows the next screen; once, if it is held
Backspace  takes back the first letter of two
Space      shows the field of the one that was marked last
-          goes back to the glyphs before, where not all fit at once
u          takes the last screen back, if no field of it was keyed since
q          ends; what is confirmed stays confirmed"""

#: A glyph's room: its lines, its columns (characters are twice as high as wide), and those for its letters and a space.
LINES, COLUMNS, BESIDE = 5, 10, 3

#: Lines of the screen that hold no glyphs.
_OTHER_LINES = 3

#: What of a glyph is darker than this is ink, and stays when the paper around it is cut away.
_INK = 40


def room(console: Console) -> int:
    """How many glyphs can be shown at once."""
    return _columns(console) * max(1, (console.height - _OTHER_LINES) // LINES)


def page(screening: Screening, console: Console, store: Store) -> RenderableType:
    """What the verifier sees now."""
    screen = screening.screen
    if screening.helping:
        return Text(f"\n{HELP}\n\nAny key goes on.")
    if screen is None:
        return Text(f"\n{screening.message}\n\n{_what_waits(screening)} u takes the last screen back; Enter ends.")
    if screening.looked_at is not None:
        return _field(screening, screen, screening.looked_at, console, store)
    return Group(
        one_line(_heading(screening, screen)),
        _glyphs(screening, screen, console),
        one_line(Text.assemble("> ", (screening.typed, "bold"), ("_", "blink"))),
        one_line(
            Text(screening.message or "Letters mark, Enter confirms all others, u undo, q end, ? help", style="dim")
        ),
    )


def _columns(console: Console) -> int:
    return max(1, console.width // (COLUMNS + BESIDE))


def _heading(screening: Screening, screen: Screen) -> Text:
    some, count = screening.shown, len(screen.glyphs)
    part = f" ({some.start + 1} to {some.stop} of {count})" if len(some) < count else ""
    left = f"{screening.left}{'+' * (screening.left >= COUNTED)}"
    return Text.assemble(
        "Type the letters of what is ", ("not", "bold"), f" a {screening.digit}{part}; {left} to look at."
    )


def _what_waits(screening: Screening) -> str:
    waiting = screening.waiting()
    if not waiting:
        return "Nothing waits any more."
    taken = " but on others' screens" if waiting.pop(screening.digit, 0) else ""
    others = ", ".join(f"{digit} ({count})" for digit, count in waiting.items())
    return f"No {screening.digit} waits{taken}.{f' Press a digit: {others} to look at.' if others else ''}"


def _glyphs(screening: Screening, screen: Screen, console: Console) -> Segments:
    """Rows of glyphs, each with its letters beside its first line, and a star below these where it is marked."""
    places, across, labels = screening.shown, _columns(console), screening.labels
    made: list[Segment] = []
    for start in range(places.start, places.stop, across):
        row = [
            _cell(screen.glyphs[place], labels[place], console, marked=place in screening.marked)
            for place in places[start - places.start :][:across]
        ]
        for line in zip(*row, strict=True):
            made += [segment for cell in line for segment in cell]
            made.append(Segment.line())
    return Segments(made)


def _cell(glyph: StoredGlyph, label: str, console: Console, *, marked: bool) -> list[list[Segment]]:
    """The lines of a glyph with its letters."""
    drawn = _drawn(glyph, console)
    beside = [label, "*" * len(label) if marked else "", *[""] * (LINES - 2)]
    style = Style(bold=True, reverse=marked)
    return [
        [Segment(" " * (BESIDE - 1 - len(words))), Segment(words, style), Segment(" "), *line]
        for words, line in zip(beside, drawn, strict=True)
    ]


def _drawn(glyph: StoredGlyph, console: Console) -> list[list[Segment]]:
    """A glyph as LINES lines of COLUMNS characters; a question mark where its picture was deleted."""
    if not glyph.pixels_png:
        return [[Segment(words.center(COLUMNS))] for words in ("", "", "?", "", "")]
    pixels = cv2.imdecode(np.frombuffer(glyph.pixels_png, np.uint8), cv2.IMREAD_GRAYSCALE)
    assert pixels is not None
    trimmed = 255 - _trimmed(pixels.astype(np.uint8, copy=False))
    drawn = picture(trimmed, columns=COLUMNS, lines=LINES, **drawn_for(console))
    return list(Segment.split_lines(drawn.segments))


def _trimmed(pixels: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Cut as much paper away as there is on every side, so that the digit is as large as it can be and upright."""
    ink = pixels > _INK
    ways = [np.flatnonzero(ink.any(axis=axis)) for axis in (0, 1)]
    cut = max(0, min((min(way[0], len(pixels) - 1 - way[-1]) for way in ways if len(way)), default=0) - 1)
    return pixels[cut : len(pixels) - cut, cut : len(pixels) - cut]


def _field(screening: Screening, screen: Screen, place: int, console: Console, store: Store) -> Group:
    """The field in which a glyph stands."""
    origin = screen.origins[place]
    where = Text.assemble((origin.document, "bold"), f"  page {origin.page}  field ", (origin.field, "bold"))
    return Group(
        one_line(where),
        one_line(Text(f"It stands at {screening.labels[place]}. Any key goes back.", style="dim")),
        Text(),
        crop(store.field_with_evidence(origin.field_id), console),
    )

"""The verification desk in a terminal: the crop in characters, one key a digit. Works over SSH."""

import os
import re
import termios
import tty
from collections.abc import Callable, Iterator
from contextlib import suppress
from types import TracebackType
from typing import Protocol

import cv2
import numpy as np
from rich.console import Console, Group, RenderableType
from rich.text import Text

from digitd.stored import StoredField
from digitd.verify.blocks import picture
from digitd.verify.session import Session

HELP = """\
0-9        the digits as they are written, one key a digit
Enter      saves what is typed and shows the next field
Backspace  takes the last digit away
b          nothing is written there: saves blank
x          cannot be read: something is there, but nobody could say what
w          wrong place: the picture does not show the field
s          skips this field; it waits for another time
u          takes your last label back, as often as you like, and shows its field
q          ends; what is saved stays saved"""

#: Lines of the screen that are not the crop.
_OTHER_LINES = 8

#: What terminals send for arrows and the like: never digits, and left out whole.
_ESCAPE_SEQUENCE = re.compile(r"\x1b(?:\[[0-9;]*[ -/]*[@-~]|O.|.)?")


class Keyboard:
    """Keys of the terminal at file descriptor fd, one by one and without Enter, while used as a context manager."""

    def __init__(self, fd: int) -> None:
        self._fd = fd

    def __enter__(self) -> Iterator[str]:
        self._before = termios.tcgetattr(self._fd)
        # For the whole sitting, not key by key: a digit typed while a crop is drawn must be neither echoed nor lost.
        tty.setcbreak(self._fd)
        return self._keys()

    def __exit__(self, kind: type[BaseException] | None, fault: BaseException | None, at: TracebackType | None) -> None:
        termios.tcsetattr(self._fd, termios.TCSADRAIN, self._before)

    def _keys(self) -> Iterator[str]:
        while read := os.read(self._fd, 256):
            yield from (key for key in _ESCAPE_SEQUENCE.sub("", read.decode(errors="ignore")) if key != "\x04")
            if b"\x04" in read:
                return


class Sitting(Protocol):
    """What keys are given to."""

    ended: bool

    def press(self, key: str) -> None: ...

    def drawn(self) -> None: ...


def sit(sitting: Sitting, keys: Iterator[str], console: Console, *, shown: Callable[[], RenderableType]) -> None:
    """Give keys to sitting, and show on console what is to be seen then, until the verifier ends, or the keys do."""
    with console.screen(hide_cursor=True) as screen:
        screen.update(shown())
        sitting.drawn()
        with suppress(KeyboardInterrupt):  # Ctrl-C ends like q: every label is already stored
            for key in keys:
                sitting.press(key)
                if sitting.ended:
                    break
                screen.update(shown())
                sitting.drawn()


def page(session: Session, console: Console) -> RenderableType:
    """What the verifier sees now."""
    if session.helping:
        return Text(f"\n{HELP}\n\nGo on keying; what was typed is still there.")
    if session.field is None:
        left = _left_to_others(session.waiting)
        return Text(f"\n{session.message}\n\n{left} u takes the last label back; Enter ends.")
    return _field_page(session, session.field, console)


def _left_to_others(waiting: int) -> str:
    if not waiting:
        return "Nothing waits any more."
    return f"Nothing waits for you. To be keyed by others, on their screens, or passed over by you: {waiting}."


def _field_page(session: Session, field: StoredField, console: Console) -> Group:
    where = Text.assemble((field.document, "bold"), f"  page {field.page}  field ", (field.name, "bold"))
    return Group(
        one_line(where),
        one_line(Text(f"{session.labelled} saved, {session.waiting} wait.  {_reason(session, field)}", style="dim")),
        Text(),
        crop(field, console),
        one_line(_prompt(session, field)),
        one_line(
            Text(
                session.message or "Enter saves, b blank, x unreadable, w wrong place, s skip, u undo, q end, ? help",
                style="dim",
            )
        ),
    )


def _reason(session: Session, field: StoredField) -> str:
    """Why the field waits; hidden from who keys blind, because a reason may name a reading."""
    return field.reason if session.show_reading else ""


def crop(field: StoredField, console: Console) -> RenderableType:
    """A field's picture, as large as there is room for."""
    if not field.crop:
        return Text("This field has no picture; its document is in the archive.\n")
    pixels = cv2.imdecode(np.frombuffer(field.crop, np.uint8), cv2.IMREAD_GRAYSCALE)
    assert pixels is not None
    return picture(
        pixels.astype(np.uint8, copy=False),
        columns=max(10, console.width - 1),
        lines=max(4, console.height - _OTHER_LINES),
        **drawn_for(console),
    )


def drawn_for(console: Console) -> dict[str, bool]:
    """What a terminal can show, as `digitd.verify.blocks.picture` takes it."""
    return {
        "greys": not console.no_color and console.color_system in {"256", "truecolor"},
        "ascii_only": not console.encoding.lower().startswith("utf"),
    }


def _prompt(session: Session, field: StoredField) -> Text:
    prompt = Text.assemble("> ", (session.typed, "bold"), ("_", "blink"))
    if session.show_reading and not session.typed:
        prompt.append(f"   Enter confirms: {field.machine_value or 'blank'}")
    return prompt


def one_line(text: Text) -> Text:
    """One line, cut where the terminal ends, so that the crop always has its place."""
    text.no_wrap, text.overflow = True, "ellipsis"
    return text

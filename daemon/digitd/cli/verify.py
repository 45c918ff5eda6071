"""`digitd verify`: people key what the machine is unsure of, in a browser or in the terminal."""

import dataclasses
import sys
import webbrowser
from urllib.parse import urlencode

import click
from rich.console import Console

from digitd.cli._common import current_config, json_option, print_json
from digitd.cli._verifier import verifier_option
from digitd.config import Config
from digitd.records import Order, Why
from digitd.store import Store
from digitd.stored import ALL, Choice
from digitd.verify import grid, terminal
from digitd.verify.keying import Keying, keying, verifier_name
from digitd.verify.looking import Looking, looking
from digitd.verify.screening import Glance, Screening
from digitd.verify.session import Session, Summary
from digitd.verify.terminal import Keyboard, sit


@click.command()
@click.option("--terminal", "in_terminal", is_flag=True, help="In this terminal, also over SSH, instead of a browser.")
@click.option(
    "--digit",
    type=click.IntRange(0, 9),
    help="Look at what passed as this digit, many at a time, and mark what is none.",
)
@click.option("--form", help="Only fields of this form.")
@click.option("--why", type=click.Choice([str(why) for why in Why]), help="Only fields that wait for this reason.")
@click.option(
    "--order",
    type=click.Choice([str(order) for order in Order]),
    default=str(Order.SURENESS),
    show_default=True,
    help="The least sure first, those that came first, or those of which a label teaches most.",
)
@verifier_option
@click.option("--show-reading", is_flag=True, help="With --terminal: show what was read; Enter alone confirms it.")
@click.option("--no-browser", is_flag=True, help="Print the address, and open no browser.")
@json_option
def verify(
    digit: int | None,
    form: str | None,
    why: str | None,
    order: str,
    verifier: str | None,
    *,
    in_terminal: bool,
    show_reading: bool,
    no_browser: bool,
    as_json: bool,
) -> None:
    """Key the fields that wait for a verifier, the least certain first, in a browser until Ctrl-C.

    The picture of each field is shown and its digits are typed, one key a digit; Enter saves. The reading stays
    hidden, because whoever is shown a wrong digit tends to agree with it. What differs from the reading is keyed again
    by another verifier, and where the two differ a third settles it. u takes back. Every label is stored at once;
    several people may key at the same time, in browsers and terminals.

    \b
    Examples:
      digitd verify
      digitd verify --terminal --form score-sheet
      digitd verify --why rule --order age
      digitd verify --terminal --digit 7
    """
    config = current_config()
    name = verifier_name(config, verifier)
    choice = Choice(form=form, why=Why(why) if why else None, order=Order(order))
    if digit is not None and (choice != ALL or show_reading):
        raise click.UsageError("--digit goes with none of --form, --why, --order and --show-reading")
    if not in_terminal:
        if show_reading or as_json:
            raise click.UsageError("--show-reading and --json go with --terminal")
        _in_browser(config, name, _path(choice, digit), open_it=not no_browser)
        return
    console = Console(stderr=as_json)
    if not (sys.stdin.isatty() and console.is_terminal):
        raise click.UsageError("keys are read from a terminal, and here is none; `digitd label import FILE` needs none")
    summary: Summary | Glance
    with Store.open(config.database) as store:
        if digit is None:
            summary = _keyed(keying(store, config, verifier=name, show_reading=show_reading), console, choice)
        else:
            summary = _looked_at(looking(store, config, verifier=name), console, digit)
    if as_json:
        print_json(dataclasses.asdict(summary))
    else:
        click.echo(sentence(summary) if isinstance(summary, Summary) else glance_sentence(summary))


def _keyed(rules: Keying, console: Console, choice: Choice) -> Summary:
    session = Session(rules, choice)
    if session.field is not None:
        with Keyboard(sys.stdin.fileno()) as keys:
            sit(session, keys, console, shown=lambda: terminal.page(session, console))
    session.end()
    return session.summary()


def _looked_at(rules: Looking, console: Console, digit: int) -> Glance:
    screening = Screening(rules, digit, room=lambda: grid.room(console))
    if screening.screen is not None or screening.waiting():
        with Keyboard(sys.stdin.fileno()) as keys:
            sit(screening, keys, console, shown=lambda: grid.page(screening, console, rules.store))
    return screening.summary()


def _path(choice: Choice, digit: int | None) -> str:
    """The page of the desk to begin with."""
    if digit is not None:
        return f"lookalikes/{digit}"
    chosen = {} if choice == ALL else {"form": choice.form, "why": choice.why, "order": choice.order}
    query = urlencode({name: value for name, value in chosen.items() if value})
    return f"fields?{query}" if query else ""


def _in_browser(config: Config, name: str, path: str, *, open_it: bool) -> None:
    from digitd.desk.server import Server  # FastAPI, which only a desk needs

    with Store.open(config.database) as store:
        server = Server(config, store, verifier=name, any_port=True)
        address = server.url + path
        click.echo(f"The desk is at {address} - Ctrl-C ends it.", err=True)
        if open_it:
            webbrowser.open(address)
        server.run()


def sentence(summary: Summary) -> str:
    """What came of a sitting, in words."""
    waiting = f"{summary.waiting} {'field waits' if summary.waiting == 1 else 'fields wait'} for a verifier."
    if summary.labelled == 0:
        return f"Nothing labelled. {waiting}" if summary.waiting else "Nothing waits for a verifier."
    each = f"{summary.seconds / summary.labelled:.1f} s and {summary.keys / summary.labelled:.1f} keys each"
    skipped = f", {summary.skipped} skipped" if summary.skipped else ""
    fields = "1 field" if summary.labelled == 1 else f"{summary.labelled} fields"
    return f"{fields} labelled ({each}){skipped}. {waiting}"


def glance_sentence(glance: Glance) -> str:
    """What came of a sitting at look-alikes, in words."""
    again = f" A known error stayed on {_counted(glance.missed, 'screen')}, which will come again." * bool(
        glance.missed
    )
    if not glance.screens:
        return f"Nothing confirmed.{again}"
    each = f"{glance.seconds / glance.glyphs:.2f} s and {glance.keys / glance.glyphs:.2f} keys each"
    screens, glyphs = _counted(glance.screens, "screen"), _counted(glance.glyphs, "glyph")
    fields = f"{_counted(glance.verified, 'field')} verified, {glance.doubted} to be keyed."
    return f"{glyphs} on {screens} looked at ({each}); {fields}{again}"


def _counted(count: int, what: str) -> str:
    return f"{count} {what}{'s' * (count != 1)}"

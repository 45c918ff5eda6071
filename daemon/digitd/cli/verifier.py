"""`digitd verifier`: who may use the desk from elsewhere, by tokens, and what people did there."""

import getpass
import secrets
from collections.abc import Iterator
from typing import Any

import click
from rich.console import Console
from rich.table import Table

from digitd.cli._common import current_config, json_option, print_json
from digitd.errors import VerifierError
from digitd.records import Role
from digitd.report.people import VerifierFigures, verifiers
from digitd.store import Store
from digitd.stored import Verifier
from digitd.verify.keying import LONGEST_NAME

#: A token's random bytes.
TOKEN_BYTES = 32


@click.group()
def verifier() -> None:
    """Let people and programs in by tokens, so that the desk can be reached from other machines."""


@verifier.command("add")
@click.argument("name")
@click.option("--role", type=click.Choice([str(role) for role in Role]), default=str(Role.CLERK), show_default=True)
@json_option
def add_command(name: str, role: str, *, as_json: bool) -> None:
    """Make a token for NAME, in place of the one they had, and print it, once.

    A clerk keys fields and sees documents; an admin also hands documents in, approves them, and takes labels out. As
    soon as anybody has a token, everybody has to log in.

    \b
    Examples:
      digitd verifier add ada
      digitd verifier add scanner --role admin
    """
    if not 0 < len(name) <= LONGEST_NAME or name != name.strip() or not name.isprintable():
        raise VerifierError(f"{name!r} is no name: up to {LONGEST_NAME} characters, none of them hidden")
    token = secrets.token_urlsafe(TOKEN_BYTES)
    with Store.open(current_config().database, create=True) as store:
        store.add_verifier(name, Role(role), token, author=_author())
    if as_json:
        print_json({"name": name, "role": role, "token": token})
        return
    click.echo(token)
    click.echo(f"This is {name}'s token, shown this once; of it only a hash is kept.", err=True)


@verifier.command("list")
@json_option
def list_command(*, as_json: bool) -> None:
    """Tell who has a token, and how well people verify: how fast, known errors caught, agreement with others.

    Agreement is Cohen's kappa of the digits keyed blind with what others keyed in the same fields: 1 is always, 0 as
    often as by chance. What two have keyed is mostly what the machine was not sure of.
    """
    with Store.open(current_config().database) as store:
        tokens = {one.name: one for one in store.verifiers()}
        known = {one.name: one for one in verifiers(store)}
    rows = [_row(name, tokens.get(name), known.get(name)) for name in sorted({*tokens, *known})]
    if as_json:
        print_json(rows)
        return
    if rows:
        table = Table("name", "token", "labels", "seconds a field", "known errors caught", "kappa", box=None)
        for row in rows:
            table.add_row(*_told(row))
        Console().print(table)
    if not tokens:
        click.echo("Nobody has a token: whoever is at this machine may use the desk. `digitd verifier add NAME`.")


@verifier.command("remove")
@click.argument("name")
def remove_command(name: str) -> None:
    """Let NAME in no more, at once; what they said stays."""
    with Store.open(current_config().database) as store:
        store.remove_verifier(name, author=_author())
        left = store.has_verifiers()
    click.echo(f"{name} is let in no more." + ("" if left else " Nobody has a token now."), err=True)


@verifier.command("trail")
@click.option("--newest", type=click.IntRange(1, 100_000), default=50, show_default=True, help="How many.")
@json_option
def trail_command(newest: int, *, as_json: bool) -> None:
    """Tell what people did last, other than to label: tokens, logins, documents handed in and approved."""
    with Store.open(current_config().database) as store:
        found = store.trail(newest=newest)
    if as_json:
        print_json(
            [{"at": one.at.isoformat(), "author": one.author, "act": one.act, "subject": one.subject} for one in found]
        )
        return
    for one in found:
        click.echo(f"{one.at:%Y-%m-%d %H:%M} UTC  {one.author}: {one.act} {one.subject}".rstrip())


def _row(name: str, token: Verifier | None, figures: VerifierFigures | None) -> dict[str, Any]:
    given = {"role": str(token.role), "since": token.added_at.isoformat()} if token else {"role": None, "since": None}
    nothing = VerifierFigures(name=name, labels=0, seconds=None, sown=0, caught=0, kappa=None, pairs=0)
    return {**(figures or nothing).as_json(), **given}


def _told(row: dict[str, Any]) -> Iterator[str]:
    yield row["verifier"]
    yield f"{row['role']}, {row['since'][:10]}" if row["role"] else "-"
    yield f"{row['labels']:,}"
    yield "-" if row["seconds"] is None else f"{row['seconds']:.1f}"
    yield f"{row['caught']} of {row['sown']}" if row["sown"] else "-"
    yield "-" if row["kappa"] is None else f"{row['kappa']:.2f} ({row['pairs']} pairs)"


def _author() -> str:
    """Who is at this machine."""
    try:
        return getpass.getuser()
    except (OSError, KeyError):  # no such user in the system's list, as in some containers
        return "this machine"

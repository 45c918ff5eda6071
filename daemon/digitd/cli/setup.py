"""`digitd init` and `digitd upgrade`: a folder made ready, and a database brought to this version."""

import shutil
from pathlib import Path

import click

from digitd import config as configuration
from digitd.cli._common import current_config, json_option, print_json
from digitd.errors import ConfigError, DatabaseError
from digitd.intake.lock import Lock
from digitd.resources import shipped
from digitd.store import Store


@click.command(short_help="Make a folder ready: config.toml, inbox/, forms/, var/.")
@click.argument("folder", metavar="[DIR]", default=".", type=click.Path(path_type=Path, file_okay=False))
@json_option
def init(folder: Path, as_json: bool) -> None:
    """Make DIR, or this folder, ready: config.toml, inbox/, forms/, models/, var/. What is there stays as it is.

    \b
    Examples:
      digitd init clerk && cd clerk && digitd run
    """
    made = make_folders(folder)
    if as_json:
        print_json({"folder": str(folder.resolve()), "made": made})
        return
    click.echo(f"{folder.resolve()}: " + (f"made {', '.join(made)}." if made else "everything was there already."))
    here = folder.resolve() == Path.cwd()
    click.echo(f"Next: {'' if here else f'cd {folder} and '}drop scans into inbox/, then `digitd run`.")
    click.echo("For a form of your own: `digitd form new NAME --reference IMAGE --fields FIELDS.csv`.")


@click.command(short_help="Bring the database to this version.")
@json_option
def upgrade(as_json: bool) -> None:
    """Bring an older database to this version. A copy of it is kept beside it.

    \b
    Examples:
      digitd upgrade
    """
    config = current_config()
    if not config.database.exists():
        raise DatabaseError(f"{config.database}: no database yet, so nothing to upgrade. `digitd run` makes it.")
    with Lock(config.var / "lock"):
        before, after, copy = Store.upgrade(config.database)
    if as_json:
        print_json({"database": config.database, "before": before, "after": after, "copy": copy})
    elif copy is None:
        click.echo(f"{config.database}: of this version already ({after}).")
    else:
        click.echo(f"{config.database}: upgraded from {before} to {after}. The copy from before is {copy}.")


def make_folders(folder: Path) -> list[str]:
    """Make what is missing in folder; returns the names of what was made.

    Raises
    ------
    ConfigError
        It cannot be written to.
    """
    made = []
    try:
        folder.mkdir(parents=True, exist_ok=True)
        if not (folder / configuration.NAME).exists():
            shutil.copyfile(shipped(configuration.NAME), folder / configuration.NAME)
            made.append(configuration.NAME)
        for name in ("inbox", "forms", "models", "var"):
            if not (folder / name).is_dir():
                (folder / name).mkdir()
                made.append(f"{name}/")
    except OSError as fault:
        raise ConfigError(
            f"{fault.filename}: {fault.strerror}. Name another folder, or make this one writable."
        ) from None
    return made

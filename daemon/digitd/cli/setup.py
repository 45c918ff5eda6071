"""`digitd init` and `digitd upgrade`: a folder made ready, and a database brought to this version."""

import shutil
from datetime import UTC, datetime
from pathlib import Path

import click

from digitd import config as configuration
from digitd.cli._common import current_config, json_option, open_store, print_json
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


@click.command(short_help="Copy the database, while the service runs.")
@click.argument("file", metavar="[FILE]", required=False, type=click.Path(path_type=Path))
@json_option
def backup(file: Path | None, as_json: bool) -> None:
    """Copy the database to FILE, or into var/backup/ under the date, and see that the copy is whole.

    The service may go on meanwhile. To go back: stop it, and put the copy in the place of var/digitd.db.

    \b
    Examples:
      digitd backup
      digitd backup /mnt/safe/digitd.db
    """
    config = current_config()
    path = file or config.var / "backup" / f"digitd-{datetime.now(UTC):%Y%m%dT%H%M%S}.db"
    if path.exists():
        raise DatabaseError(f"{path}: is there already, and is not written over. Name another file.")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
    except OSError as fault:
        raise DatabaseError(f"{path.parent}: {fault.strerror}. Name another file.") from None
    with open_store(config) as store:
        store.copy_to(path)
    megabytes = path.stat().st_size / 1e6
    if as_json:
        print_json({"copy": path, "megabytes": round(megabytes, 3)})
    else:
        click.echo(f"{path}: a whole copy of {config.database}, {megabytes:.1f} MB.")


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

"""The folders a service needs: there, apart from each other, writable, and on one file system. Tried, not assumed."""

from pathlib import Path
from uuid import uuid4

from digitd.config import Config
from digitd.errors import ConfigError
from digitd.intake import archive


def check_folders(config: Config) -> None:
    """Make the folders of `var` and try a rename from the inbox into them.

    Raises
    ------
    ConfigError
        The inbox is missing, folders lie inside each other, or a file cannot be moved from the inbox to `var/work`.
    """
    if not config.inbox.is_dir():
        raise ConfigError(f"{config.inbox}: no such folder. Make it, or correct folders.inbox in config.toml.")
    check_apart(config)
    try:
        archive.prepare(config.var)
    except OSError as fault:
        raise ConfigError(f"{config.var}: {fault.strerror}. Correct folders.var, or its permissions.") from None
    try_rename(config.inbox, config.var / archive.WORK)


def check_apart(config: Config) -> None:
    """Refuse an inbox that holds digitd's own folders, or lies in one of them: it would eat its own files."""
    inbox = config.inbox.resolve()
    for name in ("var", "forms", "models"):
        other = getattr(config, name).resolve()
        if inbox.is_relative_to(other) or other.is_relative_to(inbox):
            raise ConfigError(
                f"folders.inbox ({inbox}) and folders.{name} ({other}) lie inside each other. "
                "Set them apart in config.toml."
            )


def try_rename(inbox: Path, work: Path) -> None:
    """Write a hidden file into the inbox, move it to work, remove it.

    Raises
    ------
    ConfigError
        One of these cannot be done; the message says which and what to do.
    """
    name = f".digitd-probe-{uuid4().hex}"
    probe, moved = inbox / name, work / name
    doing = f"{inbox}: a file cannot be written there"
    try:
        probe.write_bytes(b"")
        doing = f"{inbox}: a file cannot be moved from there to {work}; both must be on one file system"
        probe.rename(moved)
    except OSError as fault:
        probe.unlink(missing_ok=True)
        raise ConfigError(
            f"{doing} ({fault.strerror}). Correct [folders] in config.toml, or the permissions."
        ) from None
    moved.unlink()

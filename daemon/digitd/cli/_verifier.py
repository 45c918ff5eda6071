"""Who gives a label: the command line, else the configuration, else whoever is logged in."""

import getpass
from collections.abc import Callable
from typing import Any, TypeVar

import click

from digitd.config import Config
from digitd.errors import ConfigError

Command = TypeVar("Command", bound=Callable[..., Any])


def verifier_option(command: Command) -> Command:
    """Add `--verifier`."""
    return click.option("--verifier", help="Who signs the labels, instead of verify.verifier in config.toml.")(command)


def who(config: Config, given: str | None) -> str:
    """The name to sign labels with.

    Raises
    ------
    ConfigError
        Nobody is named, and the system does not know who is logged in.
    """
    try:
        return given or config.verify.verifier or getpass.getuser()
    except (OSError, KeyError):  # no such user in the system's list, as in some containers
        raise ConfigError("who verifies? Give --verifier NAME, or set verify.verifier in config.toml.") from None

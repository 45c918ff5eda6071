"""The option that says who gives a label."""

from collections.abc import Callable
from typing import Any, TypeVar

import click

Command = TypeVar("Command", bound=Callable[..., Any])


def verifier_option(command: Command) -> Command:
    """Add `--verifier`."""
    return click.option("--verifier", help="Who signs the labels, instead of verify.verifier in config.toml.")(command)

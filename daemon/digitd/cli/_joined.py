"""Commands that other packages add, such as the trainer: found as entry points, so that digitd never imports them."""

from importlib.metadata import entry_points

import click

#: Where packages that add a command to `digitd`, or to `digitd model`, say so.
TOP, MODEL = "digitd.commands", "digitd.commands.model"


def names(group: str) -> list[str]:
    """The names of the commands that joined a group, in order; nothing is imported."""
    return sorted(found.name for found in entry_points(group=group))


def find(group: str, name: str) -> click.Command | None:
    """The command called name that joined a group, or None."""
    for found in entry_points(group=group, name=name):
        command: click.Command = found.load()
        return command
    return None

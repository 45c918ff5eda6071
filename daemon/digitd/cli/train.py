"""`digitd train`: handed over to the trainer, which digitd finds as an entry point and never imports."""

from importlib.metadata import entry_points

import click

from digitd.errors import NotInstalled

#: Where packages that add a command say so.
GROUP = "digitd.commands"


def _find() -> click.Command:
    for found in entry_points(group=GROUP, name="train"):
        command: click.Command = found.load()
        return command
    raise NotInstalled('the trainer is not installed. Run: pip install "digitd[train]"')


train = _find()

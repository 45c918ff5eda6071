"""`digitd train`: handed over to the trainer, which digitd finds as an entry point and never imports."""

import click

from digitd.cli import _joined
from digitd.errors import NotInstalled


def _find() -> click.Command:
    command = _joined.find(_joined.TOP, "train")
    if command is None:
        raise NotInstalled('the trainer is not installed. Run: pip install "digitd[train]"')
    return command


train = _find()

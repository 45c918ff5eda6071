"""`digitd doctor`: what is wrong with this installation, and what to do about it."""

import sys

import click

from digitd.cli._common import current_config, json_option, print_json
from digitd.doctor import Check, checks, of_service
from digitd.errors import DigitdError, ExitCode


@click.command(short_help="What is wrong with this installation.")
@click.option("--service", "only_service", is_flag=True, help="Only ask the running service how it is.")
@json_option
def doctor(only_service: bool, as_json: bool) -> None:
    """Try everything the service needs, and say what is wrong. Ends with 10 if something is.

    With --service it tries nothing, and only asks the running service how it is, as a health check does.

    \b
    Examples:
      digitd doctor
      digitd doctor --json
      digitd doctor --service
    """
    try:
        config = current_config()
        used = Check(name="config", ok=True, said=f"{config.root / 'config.toml'} can be used")
        found = [of_service(config)] if only_service else [used, *checks(config)]
    except DigitdError as fault:
        found = [Check(name="config", ok=False, said=str(fault))]
    if as_json:
        print_json([{"check": check.name, "ok": check.ok, "said": check.said} for check in found])
    else:
        width = max(len(check.name) for check in found)
        for check in found:
            click.echo(f"{'ok     ' if check.ok else 'problem'}  {check.name:<{width}}  {check.said}")
    if not all(check.ok for check in found):
        sys.exit(ExitCode.UNHEALTHY)

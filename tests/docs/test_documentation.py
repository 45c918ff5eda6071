"""The documentation names every command, option, key and exit code there is, and its examples are of real commands."""

import re
import shlex
from collections.abc import Iterator
from pathlib import Path

import click
import pytest

from digitd.cli import main
from digitd.config import keys
from digitd.errors import ExitCode

ROOT = Path(__file__).resolve().parents[2]
TEXT = (ROOT / "docs" / "commands.md").read_text(encoding="utf-8")
SECTIONS = dict(re.findall(r"^## digitd ([^\n]+)\n(.*?)(?=^## |\Z)", TEXT, re.MULTILINE | re.DOTALL))


def commands() -> Iterator[tuple[str, click.Command]]:
    pending: list[tuple[str, click.Command]] = [("", main)]
    while pending:
        name, command = pending.pop()
        if isinstance(command, click.Group):
            context = click.Context(command)
            for child in command.list_commands(context):
                found = command.get_command(context, child)
                assert found is not None
                pending.append((f"{name} {child}".strip(), found))
            if name and command.invoke_without_command:
                yield name, command
        else:
            yield name, command


COMMANDS = dict(commands())


def section(name: str) -> str:
    for title, text in SECTIONS.items():
        if re.fullmatch(re.escape(name) + r"( [\[A-Z].*)?", title):
            return text
    raise AssertionError(f"docs/commands.md has no section for digitd {name}")


@pytest.mark.parametrize("name", sorted(COMMANDS))
def test_every_command_is_documented_with_its_options_and_an_example(name):
    """A command has a section that names each of its options and shows it in use."""
    text = section(name)
    options = [o for p in COMMANDS[name].params if isinstance(p, click.Option) for o in p.opts if o.startswith("--")]
    missing = [option for option in options if option not in text and option != "--help"]
    assert not missing
    assert f"digitd {name}" in text


def test_no_section_is_of_a_command_that_is_gone():
    """Every section names a command."""
    names = {re.split(r" [\[A-Z]", title)[0] for title in SECTIONS}
    assert names == set(COMMANDS)


@pytest.mark.parametrize("title", sorted(SECTIONS))
def test_examples_parse(title):
    """Every example's command line is one that the command accepts."""
    example = re.search(r"```\n(.*?)```", SECTIONS[title], re.DOTALL)
    assert example is not None
    for line in re.split(r"\n|&&", example.group(1)):
        words = shlex.split(line)
        if words[:1] == ["digitd"]:
            name = next(n for n in sorted(COMMANDS, key=len, reverse=True) if " ".join(words[1:]).startswith(n))
            COMMANDS[name].make_context(name, words[1 + len(name.split()) :], resilient_parsing=False).close()


@pytest.mark.parametrize("name", sorted(COMMANDS))
def test_help_is_set_as_written(name):
    """Examples in help stand on lines of their own; no control sequence shows."""
    help_text = COMMANDS[name].get_help(click.Context(COMMANDS[name], info_name=name))
    assert "\\b" not in help_text


@pytest.mark.parametrize("key", sorted(keys()))
def test_every_setting_is_in_the_shipped_configuration_with_a_comment(key):
    """config.toml lists every key with what it means."""
    part, name = key.split(".")
    text = (ROOT / "config.toml").read_text(encoding="utf-8")
    body = re.search(rf"^\[{part}\]\n(.*?)(?=^\[|\Z)", text, re.MULTILINE | re.DOTALL)
    assert body is not None
    assert re.search(rf"^{name} = .+ # .+", body.group(1), re.MULTILINE)


def test_every_exit_code_is_documented():
    """The table of exit codes has a line for each."""
    for code in ExitCode:
        assert re.search(rf"^\| {code.value} \|", TEXT, re.MULTILINE)


def test_the_architecture_names_what_there_is():
    """Each module and package of digitd is in ARCHITECTURE.md."""
    text = (ROOT / "ARCHITECTURE.md").read_text(encoding="utf-8")
    parts = [p for p in (ROOT / "daemon" / "digitd").iterdir() if p.suffix == ".py" or (p / "__init__.py").exists()]
    missing = [p.name for p in parts if p.stem not in text and not p.name.startswith("__")]
    assert not missing


@pytest.mark.parametrize(
    "name", ["README.md", "ARCHITECTURE.md", "CONTRIBUTING.md", "CHANGELOG.md", "docs/commands.md"]
)
def test_nothing_is_left_to_fill_in_and_links_lead_somewhere(name):
    """No placeholder remains, and every relative link names a file."""
    text = (ROOT / name).read_text(encoding="utf-8")
    assert "@@" not in text
    for target in re.findall(r"\]\(([^)#]+)", text):
        assert target.startswith("https:") or (ROOT / name).parent.joinpath(target).exists()


@pytest.mark.parametrize(
    "line", re.findall(r"^digitd ([^#\n]+)", (ROOT / "docs" / "report.md").read_text("utf-8"), re.M)
)
def test_examples_of_the_report_parse(line):
    """What docs/report.md tells to type is what the commands accept."""
    words = shlex.split(line.partition(">")[0])
    COMMANDS[words[0]].make_context(words[0], words[1:], resilient_parsing=False).close()

"""Examples in docstrings give what they say."""

import doctest
from importlib import import_module
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
WITH_EXAMPLES = [
    ".".join(path.relative_to(ROOT / top).with_suffix("").parts).removesuffix(".__init__")
    for top in ("daemon", "trainer")
    for path in sorted((ROOT / top).rglob("*.py"))
    if ">>> " in path.read_text(encoding="utf-8")
]


@pytest.mark.parametrize("name", WITH_EXAMPLES)
def test_examples_are_true(name: str) -> None:
    """Each is run, and what it gives is compared."""
    result = doctest.testmod(import_module(name))
    assert result.attempted
    assert not result.failed

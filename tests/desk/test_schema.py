"""The API keeps to what its own description says, whatever it is asked."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import schemathesis
from hypothesis import HealthCheck, given, settings
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from digitd.config import Config, Web
from digitd.desk.server import Server
from digitd.store import Store

CHECKS = (not_a_server_error, status_code_conformance, content_type_conformance, response_schema_conformance)


@pytest.fixture
def api(store: Store, record: Any, make_field: Any, tmp_path: Path) -> Iterator[Any]:
    """The description of a desk that runs, with something of everything in it."""
    (tmp_path / "inbox").mkdir()
    record("a.png", [make_field("one", "17"), make_field("two", "8", reason="faint")])
    record("b.png", [make_field("three", "7")], audit_share=1.0)
    running = Server(Config(root=tmp_path, web=Web(listen="127.0.0.1:0")), store, verifier="ada")
    running.start()
    described = schemathesis.openapi.from_url(f"{running.url}api/v1/openapi.json")
    yield described.exclude(path="/api/v1/events")  # it never ends
    running.stop()


OFTEN = settings(
    max_examples=25,
    deadline=None,
    derandomize=True,
    database=None,
    suppress_health_check=[HealthCheck.filter_too_much, HealthCheck.too_slow],
)


def test_answers_are_as_they_are_described(api: Any, subtests: pytest.Subtests) -> None:
    """Status, kind and shape of every answer, to questions that make sense and to those that do not."""
    for found in api.get_all_operations():
        operation = found.ok()

        @OFTEN
        @given(case=operation.as_strategy())
        def ask(case: Any) -> None:
            case.call_and_validate(checks=CHECKS)

        with subtests.test(operation.label):
            ask()

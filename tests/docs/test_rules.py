"""docs/rules.md shows rules that are read as written, names every key, and quotes reasons that are given."""

import re
import tomllib
from pathlib import Path

from digitd.reading.validate import IMPROBABLE, FieldCandidates, validate_page
from digitd.records import Candidate, CellContent
from digitd.rules import FieldRules, FormRule, parse_field_rules, parse_form_rules
from digitd.rules.forms import HOLDS, WRONG_TOTALS

TEXT = (Path(__file__).resolve().parents[2] / "docs" / "rules.md").read_text(encoding="utf-8")
FIELDS, RULES = (tomllib.loads(example) for example in re.findall(r"```toml\n(.*?)```", TEXT, re.DOTALL))
NAMES = ["r1", "r2", "returned", "total", "number", "number again", "yes", "no", "votes"]


def test_the_examples_are_read():
    """Each table shown is one that the template's reader accepts, and together they use every key."""
    rules = [parse_field_rules(table) for table in FIELDS["fields"]]
    assert len({id(rule) for rule in rules}) == len(rules) == 5
    assert {key for table in FIELDS["fields"] for key in table} >= set(FieldRules.__dataclass_fields__)
    assert [rule.words() for rule in parse_form_rules(RULES["rules"], NAMES)] == [
        "r1 + r2 - returned should be total",
        "number should be number again",
        "yes + no should be votes",
    ]
    optional = set(FormRule.__dataclass_fields__) - {"parts"}
    assert {key for table in RULES["rules"] for key in table} == {*optional, "sum", "equal"}


def test_the_numbers_are_those_of_the_code():
    """How often a rule is supposed to hold, how many totals a wrong one may be, and what is improbable."""
    assert f"(1 - holds) / {WRONG_TOTALS}" in TEXT
    assert f"{IMPROBABLE:g}" in TEXT
    assert round(100 * (1 - HOLDS)) == 3


def reasons(*reads, rules=()):
    fields = [
        FieldCandidates(
            name=name,
            candidates=tuple(Candidate(value=value, probability=chance) for value, chance in said),
            contents=(CellContent.DIGIT if said[0][0] else CellContent.BLANK,),
            rules=parse_field_rules(own),
        )
        for name, own, said in reads
    ]
    parsed = parse_form_rules(list(rules), [field.name for field in fields])
    return [verdict.reason for verdict in validate_page(fields, rules=parsed, accept_confidence=0.5)]


def test_the_reasons_quoted_are_given():
    """Each reason of the table is what digitd says in such a case, word for word."""
    added = [{"sum": ["r1", "r2"], "total": "total"}]
    parts = [("r1", {}, [("12", 1.0)]), ("r2", {}, [("30", 1.0)])]
    said = [
        reasons(("born", {"required": True}, [("", 1.0)]))[-1],
        reasons(("born", {"date": "DDMMYYYY"}, [("31022020", 1.0)]))[-1],
        reasons(*parts, ("total", {}, [("43", 1.0)]), rules=added)[-1],
        reasons(*parts, ("total", {}, [("43", 0.95), ("42", 0.05)]), rules=added)[-1],
    ]
    quoted = re.findall(r"^\| `(.*?)` \|", TEXT, re.MULTILINE)
    assert quoted == said

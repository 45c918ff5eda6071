"""What the budget says of itself: plain sentences with the numbers they rest on, whatever there is to speak of."""

import numpy as np
import pytest

from digitd.budget.book import Epoch, Record
from digitd.budget.curve import as_text, curve, draw
from digitd.budget.judge import Judgement, judge, outlook
from digitd.budget.promise import THRESHOLDS, Group, Outcome, Passing, Promise, gathered
from digitd.budget.words import words
from digitd.errors import ConfigError

SHEET = Group(form="sheet")


def judged(
    *labels: tuple[float, bool | None], fields: int = 1000, audited: bool = False, **promised: float
) -> Judgement:
    """A judgement of labels (confidence, right), seen while all were keyed or, with audited, having passed."""
    found = [
        Outcome(
            form="sheet",
            field="f",
            confidence=confidence,
            right=right,
            probability=0.1 if audited else 1.0,
            passed=audited,
            seen_at=100.0 + place,
            read_at=100.0 + place,
        )
        for place, (confidence, right) in enumerate(labels)
    ]
    record = Record(epochs=(Epoch(at=0.0, threshold=0.5 if audited else None, audit_share=0.1),))
    passing = Passing(at=tuple(round(fields * (1 - 0.8 * threshold)) for threshold in THRESHOLDS), fields=fields)
    return judge(SHEET, gathered(found), Promise(**promised), record, passing=passing)


def said(judgement: Judgement, *, in_force: bool = True, audit_share: float = 0.1) -> str:
    return words(judgement, in_force=in_force, audit_share=audit_share)


def test_of_nothing_it_is_said_how_many_labels_would_help() -> None:
    """Without a label, and with one."""
    assert said(judged()).startswith("Nothing passes yet: nobody has keyed any of it. About ")
    assert "1 label, 0 wrong" in said(judged((0.9, True)))
    assert "labels of fields at" in said(judged((0.9, True)))


def test_without_fields_there_is_no_more_to_say() -> None:
    assert said(judged(fields=0)) == "Nothing passes yet: nobody has keyed any of it."


def test_what_passes_is_said_with_what_proves_it() -> None:
    text = said(judged(*[(0.96, True)] * 700))
    assert text.startswith("Fields with a confidence of 0 and more pass, 100 % of all: 700 labels of such, 0 wrong")
    assert "at most 1 % of what passes is wrong, 95 % sure" in text


def test_a_promise_that_is_not_in_force_is_said_as_if() -> None:
    assert "would pass" in said(judged(*[(0.96, True)] * 700), in_force=False)
    assert said(judged(), in_force=False).startswith("Nothing would pass yet")


def test_what_waits_counts_as_wrong_and_is_said() -> None:
    """700 right ones behind 120 that nobody has keyed prove nothing; before them they do."""
    right, waits = [(0.96, True)] * 700, [(0.96, None)] * 120
    assert judged(*waits, *right).threshold is None
    assert "120 fields wait to be keyed" in said(judged(*waits, *right))
    assert judged(*right, *waits).threshold is not None


def test_too_many_errors_are_not_cured_by_more_labels() -> None:
    text = said(judged(*[(0.9999, place % 5 > 0) for place in range(500)]))
    assert "More labels like these would let no more pass" in text


def test_more_audits_are_counted_in_fields_that_pass() -> None:
    """Once some pass, what is less sure needs audits: so many, drawn of ten times as many."""
    mixed = judged(*[(0.995, True)] * 60, *[(0.9, False)] * 5, *[(0.995, True), (0.95, True), (0.995, True)] * 260)
    more = outlook(mixed)
    assert mixed.threshold is not None
    assert more is not None
    assert f"About {more.labels} more audited fields, {10 * more.labels} that pass at verify.audit_share 0.1" in said(
        mixed
    )
    assert "verify.audit_share is 0" in said(mixed, audit_share=0.0)


def test_drift_is_said() -> None:
    """Audited fields, at first all right, then one in three wrong."""
    judgement = judged(*[(0.9, True)] * 200, *[(0.9, place % 3 > 0) for place in range(30)], audited=True)
    assert judgement.threshold is None
    assert "audited fields were wrong, more than promised. It begins anew" in said(judgement)


def test_a_curve_rises_with_what_is_allowed(tmp_path) -> None:
    """As text with a mark at the promise, and as a picture; a folder that is not there is told."""
    points = curve(judged(*[(0.96, True)] * 600, *[(0.5, place % 20 > 0) for place in range(400)]))
    shares = [point.share for point in points]
    assert shares == sorted(shares)
    assert shares[0] == 0.0
    assert shares[-1] == 1.0
    text = as_text(points, chosen=0.01)
    assert " >           1 %" in text
    assert "nothing" in text
    draw([("sheet", points)], tmp_path / "curve.png")
    assert (tmp_path / "curve.png").read_bytes().startswith(b"\x89PNG")
    with pytest.raises(ConfigError, match="cannot be written"):
        draw([("sheet", points)], tmp_path / "gone" / "curve.png")


def test_nothing_is_not_a_number() -> None:
    """Empty, one label, only audits: no share is NaN."""
    for judgement in (judged(fields=0), judged((0.9, False)), judged((0.9, True), audited=True)):
        assert np.isfinite(judgement.share)
        assert all(step.wrong_share is None or np.isfinite(step.wrong_share) for step in judgement.steps)

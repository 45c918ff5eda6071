"""What the budget does with a group and what would let more pass, in sentences."""

from collections.abc import Iterator
from datetime import UTC, datetime

from digitd.budget.judge import Judgement, outlook


def words(judgement: Judgement, *, in_force: bool, audit_share: float) -> str:
    """Sentences on a group; in_force says whether reading follows the budget, audit_share what is drawn for audits."""
    return " ".join(_sentences(judgement, in_force=in_force, audit_share=audit_share))


def alarm(judgement: Judgement) -> str:
    """Why a group begins anew, in a clause; empty where nothing drifts."""
    drift = judgement.drift
    if drift is None:
        return ""
    return f"{drift.wrong} of the last {drift.audited} audited {_fields(drift.audited)} were wrong, more than promised"


def _sentences(judgement: Judgement, *, in_force: bool, audit_share: float) -> Iterator[str]:
    threshold, promise = judgement.threshold, judgement.promise
    passes, nothing = ("pass", "Nothing passes") if in_force else ("would pass", "Nothing would pass")
    if judgement.record.restart_at:
        day = datetime.fromtimestamp(judgement.record.restart_at, UTC)
        yield f"Drift was found on {day:%Y-%m-%d}: {judgement.record.why}; only documents that came later count."
    if judgement.drift:
        yield f"{nothing}: {alarm(judgement)}. It begins anew with what comes in now."
        return
    if threshold is None and judgement.labels:
        yield (
            f"{nothing} yet: {judgement.labels} {_labels(judgement.labels)}, {judgement.wrong} wrong, do not prove at "
            f"any confidence that {promise}."
        )
    elif threshold is None:
        yield f"{nothing} yet: nobody has keyed any of it."
    else:
        step = judgement.step(threshold)
        yield (
            f"Fields with a confidence of {threshold:g} and more {passes}, "
            f"{100 * judgement.share:.0f} % of all: {step.labels} {_labels(step.labels)} of such, "
            f"{step.wrong} wrong, prove that {promise}."
        )
    if judgement.waiting:
        yield (
            f"{judgement.waiting} {_fields(judgement.waiting)} {'waits' if judgement.waiting == 1 else 'wait'} to be "
            "keyed, and until then count as wrong."
        )
    yield from _more(judgement, audit_share=audit_share)


def _more(judgement: Judgement, *, audit_share: float) -> Iterator[str]:
    """What would let more pass."""
    passing, threshold = judgement.passing, judgement.threshold
    if passing.fields == 0 or (judgement.share == passing.share(0.0) > 0):
        return
    following = outlook(judgement)
    if following is None:
        yield "More labels like these would let no more pass: what is less sure is too often wrong."
        return
    share = f"about {100 * passing.share(following.threshold):.0f} %"
    if threshold is None:
        read = following.labels / max(passing.share(following.threshold), 1e-9)
        yield (
            f"About {following.labels} more labels of fields at {following.threshold:g} and more, one of which comes "
            f"with every {read / following.labels:.1f} fields read, would let {share} pass, if no more of them are "
            "wrong than before."
        )
    elif audit_share > 0:
        yield (
            f"About {following.labels} more audited fields, {following.labels / audit_share:.0f} that pass at "
            f"verify.audit_share {audit_share:g}, would let {share} pass from {following.threshold:g} on, if no more "
            "of them are wrong than before."
        )
    else:
        yield "verify.audit_share is 0: nothing that passes is ever looked at, so no more can pass, nor drift be found."


def _labels(count: int) -> str:
    return "label" if count == 1 else "labels"


def _fields(count: int) -> str:
    return "field" if count == 1 else "fields"

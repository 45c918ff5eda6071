"""Whether a field's best string may pass untouched, or a person has to look, with the reason in words."""

from collections.abc import Sequence

from digitd.records import Candidate, CellContent, FieldState


def validate(
    candidates: Sequence[Candidate],
    contents: Sequence[CellContent],
    *,
    accept_confidence: float,
    cut_off: bool = False,
) -> tuple[FieldState, str]:
    """Return a field's state and the reason for it.

    Parameters
    ----------
    candidates
        The field's strings, best first; at least one.
    contents
        What stands in each cell, or what each symbol is.
    accept_confidence
        Below this probability a field goes to review.
    cut_off
        Part of the field lies outside the page: what is missing is not blank.
    """
    if cut_off:
        return FieldState.REVIEW, "part of the field lies outside the page"
    if all(content is CellContent.BLANK for content in contents):
        return FieldState.BLANK, ""
    best = candidates[0]
    if best.probability < accept_confidence:
        return (
            FieldState.REVIEW,
            f"confidence {best.probability:.2f} is below {accept_confidence:g}{_rival(candidates)}",
        )
    if not best.value:
        return FieldState.REVIEW, "there is writing, but none of it is a digit"
    if _interrupted(contents):
        return FieldState.REVIEW, "an empty or crossed cell stands between digits"
    return FieldState.ACCEPTED, ""


def _rival(candidates: Sequence[Candidate]) -> str:
    if len(candidates) < 2 or not candidates[1].value:
        return ""
    return f" (perhaps {candidates[1].value})"


def _interrupted(contents: Sequence[CellContent]) -> bool:
    digits = [index for index, content in enumerate(contents) if content is CellContent.DIGIT]
    return bool(digits) and digits[-1] - digits[0] + 1 != len(digits)

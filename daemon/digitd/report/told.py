"""What a report says, in words and tables: said once here, and set for the terminal and for the browser elsewhere."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from digitd.report.alignment import SAID, TRUTH
from digitd.report.calibration import BINS, Calibration, Passing
from digitd.report.compare import Compared, Paired
from digitd.report.drift import TREND, Drift
from digitd.report.estimates import Estimate, Share, estimate_of
from digitd.report.figures import Figures, confused
from digitd.report.groups import Group
from digitd.report.matrices import Matrix, counted, estimated
from digitd.report.people import VerifierFigures
from digitd.report.sample import PASSED, REVIEW

#: Rows of a table at most; the rest is in report.json.
ROWS = 30

#: Shares passed for which the errors are told in figures.
SHARES_PASSED = (0.5, 0.7, 0.8, 0.9, 0.95, 1.0)

NO_LABELS = (
    "No field of {} has a label yet, so nothing can be said about how well the machine reads. "
    "`digitd verify` asks for labels; `digitd label import FILE` takes them from a CSV file."
)

#: How tables by group are headed, and what their first column is.
GROUPS = {
    "form": ("By form", "form"),
    "field": ("By field", "field"),
    "place": ("By place of the digit in its field, from the left", "place"),
    "week": ("By week in which it was read", "week"),
    "model": ("By model", "model"),
    "mode": ("By way of labelling", "way"),
    "verifier": ("By who gave the label", "verifier"),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Table:
    """Rows of words under headings; the first column is a name, the others are figures."""

    caption: str
    headings: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Section:
    """A part of a report. pictures are names of files that belong to it."""

    name: str
    title: str
    words: tuple[str, ...] = ()
    matrices: tuple[Matrix, ...] = ()
    tables: tuple[Table, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """A whole report: its title, what it is of, headlines (figure, what it is, a line more), and its sections."""

    title: str
    scope: str
    headlines: tuple[tuple[str, str, str], ...]
    sections: tuple[Section, ...]


def told(
    figures: Figures, *, scope: str, people: Sequence[VerifierFigures] = (), compared: Sequence[Compared] = ()
) -> Told:
    """Put a report into words."""
    parts = [
        Section(name="summary", title="In short", words=tuple(_summary(figures, scope))),
        _basis(figures),
        _confusion(figures),
        _accuracy(figures),
        _drift(figures.drift),
        _confidence(figures),
        _work(figures, people),
        *(_comparison(each) for each in compared),
    ]
    shown = [part for part in parts if part.words or part.tables or part.matrices]
    if not figures.fields.total:
        shown = [part for part in shown if part.name in {"summary", "basis", "drift", "work"}]
    return Told(
        title="How well the machine reads",
        scope=scope,
        headlines=tuple(_headlines(figures)),
        sections=tuple(shown),
    )


def percent(share: float) -> str:
    """A share as per cent: as many decimals as tell it from 0 and from 1.

    Examples
    --------
    >>> percent(0.5), percent(0.9987), percent(0.00012), percent(1), percent(0)
    ('50.0 %', '99.87 %', '0.01 %', '100 %', '0 %')
    """
    if share in {0, 1}:
        return f"{share * 100:.0f} %"
    return f"{share * 100:.{1 if 0.01 <= share <= 0.99 else 2}f} %"


def sentence(share: Share) -> str:
    """A share of labels with its interval in words.

    Examples
    --------
    >>> sentence(Share(right=9, total=10)), sentence(Share(right=0, total=0))
    ('9 of 10, 90.0 % (95 %: 59.6 to 98.2)', 'none')
    """
    if share.value is None:
        return "none"
    low, high = share.interval
    return f"{share.right:,} of {share.total:,}, {share.value * 100:.1f} % (95 %: {low * 100:.1f} to {high * 100:.1f})"


def brief(share: Share) -> str:
    """A share with its interval in per cent, short enough for a column.

    Examples
    --------
    >>> brief(Share(right=9, total=10)), brief(Share(right=0, total=0))
    ('9/10  90.0 (59.6-98.2)', '-')
    """
    if share.value is None:
        return "-"
    low, high = share.interval
    return f"{share.right}/{share.total}  {share.value * 100:.1f} ({low * 100:.1f}-{high * 100:.1f})"


def rate(share: Share) -> str:
    """A share of labels with its interval in per cent, without its counts.

    Examples
    --------
    >>> rate(Share(right=9, total=10)), rate(Share(right=0, total=0))
    ('90.0 (59.6-98.2)', '-')
    """
    return short(estimate_of(share))


def short(estimate: Estimate | None) -> str:
    """An estimate with its interval in per cent.

    Examples
    --------
    >>> short(Estimate(value=0.9, low=0.85, high=0.94)), short(None)
    ('90.0 (85.0-94.0)', '-')
    """
    if estimate is None:
        return "-"
    digits = 2 if 0 < estimate.value < 0.01 or 0.99 < estimate.value < 1 else 1
    return f"{estimate.value * 100:.{digits}f} ({estimate.low * 100:.{digits}f}-{estimate.high * 100:.{digits}f})"


def _spoken(estimate: Estimate) -> str:
    return f"{percent(estimate.value)} (95 %: {percent(estimate.low)} to {percent(estimate.high)})"


def _count(number: int, what: str) -> str:
    return f"{number:,} {what}{'s' * (number != 1)}"


def _headlines(figures: Figures) -> Iterator[tuple[str, str, str]]:
    load, weighted = figures.load, figures.weighted
    through = load.straight_through
    if through.value is not None:
        yield percent(through.value), "passed without anybody", f"of {_count(load.read, 'field')} read"
    if weighted.unseen is not None:
        low, high = percent(weighted.unseen.low), percent(weighted.unseen.high)
        yield percent(weighted.unseen.value), "of what passed is wrong", f"95 %: {low} to {high}"
    if weighted.fields is not None:
        low, high = percent(weighted.fields.low), percent(weighted.fields.high)
        yield percent(weighted.fields.value), "of all fields the machine read right", f"95 %: {low} to {high}"
    elif figures.fields.value is not None:
        yield percent(figures.fields.value), "of the labelled fields right", f"of {figures.fields.total:,}; see below"
    if load.read:
        yield f"{load.waiting:,}", "wait for a verifier", f"{load.review:,} of {load.read:,} went to review"


def _summary(figures: Figures, scope: str) -> Iterator[str]:
    load, weighted = figures.load, figures.weighted
    if not load.read:
        yield f"No field of {scope} has been read yet."
    else:
        yield (
            f"{_count(load.read, 'field')} read: {load.passed:,} passed, {load.review:,} went to review, of which "
            f"{load.waiting:,} still wait for a verifier, and {load.blank:,} were left blank."
        )
    if not figures.fields.total:
        yield NO_LABELS.format(scope)
    if weighted.unseen is not None:
        low, high = (round(load.passed * end) for end in (weighted.unseen.low, weighted.unseen.high))
        yield (
            f"Of the fields that passed, {_spoken(weighted.unseen)} are wrong unseen: about "
            f"{round(load.passed * weighted.unseen.value):,} of {load.passed:,}, between {low:,} and {high:,}."
        )
    if weighted.fields is not None:
        yield f"Of all fields, doubtful or not, the machine by itself read {_spoken(weighted.fields)} right."
    if weighted.digits is not None:
        yield f"Of all digits it read {_spoken(weighted.digits)} right."
    if figures.fields.total:
        yield (
            f"Of the labelled fields, which are not a fair sample of all, {sentence(figures.fields)} were right; "
            f"of their digits {sentence(figures.digits)}; {_count(figures.extra, 'glyph')} "
            f"{'was' if figures.extra == 1 else 'were'} taken for a digit where there is none."
        )
    if found := [each for each in figures.drift if each.found]:
        yield from map(_spoken_drift, found)


def _basis(figures: Figures) -> Section:
    return Section(name="basis", title="What the figures stand for", words=tuple(_basis_words(figures)))


def _basis_words(figures: Figures) -> Iterator[str]:
    if not figures.load.read:
        return
    if figures.weighted.fields is not None or figures.weighted.unseen is not None:
        yield (
            "Estimates are of all fields that were read and not left blank: each labelled field counts for as many "
            "as it stands for, by the probability with which it came to be keyed. They describe the service on such "
            "fields."
        )
    yield from _what_passed(figures)
    yield from _what_is_left(figures)


def _what_passed(figures: Figures) -> Iterator[str]:
    load, keyed = figures.load, figures.keyed[PASSED]
    if figures.census:
        yield f"All {load.passed:,} fields that passed have a label, so nothing is left to chance there."
    elif keyed:
        yield (
            f"What passed is judged by {keyed:,} of the {_count(load.drawn, 'field')} drawn from it at random; labels "
            "of others that passed, which were not drawn, are in no estimate."
        )
    elif load.passed:
        yield (
            "Nothing can be estimated of what passed: none of the fields that were drawn from it at random "
            f"({load.drawn:,} so far) has been keyed. Labels describe the doubtful fields only, or what a file holds. "
            "`verify.audit_share` says how many are drawn, `digitd verify` asks for them."
        )


def _what_is_left(figures: Figures) -> Iterator[str]:
    load, keyed = figures.load, figures.keyed[REVIEW]
    if 0 < keyed < load.review:
        yield (
            f"Of the fields in review {keyed:,} of {load.review:,} are keyed and stand for the rest. The least sure "
            "come first, so that estimates are rather too low until all are."
        )
    elif not keyed and load.review:
        yield f"None of the {load.review:,} fields in review is keyed: nothing is estimated of all fields together."
    if load.blank:
        yield f"What was left blank ({_count(load.blank, 'field')}) is never drawn, and is in no estimate."
    if figures.unsettled:
        yield (
            f"{_count(figures.unsettled, 'field')} keyed otherwise than read wait for another verifier; in estimates "
            "they count as what was keyed last, in counts of labels not yet."
        )
    if figures.shown:
        yield (
            f"{_count(figures.shown, 'label')} came from people who saw the reading, and may agree with it too easily."
        )
    if figures.without_value:
        yield f"{_count(figures.without_value, 'field')} cannot be read, or lie elsewhere: they are in no figure."


def _confusion(figures: Figures) -> Section:
    matrices = [counted(figures.matrix)]
    if figures.of_read:
        matrices.append(estimated(figures.weighted))
    tables = [_errors(figures), _classes(figures)]
    return Section(
        name="confusion",
        title="What is taken for what",
        matrices=tuple(matrices),
        tables=tuple(_without_empty(table) for table in tables if table.rows),
    )


def _errors(figures: Figures) -> Table:
    weighted, totals = figures.weighted, figures.matrix.sum(axis=1)
    return Table(
        caption="The most frequent errors, and in how many per cent of such digits (95 %)",
        headings=("is, read as", "labels", "of labels", "of all read"),
        rows=tuple(
            (
                f"{TRUTH[row]} as {SAID[column]}",
                f"{count:,}",
                rate(Share(right=count, total=int(totals[row]))),
                short(weighted.rate(row, column)),
            )
            for row, column, count in confused(figures)[:ROWS]
        ),
    )


def _classes(figures: Figures) -> Table:
    weighted = figures.weighted
    return Table(
        caption="By digit, per cent (95 %): read so of those that are it (recall), are it of those read so (precision)",
        headings=("digit", "labels", "recall", "of all read", "precision", "of all read"),
        rows=tuple(
            (
                each.digit,
                f"{each.recall.total:,}",
                rate(each.recall),
                short(recall),
                rate(each.precision),
                short(precision),
            )
            for each, recall, precision in zip(figures.classes, weighted.recall, weighted.precision, strict=True)
            if each.recall.total or each.precision.total
        ),
    )


def _without_empty(table: Table) -> Table:
    """A table without the columns in which nothing is known."""
    kept = [at for at in range(len(table.headings)) if any(row[at] != "-" for row in table.rows)]
    return Table(
        caption=table.caption,
        headings=tuple(table.headings[at] for at in kept),
        rows=tuple(tuple(row[at] for at in kept) for row in table.rows),
    )


def _accuracy(figures: Figures) -> Section:
    tables = tuple(_without_empty(_group_table(name, groups)) for name, groups in figures.groups.items() if groups)
    words = (
        "Shares are per cent with their 95 % intervals: of labels Wilson's, which take labels for a fair sample of "
        "their kind; of all fields read the estimate, where it can be given."
    )
    return Section(name="accuracy", title="How right it is", words=(words,) if tables else (), tables=tables)


def _group_table(name: str, groups: tuple[Group, ...]) -> Table:
    """Groups, those with most errors first, since they tell where to look; weeks and places have an order."""
    caption, heading = GROUPS[name]
    in_order = name in {"week", "place"}
    listed = groups if in_order else sorted(groups, key=lambda group: group.fields.right - group.fields.total)
    shown = listed[-ROWS:] if name == "week" else listed[:ROWS]
    hidden = f" ({len(shown)} of {len(groups)}; report.json has all)" if len(shown) < len(groups) else ""
    return Table(
        caption=caption + hidden,
        headings=(heading, "read", "passed", "labels", "fields right", "digits right", "of all fields"),
        rows=tuple(
            (
                group.name,
                "-" if group.read is None else f"{group.read:,}",
                "-" if group.passed.value is None else percent(group.passed.value),
                f"{group.fields.total or group.digits.total:,}",
                rate(group.fields),
                rate(group.digits),
                short(group.all_fields),
            )
            for group in shown
        ),
    )


def _drift(drift: Sequence[Drift]) -> Section:
    if not drift:
        words = [
            "Nothing can be said yet: no form has two weeks in which five errors, and five others, are to be expected."
        ]
    else:
        words = [_spoken_drift(each) for each in drift if each.found] or ["No drift was found."]
        words.append(
            f"{_count(len(drift), 'test')} made: by form the share sent to review and the share wrong of what passed, "
            "for a trend over the weeks (Cochran and Armitage) and the last week against all before (chi-squared); "
            "probabilities are corrected for their number (Holm)."
        )
    return Section(name="drift", title="Whether it changes", words=tuple(words))


def _spoken_drift(drift: Drift) -> str:
    way = "risen" if drift.after > drift.before else "fallen"
    over = (
        f"over the weeks {drift.series.weeks[0]} to {drift.series.weeks[-1]}"
        if drift.test == TREND
        else f"in week {drift.series.weeks[-1]} against all before"
    )
    probability = "less than 0.001" if drift.probability < 0.001 else f"{drift.probability:.3f}"
    return (
        f"Drift: of {drift.series.form}, the share {drift.series.what} has {way} {over}, from "
        f"{percent(drift.before)} to {percent(drift.after)} (p {probability})."
    )


def _confidence(figures: Figures) -> Section:
    of = "weighted to all that was read" if figures.of_read else "of labels only, mostly of doubtful fields"
    found = [("fields", figures.field_calibration), ("digits", figures.digit_calibration)]
    known = [(what, each) for what, each in found if each is not None]
    words = tuple(
        f"The confidence of {what} is off by {percent(each.error)} on average: the expected calibration error in "
        f"{BINS} bins of equal width, {each.examples:,} {what}, {of}."
        for what, each in known
    )
    tables = [_bins(what, each) for what, each in known]
    if figures.passing:
        tables.append(_passing(figures.passing))
    return Section(name="confidence", title="Whether its confidence can be trusted", words=words, tables=tuple(tables))


def _bins(what: str, found: Calibration) -> Table:
    return Table(
        caption=f"Confidence of {what}, and how many of them are right, per cent (95 %)",
        headings=("confidence", what, "mean", "right"),
        rows=tuple(
            (
                f"{each.low:.1f} to {each.high:.1f}",
                f"{each.examples:,}",
                f"{100 * each.confidence:.1f}",
                short(Estimate(value=each.accuracy, low=each.interval[0], high=each.interval[1])),
            )
            for each in found.bins
        ),
    )


def _passing(curve: Sequence[Passing]) -> Table:
    chosen = [next((each for each in curve if each.passed >= share - 1e-9), curve[-1]) for share in SHARES_PASSED]
    return Table(
        caption="What would pass if confidence alone decided, and how much of it would be wrong",
        headings=("passes", "from confidence", "wrong of it"),
        rows=tuple(
            (percent(each.passed), f"{each.threshold:.4f}", percent(each.wrong)) for each in dict.fromkeys(chosen)
        ),
    )


def _work(figures: Figures, people: Sequence[VerifierFigures]) -> Section:
    load, words = figures.load, []
    if load.straight_through.value is not None:
        words.append(f"Straight through, so that nobody had to look: {sentence(load.straight_through)}.")
        words.append(f"In review {load.review:,}, of which {load.waiting:,} wait; drawn of what passed {load.drawn:,}.")
    rows = tuple(
        (
            each.name,
            f"{each.labels:,}",
            "-" if each.seconds is None else f"{each.seconds:.1f} s",
            brief(Share(right=each.caught, total=each.sown)),
            "-" if each.kappa is None else f"{each.kappa:.3f}",
            f"{each.pairs:,}",
        )
        for each in people[:ROWS]
    )
    tables = [
        Table(
            caption="Who verifies: seconds a field (median), sown errors caught, and agreement with others who keyed "
            "the same fields blind (Cohen's kappa over digits: 1 always, 0 by chance; mostly of hard fields)",
            headings=("verifier", "labels", "a field", "caught of sown", "kappa", "fields keyed twice"),
            rows=rows,
        )
    ]
    return Section(
        name="work", title="The work", words=tuple(words), tables=tuple(map(_without_empty, tables)) if rows else ()
    )


def _comparison(each: Compared) -> Section:
    title = f"Against {each.name}"
    words = list(each.notes)
    if isinstance(each, Paired):
        rows = tuple(
            (
                f"{both.total:,} {what}",
                rate(Share(right=both.both + both.only_first, total=both.total)),
                rate(Share(right=both.both + both.only_second, total=both.total)),
                f"{both.only_first:,} : {both.only_second:,}",
                f"{both.probability:.3g}",
            )
            for what, both in (("fields", each.fields), ("digits", each.digits))
            if both.total
        )
        table = Table(
            caption="The same glyphs read by both: right; right only here, only there; McNemar's exact p",
            headings=("", "here", "there", "only here : only there", "p"),
            rows=rows,
        )
        return Section(name="comparison", title=title, words=tuple(words), tables=(table,) if rows else ())
    table = Table(
        caption="Per cent (95 %); the gap is here minus there",
        headings=("", "here", "there", "gap"),
        rows=tuple(
            (
                what,
                short(one),
                short(other),
                "-" if gap is None else f"{gap[0] * 100:+.2f} ({gap[1] * 100:+.2f} to {gap[2] * 100:+.2f})",
            )
            for what, one, other, gap in each.rows
        ),
    )
    return Section(name="comparison", title=title, words=tuple(words), tables=(table,))

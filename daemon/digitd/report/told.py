"""What a report says, in words and tables: said once here, and set for the terminal and for the browser elsewhere."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from digitd.report.alignment import SAID, TRUTH
from digitd.report.compare import Compared, Paired
from digitd.report.drift import TREND, Drift
from digitd.report.estimates import Estimate, Share
from digitd.report.figures import Figures, Group, confused
from digitd.report.matrices import Matrix, counted, estimated
from digitd.report.people import Verifier

#: Rows of a table at most; the rest is in report.json.
ROWS = 30

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


def told(figures: Figures, *, scope: str, people: Sequence[Verifier] = (), compared: Sequence[Compared] = ()) -> Told:
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


def short(estimate: Estimate | None) -> str:
    """An estimate with its interval in per cent.

    Examples
    --------
    >>> short(Estimate(value=0.9, low=0.85, high=0.94)), short(None)
    ('90.0 (85.0-94.0)', '-')
    """
    if estimate is None:
        return "-"
    digits = 1 if 0.01 <= estimate.value <= 0.99 else 2
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
    load, (keyed_review, keyed_passed) = figures.load, figures.keyed
    if not load.read:
        return
    if figures.weighted.fields is not None or figures.weighted.unseen is not None:
        yield (
            "Estimates are of all fields that were read and not left blank: each labelled field counts for as many as it "
            "stands for, by the probability with which it came to be keyed. They describe the service on such fields."
        )
    if figures.census:
        yield f"All {load.passed:,} fields that passed have a label, so nothing is left to chance there."
    elif keyed_passed:
        yield (
            f"What passed is judged by {keyed_passed:,} of the {_count(load.drawn, 'field')} drawn from it at random; "
            "labels of others that passed, which were not drawn, are in no estimate."
        )
    elif load.passed:
        yield (
            "Nothing can be estimated of what passed: none of the fields that were drawn from it at random "
            f"({load.drawn:,} so far) has been keyed. Labels describe the doubtful fields only. `verify.audit_share` says "
            "how many are drawn, `digitd verify` asks for them."
        )
    if keyed_review < load.review:
        yield (
            f"Of the fields in review {keyed_review:,} of {load.review:,} are keyed and stand for the rest. The least "
            "sure come first, so the estimate is rather too low until all are."
            if keyed_review
            else f"None of the {load.review:,} fields in review is keyed, so nothing is estimated of all fields together."
        )
    if load.blank:
        yield f"What was left blank ({_count(load.blank, 'field')}) is never drawn, and is in no estimate."
    if figures.unsettled:
        yield (
            f"{_count(figures.unsettled, 'field')} keyed otherwise than read wait for another verifier; in estimates they "
            "count as what was keyed last, in counts of labels not yet."
        )
    if figures.shown:
        yield (
            f"{_count(figures.shown, 'label')} came from people who saw the reading; such people agree with it too easily."
        )
    if figures.without_value:
        yield f"{_count(figures.without_value, 'field')} cannot be read or lie elsewhere, people say: they are in no figure."


def _confusion(figures: Figures) -> Section:
    found = confused(figures)
    weighted = figures.weighted
    matrices = [counted(figures.matrix)]
    if figures.of_read:
        matrices.append(estimated(weighted))
    rows = tuple(
        (
            f"{TRUTH[row]} as {SAID[column]}",
            f"{count:,}",
            brief(Share(right=count, total=int(figures.matrix[row].sum()))).split("  ")[-1],
            short(
                Estimate(
                    value=float(weighted.rates[row, column]),
                    low=float(weighted.low[row, column]),
                    high=float(weighted.high[row, column]),
                )
                if weighted.rates[row, column] == weighted.rates[row, column]
                else None
            ),
        )
        for row, column, count in found[:ROWS]
    )
    tables = [
        Table(
            caption="The most frequent errors: how often, in per cent of those that are this digit (95 %)",
            headings=("is, read as", "labels", "of labels", "of all that was read"),
            rows=rows,
        ),
        Table(
            caption="By digit, per cent (95 %): of those that are it, read so (recall); of those read so, that are it (precision)",
            headings=("digit", "recall", "of all read", "precision", "of all read"),
            rows=tuple(
                (each.digit, brief(each.recall), short(recall), brief(each.precision), short(precision))
                for each, recall, precision in zip(figures.classes, weighted.recall, weighted.precision, strict=True)
                if each.recall.total or each.precision.total
            ),
        ),
    ]
    return Section(
        name="confusion",
        title="What is taken for what",
        matrices=tuple(matrices),
        tables=tuple(table for table in tables if table.rows),
    )


def _accuracy(figures: Figures) -> Section:
    tables = tuple(_group_table(name, groups) for name, groups in figures.groups.items() if groups)
    words = (
        "Shares in per cent with 95 % intervals: of labels Wilson's, which take labels for a fair sample of their kind; of "
        "all fields read the estimate, where it can be given.",
    )
    return Section(name="accuracy", title="How right it is", words=words if tables else (), tables=tables)


def _group_table(name: str, groups: tuple[Group, ...]) -> Table:
    caption, heading = GROUPS[name]
    # Those with most errors first tell where to look; weeks and places have an order of their own.
    listed = (
        groups
        if name in {"week", "place"}
        else sorted(groups, key=lambda group: group.fields.right - group.fields.total)
    )
    shown = listed[-ROWS:] if name == "week" else listed[:ROWS]
    hidden = f" ({len(shown)} of {len(groups)}, the rest is in report.json)" if len(shown) < len(groups) else ""
    known = any(group.read is not None for group in groups)
    if name == "place":
        return Table(
            caption=caption, headings=(heading, "digits right"), rows=tuple((g.name, brief(g.digits)) for g in shown)
        )
    if not known:
        return Table(
            caption=caption + hidden,
            headings=(heading, "labelled fields right", "digits right"),
            rows=tuple((group.name, brief(group.fields), brief(group.digits)) for group in shown),
        )
    return Table(
        caption=caption + hidden,
        headings=(heading, "read", "passed", "labelled fields right", "digits right", "of all fields read"),
        rows=tuple(
            (
                group.name,
                f"{group.read or 0:,}",
                "-" if group.passed.value is None else percent(group.passed.value),
                brief(group.fields),
                brief(group.digits),
                short(group.all_fields),
            )
            for group in shown
        ),
    )


def _drift(drift: Sequence[Drift]) -> Section:
    if not drift:
        words: Iterable[str] = (
            "Nothing can be said yet: no form has two weeks with at least five errors and five others to be expected in each.",
        )
    else:
        found = [each for each in drift if each.found]
        words = [_spoken_drift(each) for each in found] or ["No drift was found."]
        words = [
            *words,
            f"Tested {'was' if len(drift) == 1 else 'were'} {_count(len(drift), 'series')[: -1 if len(drift) > 1 else None]}: by form "
            "the share sent to review and the share wrong of what passed, for a trend over weeks (Cochran and Armitage) "
            "and the last week against all before (chi-squared); probabilities are corrected for their number (Holm).",
        ]
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
        f"Drift: of {drift.series.form}, the share {drift.series.what} has {way} {over}, from {percent(drift.before)} to "
        f"{percent(drift.after)} (p {probability})."
    )


def _confidence(figures: Figures) -> Section:
    of = "all that was read" if figures.of_read else "labels only, mostly of doubtful fields"
    words, tables = [], []
    for what, found in (("fields", figures.field_calibration), ("digits", figures.digit_calibration)):
        if found is None:
            continue
        words.append(
            f"The confidence of {what} is off by {percent(found.error)} on average (expected calibration error in "
            f"{len(found.bins)} bins, {found.examples:,} {what}, weighted to {of})."
            if figures.of_read
            else f"The confidence of {what} is off by {percent(found.error)} on average (expected calibration error in "
            f"{len(found.bins)} bins, {found.examples:,} {what}; of {of})."
        )
        tables.append(
            Table(
                caption=f"Confidence of {what}, and how many of them are right",
                headings=("confidence", what, "mean", "right, per cent (95 %)"),
                rows=tuple(
                    (
                        f"{each.low:.1f} to {each.high:.1f}",
                        f"{each.examples:,}",
                        f"{each.confidence:.3f}",
                        short(Estimate(value=each.accuracy, low=each.interval[0], high=each.interval[1])),
                    )
                    for each in found.bins
                ),
            )
        )
    if figures.passing:
        rows = []
        for wanted in (0.5, 0.7, 0.8, 0.9, 0.95, 1.0):
            at = next((each for each in figures.passing if each.passed >= wanted - 1e-9), figures.passing[-1])
            rows.append((percent(at.passed), f"{at.threshold:.4f}", percent(at.wrong)))
        tables.append(
            Table(
                caption="What would pass if confidence alone decided, and how much of it would be wrong",
                headings=("passes", "from confidence", "wrong of it"),
                rows=tuple(dict.fromkeys(rows)),
            )
        )
    return Section(
        name="confidence", title="Whether its confidence can be trusted", words=tuple(words), tables=tuple(tables)
    )


def _work(figures: Figures, people: Sequence[Verifier]) -> Section:
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
            caption="Who verifies: seconds a field (median), sown errors caught, and agreement with others who keyed the same "
            "fields blind (Cohen's kappa over digits: 1 always, 0 by chance; such fields are mostly the hard ones)",
            headings=("verifier", "labels", "a field", "caught of sown", "kappa", "fields keyed twice"),
            rows=rows,
        )
    ]
    return Section(name="work", title="The work", words=tuple(words), tables=tuple(tables if rows else ()))


def _comparison(each: Compared) -> Section:
    title = f"Against {each.name}"
    words = list(each.notes)
    if isinstance(each, Paired):
        rows = tuple(
            (
                what,
                brief(Share(right=both.both + both.only_first, total=both.total)),
                brief(Share(right=both.both + both.only_second, total=both.total)),
                f"{both.only_first:,} : {both.only_second:,}",
                f"{both.probability:.3g}",
            )
            for what, both in (("fields", each.fields), ("digits", each.digits))
            if both.total
        )
        table = Table(
            caption="The same labelled glyphs read by both: right of labels; right only here and only there; McNemar's exact p",
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

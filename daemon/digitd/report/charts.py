"""Pictures of a report beside its matrices: confidence, what passes, weeks, and where on the page errors sit."""

from collections.abc import Sequence
from typing import Any

from digitd.report.calibration import Calibration, Passing
from digitd.report.canvas import FAINT, QUIET, RIGHT, TEXT, WRONG, add_axes, blank_figure
from digitd.report.figures import Spot
from digitd.report.groups import Group

#: Letters of a field's name on the picture of its page.
NAME = 22

#: Weeks that are drawn at most.
WEEKS = 53


def draw_calibration(fields: Calibration | None, digits: Calibration | None, *, of: str) -> Any:
    """Reliability of fields and of digits: the share right against the mean confidence of each bin."""
    figure = blank_figure(7.2, 5.4, title="Is it right as often as it says?", note=f"of {of}; bars are 95 % intervals")
    axes = add_axes(figure, left=0.85, right=0.35, top=1.05, bottom=0.75)
    axes.plot([0, 1], [0, 1], color=FAINT, linewidth=1.2, linestyle=(0, (4, 3)), label="as often as it says")
    for name, found, colour, marker in (("fields", fields, WRONG, "s"), ("digits", digits, RIGHT, "o")):
        if found is None:
            continue
        x = [each.confidence for each in found.bins]
        y = [each.accuracy for each in found.bins]
        down = [max(0.0, each.accuracy - each.interval[0]) for each in found.bins]
        up = [max(0.0, each.interval[1] - each.accuracy) for each in found.bins]
        axes.errorbar(
            x, y, yerr=[down, up], color=colour, marker=marker, markersize=6, linewidth=1.4, elinewidth=1, capsize=3,
            label=f"{name}: off by {100 * found.error:.1f} % on average",
        )  # fmt: skip
    axes.legend(loc="lower right", fontsize=9.5, frameon=True, edgecolor="white", framealpha=0.9)
    _plain(axes, "confidence", "share right")
    axes.set_xlim(-0.02, 1.02)
    axes.set_ylim(-0.02, 1.04)
    return figure


def draw_passing(curve: Sequence[Passing], *, of: str, now: tuple[float, float] | None) -> Any:
    """The share wrong of what passes against the share that passes; now is where the service stands."""
    figure = blank_figure(
        7.2, 5.0, title="What passes, and how much of it is wrong", note=f"of {of}; by confidence alone"
    )
    axes = add_axes(figure, left=0.85, right=0.35, top=1.05, bottom=0.75)
    axes.plot([100 * each.passed for each in curve], [100 * each.wrong for each in curve], color=RIGHT, linewidth=2)
    if now is not None:
        axes.plot([100 * now[0]], [100 * now[1]], color=WRONG, marker="D", markersize=8, linestyle="none")
        axes.annotate(
            f"as it is: {100 * now[0]:.0f} % pass, {100 * now[1]:.2f} % of that wrong", (100 * now[0], 100 * now[1]),
            (-10, 12), textcoords="offset points", ha="right", fontsize=9, color=WRONG,
        )  # fmt: skip
    _plain(axes, "per cent of fields that pass", "per cent of these that are wrong")
    highest = max([100 * each.wrong for each in curve] + [100 * now[1] if now else 0.0])
    axes.set_xlim(0, 103)
    axes.set_ylim(0, max(1.0, 1.25 * highest))
    return figure


def draw_weeks(weeks: Sequence[Group]) -> Any:
    """The share that passed, and the share of labelled fields that were right, by week."""
    shown = list(weeks)[-WEEKS:]
    figure = blank_figure(7.2, 4.4, title="Week by week", note="per cent; bars are 95 % intervals")
    axes = add_axes(figure, left=0.85, right=0.35, top=1.05, bottom=0.5)
    at = range(len(shown))
    for name, colour, marker, shares in (
        ("passed, of all fields", QUIET, "s", [week.passed for week in shown]),
        ("labelled fields right", RIGHT, "o", [week.fields for week in shown]),
    ):
        filled = [(x, share, *share.interval) for x, share in zip(at, shares, strict=True) if share.total]
        values = [100 * share.right / share.total for _, share, *_ in filled]
        down = [max(0.0, value - 100 * low) for value, (*_, low, _) in zip(values, filled, strict=True)]
        up = [max(0.0, 100 * high - value) for value, (*_, high) in zip(values, filled, strict=True)]
        axes.errorbar(
            [x for x, *_ in filled], values, yerr=[down, up], color=colour, marker=marker, markersize=5, linewidth=1.2,
            elinewidth=0.9, capsize=2, label=name,
        )  # fmt: skip
    step = max(1, -(-len(shown) // 9))
    axes.set_xticks(list(at)[::step], [week.name for week in shown][::step], fontsize=8.5)
    axes.legend(loc="lower left", fontsize=9.5, frameon=False)
    _plain(axes, "", "per cent")
    axes.set_ylim(0, 104)
    axes.set_xlim(-0.5, max(0.5, len(shown) - 0.5))
    return figure


def draw_spots(form: str, spots: Sequence[Spot]) -> Any:
    """A page of a form with its fields where they are: the redder, the more of their labels were wrong."""
    from matplotlib.patches import Rectangle

    figure = blank_figure(6.4, 8.6, title=f"Where errors sit: {form}"[:48], note="wrong of labelled fields")
    axes = add_axes(figure, left=0.35, right=0.35, top=1.0, bottom=0.3)
    axes.add_patch(Rectangle((0, 0), 1, 1, facecolor="#FBFBF9", edgecolor=FAINT, linewidth=1))
    for spot in spots:
        x0, y0, x1, y1 = (min(1.0, max(0.0, edge)) for edge in spot.box)
        wrong = spot.fields.total - spot.fields.right
        share = wrong / spot.fields.total if spot.fields.total else 0.0
        axes.add_patch(Rectangle((x0, y0), x1 - x0, y1 - y0, facecolor=_heat(share), edgecolor=QUIET, linewidth=0.8))
        size = min(9.5, max(5.0, 7.3 * 72 * (y1 - y0) * 0.55))
        axes.text(
            (x0 + x1) / 2, (y0 + y1) / 2, f"{wrong}/{spot.fields.total}", ha="center", va="center", fontsize=size,
            color="white" if share > 0.06 else TEXT, fontweight="bold" if wrong else "normal",
        )  # fmt: skip
        axes.text(x0, y0 - 0.004, spot.name[:NAME], fontsize=5.5, color=QUIET, va="bottom")
    axes.set_xlim(-0.005, 1.005)
    axes.set_ylim(1.005, -0.005)
    axes.set_axis_off()
    return figure


def _heat(share: float) -> tuple[float, ...]:
    """Near white at 0, full vermilion at 1 in 5."""
    from matplotlib.colors import to_rgb

    strength = min(1.0, (share * 5) ** 0.5)
    return tuple(a + (b - a) * strength for a, b in zip(to_rgb("#EAF2F8"), to_rgb(WRONG), strict=True))


def _plain(axes: Any, across: str, up: str) -> None:
    axes.set_xlabel(across, fontsize=9.5, color=QUIET)
    axes.set_ylabel(up, fontsize=9.5, color=QUIET)
    axes.tick_params(length=0, colors=TEXT, labelsize=9)
    axes.grid(color="#E8EBED", linewidth=0.8)
    axes.set_axisbelow(True)
    for side, spine in axes.spines.items():
        spine.set_visible(side in {"left", "bottom"})
        spine.set_color(FAINT)

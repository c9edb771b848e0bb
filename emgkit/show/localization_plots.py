"""The answer as a picture: the leading sites, and what every finding did to them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from emgkit.errors import UnknownNameError
from emgkit.knowledge.names import site_name
from emgkit.show.rows import each_row
from emgkit.show.style import (
    ACCENT,
    GRID,
    INK,
    PALE,
    SITE_COLORS,
    SITE_MARKERS,
    SMALL_SIZE,
    TEXT_SIZE,
    calm,
    figure_of,
    make_axes,
    plain,
    say_nothing_here,
    wrapped,
)
from emgkit.show.words import PROBABILITY_NOTE, finding_text, probability_text

if TYPE_CHECKING:
    from collections.abc import Sequence

    import pandas as pd
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from emgkit.model.localization import Localization

_WIDTH_IN = 7.4
_MOST_SITES = 8


def plot_posterior(answer: Localization, *, ax: Axes | None = None) -> Figure:
    """Draw the probabilities of the leading sites as bars, with the prior as a mark on each.

    Parameters
    ----------
    answer : Localization
    ax : matplotlib.axes.Axes, optional
        Where to draw; a new figure without it.

    Returns
    -------
    matplotlib.figure.Figure

    Examples
    --------
    >>> from emgkit.show import examples
    >>> from emgkit.show.localization_plots import plot_posterior
    >>> [float(bar.get_width()) for bar in plot_posterior(examples.answer()).axes[0].patches]
    [0.8, 0.2]
    """
    rows = answer.differential.head(_MOST_SITES)
    names = [wrapped(site_name(site), 36) for site in rows["site"]]
    lines = max([name.count("\n") + 1 for name in names], default=1)
    axes = ax or make_axes(
        _WIDTH_IN, (0.13 + 0.13 * lines) * len(rows) + 0.68, left_in=2.3, right_in=0.6, top_in=0.08, bottom_in=0.6
    )
    if rows.empty:
        say_nothing_here(axes, "no site was considered")
        return figure_of(axes)
    places = np.arange(len(rows))
    colors = [ACCENT if place == 0 else PALE for place in places]
    axes.barh(places, rows["probability"], height=0.58, color=colors)
    axes.plot(
        rows["prior"],
        places,
        linestyle="none",
        marker="|",
        markersize=12,
        color=INK,
        markeredgewidth=1.1,
        label="prior",
    )
    for place, probability in zip(places, rows["probability"], strict=True):
        axes.text(1.015, float(place), probability_text(probability), va="center", fontsize=TEXT_SIZE, color=INK)
    axes.set_yticks(places, [plain(name) for name in names])
    axes.set_ylim(len(rows) - 0.4, -0.6)
    axes.set_xlim(0, 1)
    axes.set_xticks(np.linspace(0, 1, 5), ["0", "25 %", "50 %", "75 %", "100 %"])
    axes.grid(visible=True, axis="x", color=GRID, linewidth=0.5)
    calm(axes, x_label=wrapped(f"probability (bar) and prior (mark) {PROBABILITY_NOTE}", 80))
    axes.tick_params(axis="y", length=0, labelsize=TEXT_SIZE, labelcolor=INK)
    return figure_of(axes)


def plot_evidence(answer: Localization, *, sites: Sequence[str] | None = None, ax: Axes | None = None) -> Figure:
    """Draw what every finding did to some sites: to the right it speaks for the site, to the left against it.

    Parameters
    ----------
    answer : Localization
    sites : sequence of str, optional
        At most five site ids; the three leading ones other than ``none`` without it.
    ax : matplotlib.axes.Axes, optional
        Where to draw; a new figure without it.

    Returns
    -------
    matplotlib.figure.Figure

    Raises
    ------
    UnknownNameError
        When a site has no evidence in the answer, or more than five are asked for.

    Examples
    --------
    >>> from emgkit.show import examples
    >>> from emgkit.show.localization_plots import plot_evidence
    >>> figure = plot_evidence(examples.answer(), sites=["root_S1"])
    >>> len(figure.axes[0].get_legend().get_texts())
    1
    """
    chosen = _checked_sites(answer, sites)
    findings = list(dict.fromkeys(answer.evidence["finding"]))
    names = [wrapped(finding_text(finding), 62) for finding in findings]
    height = 0.16 * len(names) + 0.13 * sum(name.count("\n") + 1 for name in names)
    axes = ax or make_axes(_WIDTH_IN, height + 0.9, left_in=3.3, right_in=0.15, top_in=0.48)
    if not findings or not chosen:
        say_nothing_here(axes, "no finding changed the prior")
        return figure_of(axes)
    for number, site in enumerate(chosen):
        _draw_site(axes, answer.evidence, findings, site, (number, len(chosen)))
    axes.axvline(0, color=INK, linewidth=0.7)
    axes.set_yticks(range(len(findings)), [plain(name) for name in names])
    axes.set_ylim(len(findings) - 0.4, -0.6)
    limit = 1.08 * max(axes.get_xlim(), key=abs)
    axes.set_xlim(-abs(limit), abs(limit))
    axes.locator_params(axis="x", nbins=8, steps=[1, 2, 5, 10])
    axes.grid(visible=True, axis="both", color=GRID, linewidth=0.4)
    calm(
        axes,
        x_label="\u2190 against the site      nat, compared with no lesion      for the site \u2192",
    )
    axes.tick_params(axis="y", length=0, labelsize=SMALL_SIZE, labelcolor=INK)
    axes.legend(
        loc="lower right", bbox_to_anchor=(1.0, 1.0), ncols=len(chosen), frameon=False, fontsize=SMALL_SIZE,
        labelcolor=INK, handletextpad=0.3, borderaxespad=0.2, columnspacing=1.4,
    )  # fmt: skip
    return figure_of(axes)


def leading_sites(answer: Localization, most: int = 3) -> list[str]:
    """Return the most probable sites other than ``none``.

    Examples
    --------
    >>> from emgkit.show import examples
    >>> from emgkit.show.localization_plots import leading_sites
    >>> leading_sites(examples.answer())
    ['inferior_gluteal', 'root_S1']
    """
    return [site for site in answer.differential["site"] if site != "none"][:most]


def describe_posterior(answer: Localization) -> str:
    """Return what the picture of the probabilities shows, for a reader who cannot see it.

    Examples
    --------
    >>> from emgkit.show import examples
    >>> from emgkit.show.localization_plots import describe_posterior
    >>> describe_posterior(examples.answer()).endswith("not a diagnosis.")
    True
    """
    rows = each_row(answer.differential.head(_MOST_SITES))
    bars = ", ".join(f"{site_name(row.site)} {probability_text(row.probability)}" for row in rows)
    return f"Bars of probability: {bars}; {PROBABILITY_NOTE}."


def describe_evidence(answer: Localization) -> str:
    """Return what the picture of the evidence shows, for a reader who cannot see it.

    Examples
    --------
    >>> from emgkit.show import examples
    >>> from emgkit.show.localization_plots import describe_evidence
    >>> "every finding" in describe_evidence(examples.answer())
    True
    """
    names = ", ".join(site_name(site) for site in leading_sites(answer)) or "none"
    return f"What every finding did to the leading sites ({names}); the table below the picture holds the numbers."


def _draw_site(axes: Axes, evidence: pd.DataFrame, findings: list[str], site: str, turn: tuple[int, int]) -> None:
    number, count = turn
    rows = evidence.loc[evidence["site"] == site]
    places = np.array([findings.index(finding) for finding in rows["finding"]]) + 0.62 * ((number + 0.5) / count - 0.5)
    values = rows["against_none"].to_numpy()
    color = SITE_COLORS[number]
    axes.hlines(places, 0, values, color=color, linewidth=1.2, alpha=0.75)
    axes.plot(
        values, places, linestyle="none", marker=SITE_MARKERS[number], markersize=3.6, color=color,
        label=plain(wrapped(site_name(site), 26)),
    )  # fmt: skip


def _checked_sites(answer: Localization, sites: Sequence[str] | None) -> list[str]:
    if sites is None:
        return leading_sites(answer)
    known = set(answer.evidence["site"])
    unknown = [site for site in sites if site not in known]
    if unknown or len(sites) > len(SITE_COLORS):
        msg = (
            f"Sites {', '.join(sites)} cannot be drawn; give at most {len(SITE_COLORS)} of the answer's evidence"
            f"{': ' + ', '.join(unknown) + ' is not among them' if unknown else ''}."
        )
        raise UnknownNameError(msg)
    return list(sites)

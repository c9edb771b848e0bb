"""The legs and the buttock from behind and from the front: sampled muscles by grade, and the leading site as a line."""

from __future__ import annotations

import textwrap
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
import pandas as pd

from emgkit.knowledge.anatomy import sites
from emgkit.knowledge.names import lowered, muscle_name, sided, site_name
from emgkit.knowledge.tables import parse_rows
from emgkit.show.rows import each_row
from emgkit.show.style import ACCENT, INK, MUTED, SMALL_SIZE, figure_of, make_axes, plain, say_nothing_here
from emgkit.show.words import grade_notation

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure
    from numpy.typing import NDArray

    from emgkit.model.findings import StudyFindings
    from emgkit.model.localization import Localization

View = Literal["back", "front"]

_SIZE_IN = (7.4, 5.3)
_TOP, _BOTTOM = 11.0, -2.1  # of the picture, in units of the shapes
_HIGHEST, _LOWEST = 10.25, -0.85  # of a name beside the body
_HALF = 1.65  # of a body
_MOST_LETTERS = 26
_GLUE = "\u00a0"
_LETTER_IN = 0.066  # of a bold name, on the average
_LINE_PT = 8.4
# One hue from light to dark: the order survives without colour. A pattern says what no grade can.
_FILLS = {0: "#ffffff", 1: "#fbdcc0", 2: "#f3a76c", 3: "#cf6420", 4: "#7d2f05"}
_HATCHES = {"±": "....", "not gradable": "//////"}
_SKIN, _OUTLINE, _FAINT = "#f4f2ee", "#9aa3ad", "#c9ced5"
_MAIN_NERVES = (
    "superior_gluteal", "inferior_gluteal", "sciatic", "sciatic_fibular_division", "sciatic_tibial_division",
    "common_fibular", "tibial", "tibial_leg", "femoral_pelvic", "femoral", "deep_fibular",
)  # fmt: skip


@dataclass(frozen=True)
class Shape:
    """One outline, muscle or nerve of the map: ``points`` are pairs of numbers as text, see the table."""

    view: View
    kind: Literal["outline", "muscle", "nerve"]
    id: str
    points: tuple[str, ...]
    width: float | None

    @property
    def line(self) -> NDArray[np.float64]:
        """Points as an array of shape (n_points, 2)."""
        return np.array([[float(number) for number in point.split()] for point in self.points])


@cache
def body_shapes() -> tuple[Shape, ...]:
    """Return everything that the map can draw.

    Examples
    --------
    >>> from emgkit.show.body_plots import body_shapes
    >>> {shape.kind for shape in body_shapes()} == {"outline", "muscle", "nerve"}
    True
    """
    name = "body_shapes.csv"
    return parse_rows((files("emgkit.show") / name).read_text(encoding="utf-8"), Shape, name=name)


def plot_body(findings: StudyFindings, *, answer: Localization | None = None, ax: Axes | None = None) -> Figure:
    """Draw the legs from behind and from the front: each muscle sampled by its grade, the leading site as a thick line.

    A muscle outside the legs is written below. The grade stands beside each muscle, so that nothing hangs on colour.

    Parameters
    ----------
    findings : StudyFindings
    answer : Localization, optional
        Its leading site is drawn where a lesion there would cut nerves or roots.
    ax : matplotlib.axes.Axes, optional
        Where to draw; a new figure without it.

    Returns
    -------
    matplotlib.figure.Figure

    Examples
    --------
    >>> from emgkit.show import examples
    >>> from emgkit.show.body_plots import plot_body
    >>> figure = plot_body(examples.study_and_findings()[1], answer=examples.answer())
    >>> "Gluteus maximus  2+" in [text.get_text() for text in figure.axes[0].texts]
    True
    """
    axes = ax or make_axes(*_SIZE_IN, left_in=0.05, right_in=0.05, top_in=0.05, bottom_in=0.05)
    graded = _grades(findings)
    room = axes.get_window_extent()
    unit_in = room.height / axes.figure.dpi / (_TOP - _BOTTOM)
    width = room.width / axes.figure.dpi / unit_in
    axes.set_xlim(0, width)
    axes.set_ylim(_BOTTOM, _TOP)
    axes.set_axis_off()
    if not graded:
        say_nothing_here(axes, "no muscle was sampled")
        return figure_of(axes)
    cut = _cut(answer)
    middles, letters = _columns(graded, width, unit_in)
    for view, middle in middles.items():
        _draw_view(axes, view, middle, graded, cut)
        _label_muscles(axes, view, middle, graded, (letters, _LINE_PT / 72 / unit_in))
    _draw_key(axes, width, unit_in, answer, _elsewhere(graded))
    return figure_of(axes)


def describe_body(findings: StudyFindings, answer: Localization | None = None) -> str:
    """Return what the map shows, for a reader who cannot see it.

    Examples
    --------
    >>> from emgkit.show import examples
    >>> from emgkit.show.body_plots import describe_body
    >>> describe_body(examples.study_and_findings()[1])
    'Legs from behind and from the front, muscles by their grade: left gluteus maximus 2+.'
    """
    graded = _grades(findings)
    told = "; ".join(f"{side} {lowered(muscle_name(muscle))} {grade}" for (muscle, side), grade in graded.items())
    text = f"Legs from behind and from the front, muscles by their grade: {told or 'none sampled'}."
    site = _site_line(answer)
    return f"{text} {site}." if site else text


def _grades(findings: StudyFindings) -> dict[tuple[str, str], str]:
    equivocal = {(finding.muscle, finding.side) for finding in findings.muscles if finding.equivocal}
    graded = {}
    for row in each_row(findings.needle):
        known = [int(grade) for grade in (row.fibrillation, row.positive_sharp_wave) if not pd.isna(grade)]
        key = (row.muscle, row.side)
        scored = row.source == "examiner"
        graded[key] = grade_notation(max(known)) if known else "not gradable"
        if key in equivocal and not scored:
            graded[key] = "±"
    return graded


def _cut(answer: Localization | None) -> dict[str, set[str]]:
    # What a lesion at the leading site cuts, on which sides.
    if answer is None or answer.posterior.empty:
        return {}
    known = sites()
    cut: dict[str, set[str]] = {}
    for part in str(answer.posterior.iloc[0]["site"]).split("+"):
        row = known.get(part)
        if row is not None:
            both = row.bilateral or not answer.side
            for node in row.cuts:
                cut[node] = {"left", "right"} if both else {answer.side}
    return cut


def _elsewhere(graded: dict[tuple[str, str], str]) -> list[str]:
    drawn = {shape.id for shape in body_shapes()}
    return [
        f"{sided(side, muscle_name(muscle))} {grade}" for (muscle, side), grade in graded.items() if muscle not in drawn
    ]


def _sign(view: str, side: str) -> int:
    # From behind, the patient's left is at the left of the picture.
    return 1 if (side == "right") == (view == "back") else -1


def _placed(line: NDArray[np.float64], middle: float, sign: int) -> NDArray[np.float64]:
    return np.column_stack([middle + sign * line[:, 0], line[:, 1]])


def _columns(graded: dict[tuple[str, str], str], width: float, unit_in: float) -> tuple[dict[str, float], int]:
    # Middles of the two views, and how many letters a name may have: only sides that were sampled need a column.
    outer = [[side for side in ("left", "right") if _sign(view, side) == sign]
             for view in ("back", "front") for sign in (-1, 1)]  # fmt: skip
    views = ("back", "back", "front", "front")
    used = [bool(_labelled(view, side, graded)) for view, (side,) in zip(views, outer, strict=True)]
    room = (width - 4 * (_HALF + 0.35)) / max(sum(used), 1)
    column = min(room, _MOST_LETTERS * _LETTER_IN / unit_in)
    spare = (width - column * sum(used) - 4 * (_HALF + 0.3)) / 3
    edges = [column if one else 0.0 for one in used]
    back = spare + edges[0] + _HALF + 0.3
    front = back + 2 * (_HALF + 0.3) + edges[1] + spare + edges[2]
    return {"back": back, "front": front}, max(int(column * unit_in / _LETTER_IN), 8)


def _labelled(view: str, side: str, graded: dict[tuple[str, str], str]) -> list[Shape]:
    return [
        shape for shape in body_shapes() if (shape.view, shape.kind) == (view, "muscle") and (shape.id, side) in graded
    ]


def _draw_view(
    axes: Axes, view: str, middle: float, graded: dict[tuple[str, str], str], cut: dict[str, set[str]]
) -> None:
    shapes = [shape for shape in body_shapes() if shape.view == view]
    for side in ("left", "right"):
        sign = _sign(view, side)
        for shape in shapes:
            line = _placed(shape.line, middle, sign)
            if shape.kind == "outline":
                _fill(axes, _smooth(line, 3), facecolor=_SKIN, edgecolor=_SKIN, linewidth=0.4, zorder=1)
                axes.plot(*_smooth(line[1:-1], 3).T, color=_OUTLINE, linewidth=0.8, zorder=1.5)
            elif shape.kind == "muscle":
                grade = graded.get((shape.id, side))
                if grade is not None:
                    _fill_muscle(axes, _spindle(line, shape.width or 0.1), grade)
            elif side in cut.get(shape.id, ()):
                axes.plot(*_smooth(line, 2).T, color="white", linewidth=4.4, solid_capstyle="round", zorder=5)
                axes.plot(*_smooth(line, 2).T, color=ACCENT, linewidth=2.6, solid_capstyle="round", zorder=5.1)
            elif shape.id in _MAIN_NERVES:
                axes.plot(*_smooth(line, 2).T, color=_FAINT, linewidth=0.9, zorder=2)
    axes.text(middle, _TOP - 0.08, f"from {'behind' if view == 'back' else 'the front'}",
              ha="center", va="top", fontsize=SMALL_SIZE, color=MUTED)  # fmt: skip
    for side in ("left", "right"):
        axes.text(middle + _sign(view, side) * 0.62, _TOP - 0.5, side, ha="center", va="top",
                  fontsize=SMALL_SIZE, color=MUTED)  # fmt: skip


def _fill(axes: Axes, points: NDArray[np.float64], **look: Any) -> None:
    from matplotlib.patches import Polygon  # noqa: PLC0415 - loaded when the first figure is drawn

    axes.add_patch(Polygon(points, closed=True, **look))


def _fill_muscle(axes: Axes, points: NDArray[np.float64], grade: str) -> None:
    hatch = _HATCHES.get(grade)
    color = _FILLS[0] if hatch else _FILLS[int(grade[0])]
    # Smaller muscles lie on larger ones, as a needle reaches them.
    order = 3 + 1 / (1 + 10 * float(np.ptp(points[:, 0]) * np.ptp(points[:, 1])))
    edge = MUTED if hatch else INK
    _fill(axes, points, facecolor=color, edgecolor=edge, linewidth=0.7, zorder=order, hatch=hatch)


def _smooth(line: NDArray[np.float64], times: int) -> NDArray[np.float64]:
    for _ in range(times):  # corners are cut; the ends stay
        inner = np.stack([0.75 * line[:-1] + 0.25 * line[1:], 0.25 * line[:-1] + 0.75 * line[1:]], axis=1)
        line = np.vstack([line[:1], inner.reshape(-1, 2), line[-1:]])
    return line


def _spindle(line: NDArray[np.float64], width: float) -> NDArray[np.float64]:
    line = _smooth(line, 3)
    along = np.concatenate([[0.0], np.cumsum(np.hypot(*np.diff(line, axis=0).T))])
    place = np.linspace(0, along[-1], 41)
    middle = np.column_stack([np.interp(place, along, line[:, k]) for k in (0, 1)])
    ahead = np.gradient(middle, axis=0)
    across = np.column_stack([-ahead[:, 1], ahead[:, 0]]) / np.hypot(*ahead.T)[:, None]
    half = 0.5 * width * np.sin(np.pi * np.linspace(0, 1, 41)) ** 0.6
    return np.vstack([middle + across * half[:, None], (middle - across * half[:, None])[::-1]])


def _label_muscles(
    axes: Axes, view: str, middle: float, graded: dict[tuple[str, str], str], letters: tuple[int, float]
) -> None:
    most, line_height = letters
    for side in ("left", "right"):
        sign = _sign(view, side)
        labels = []
        for shape in _labelled(view, side, graded):
            grade = graded[shape.id, side]
            told = grade.replace(" ", _GLUE)
            glue = _GLUE * 2 if len(told) <= 2 else " "  # a short grade stays with the end of the name
            words = f"{muscle_name(shape.id)}{glue}{told}"
            text = "\n".join(textwrap.wrap(words, most, break_long_words=False)).replace(_GLUE, " ")
            point = _placed(_smooth(shape.line, 3), middle, sign)
            labels.append((point[len(point) // 2], text, grade))
        labels.sort(key=lambda label: -label[0][1])
        lines = [text.count("\n") + 1.35 for _, text, _ in labels]
        fit = min(1.0, (_HIGHEST - _LOWEST) / (sum(lines) * line_height or 1.0))  # more names than there is room for
        heights = [line_height * fit * each for each in lines]
        for (point, text, grade), height in zip(labels, _spread([p[1] for p, _, _ in labels], heights), strict=True):
            start = middle + sign * (_HALF + 0.28)
            axes.plot([point[0], middle + sign * _HALF, start - sign * 0.06], [point[1], height, height],
                      color=MUTED, linewidth=0.45, zorder=4.5)  # fmt: skip
            axes.plot(*point, marker="o", markersize=1.8, color=INK, zorder=4.6)
            strong = grade not in {"0", "not gradable"}
            axes.text(
                start, height, plain(text), ha="left" if sign > 0 else "right", va="center", linespacing=1.0,
                fontsize=fit * SMALL_SIZE, color=INK, fontweight="bold" if strong else "normal",
            )  # fmt: skip


def _spread(wanted: list[float], heights: list[float]) -> list[float]:
    # Labels keep their order from above; neighbours that would touch are shifted as one block about its own middle.
    blocks: list[tuple[float, float, list[float]]] = []  # middle, size, heights
    for place, height in zip(wanted, heights, strict=True):
        blocks.append((place, height, [height]))
        while len(blocks) > 1 and blocks[-2][0] - blocks[-2][1] / 2 < blocks[-1][0] + blocks[-1][1] / 2:
            lower, upper = blocks.pop(), blocks.pop()
            size = upper[1] + lower[1]
            joined = upper[2] + lower[2]
            middle = (upper[0] * len(upper[2]) + lower[0] * len(lower[2])) / len(joined)
            blocks.append((_inside(middle, size), size, joined))
        blocks[-1] = (_inside(blocks[-1][0], blocks[-1][1]), *blocks[-1][1:])
    places = []
    for middle, size, members in blocks:
        top = middle + size / 2
        for height in members:
            places.append(top - height / 2)
            top -= height
    return places


def _inside(middle: float, size: float) -> float:
    low, high = _LOWEST, _HIGHEST
    return max(min(middle, high - size / 2), low + size / 2)


def _site_line(answer: Localization | None) -> str:
    if answer is None or answer.posterior.empty:
        return ""
    site = str(answer.posterior.iloc[0]["site"])
    name = sided("" if site == "none" else answer.side, site_name(site))
    drawn = any(shape.id in _cut(answer) for shape in body_shapes())
    what = "Thick line" if drawn else "No line drawn"
    return f"{what}: leading among the sites considered, {lowered(name)}; not a diagnosis"


def _draw_key(axes: Axes, width: float, unit_in: float, answer: Localization | None, elsewhere: list[str]) -> None:
    step = 0.62 / unit_in
    keys: list[tuple[str, str, str | None]] = [(grade_notation(grade), fill, None) for grade, fill in _FILLS.items()]
    keys += [(name, _FILLS[0], hatch) for name, hatch in _HATCHES.items()]
    left = (width - step * (len(keys) + 0.6)) / 2
    for number, (name, color, hatch) in enumerate(keys):
        x, y = left + number * step, _BOTTOM + 0.86
        box = np.array([[x, y], [x + 0.3, y], [x + 0.3, y + 0.2], [x, y + 0.2]])
        edge = MUTED if hatch else INK
        _fill(axes, box, facecolor=color, edgecolor=edge, linewidth=0.6, zorder=3, hatch=hatch)
        axes.text(x + 0.38, y + 0.1, name, va="center", fontsize=SMALL_SIZE, color=INK)
    lines = [_site_line(answer)] if answer is not None else []
    lines += [f"Elsewhere: {'; '.join(elsewhere)}"] if elsewhere else []
    text = "\n".join("\n".join(textwrap.wrap(line, 126)) for line in lines if line)
    axes.text(width / 2, _BOTTOM + 0.7, plain(text), ha="center", va="top", fontsize=SMALL_SIZE, color=MUTED)

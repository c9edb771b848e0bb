"""Name trains: rhythm first, shape second, and the reasons in words and numbers.

Every kind of train has an expected value for everything that is measured (``train_features.csv``). How well a train
fits a kind is the sum of the log densities; kinds with one label are added up. A name is given when it is probable
enough and the rhythm could be judged; otherwise the train is indeterminate.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, Literal

import numpy as np

from emgkit.knowledge.anatomy import labels
from emgkit.knowledge.tables import Basis, criteria_values, read_rows

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from emgkit.findings.spontaneous.measure import MeasuredTrain

MYOTONIC = "myotonic_discharge"
ENDPLATE = "endplate_spike"
INDETERMINATE = "indeterminate"
COMPLEX = "complex_repetitive_discharge"
FIBRILLATION = "fibrillation"
IRREGULAR = ("fibrillation_irregular",)  # kinds that are named and do not count


@dataclass(frozen=True)
class Prior:
    """How often a kind of train is expected, and the label it is printed as."""

    kind: str
    label: str
    value: float
    unit: str
    source: str
    basis: Basis


@dataclass(frozen=True)
class Expectation:
    """What one kind of train is expected to look like in one feature."""

    feature: str
    kind: str
    value: float
    spread: float | None
    unit: str
    source: str
    basis: Basis


@dataclass(frozen=True)
class Feature:
    """A measured feature and how it is said."""

    feature: str
    words: str
    unit: str
    law: Literal["lognormal", "share"]
    use: Literal["rhythm", "shape", "polarity", "surroundings"]
    source: str
    basis: Basis


@dataclass(frozen=True)
class Name:
    """The label of a train with its probability, the runner-up, the reasons, and whether it counts for a grade."""

    label: str
    probability: float
    runner_up: str
    reasons: str
    counted: bool


@cache
def _tables() -> tuple[dict[str, Prior], dict[str, Feature], dict[tuple[str, str], Expectation]]:
    priors = {row.kind: row for row in read_rows("train_priors.csv", Prior)}
    features = {row.feature: row for row in read_rows("train_feature_words.csv", Feature)}
    expected = {(row.feature, row.kind): row for row in read_rows("train_features.csv", Expectation)}
    return priors, features, expected


def features_of(measured: MeasuredTrain) -> dict[str, float]:
    """Return everything measured of a train that speaks for or against a name, by feature.

    A feature that could not be measured is absent.
    """
    rhythm, shape = measured.rhythm, measured.shape
    found = {"endplate_noise": float(measured.endplate_noise_uv > 0)}
    values = criteria_values("naming_criteria")
    if np.isfinite(rhythm.irregularity):
        finest = values["finest_irregularity"]
        exact = rhythm.cv < finest / 2  # a machine, not a fibre
        found |= {
            "irregularity": rhythm.irregularity if exact else max(rhythm.irregularity, finest),
            "rate_hz": 1 / rhythm.base_s,
            "interval_p5_ms": rhythm.p5_ms,
            "rate_swing": rhythm.rate_range - 1 + values["least_rate_swing"],
            "slows_down": float(rhythm.trend_per_s > values["slowing_per_s"]),
        }
    if shape is not None:
        found |= {
            "duration_ms": shape.duration_ms,
            "rise_ms": shape.rise_ms,
            "turns": float(max(shape.turns, 1)),
            "complex": float(
                shape.phases >= values["complex_least_phases"] or measured.spikes >= values["complex_least_spikes"]
            ),
            "sharp_wave": float(measured.sharp_wave),
            "negative_share": max(shape.negative_share, values["finest_negative_share"]),
        }
        if np.isfinite(measured.variability):
            found["variability"] = max(measured.variability, values["finest_variability"])
        if shape.initial_deflection != INDETERMINATE:
            found["initial_positive"] = float(shape.initial_deflection == "positive")
    return found


def name_train(
    measured: MeasuredTrain, *, leave: Sequence[str] = (), crowded: bool = False, contracting: bool = False
) -> Name:
    """Name one train.

    Parameters
    ----------
    measured : MeasuredTrain
    leave : sequence of {"shape", "polarity"}
        Kinds of features that must not be used, because the recording does not carry them.
    crowded : bool
        The recording is so full of discharges that trains are not cleanly apart: denervation must be more regular.
    contracting : bool
        The muscle is not at rest: the same.

    Returns
    -------
    Name
    """
    priors, features, _ = _tables()
    found = {name: value for name, value in features_of(measured).items() if features[name].use not in leave}
    kinds = [kind for kind in priors if _has_the_rhythm(measured, kind, priors[kind].label)]
    terms = {kind: _terms(kind, found, measured.rhythm.n_intervals) for kind in kinds}
    score = {kind: np.log(priors[kind].value) + sum(terms[kind].values()) for kind in kinds}
    top = max(score.values())
    total: dict[str, float] = {}
    for kind, value in score.items():
        total[priors[kind].label] = total.get(priors[kind].label, 0.0) + float(np.exp(value - top))
    ranked = sorted(total, key=lambda label: -total[label])
    best, rival = ranked[0], ranked[1]
    probability = total[best] / sum(total.values())
    reasons = _reasons(best, _rival(ranked), score, terms, found)
    kind = max((kind for kind in score if priors[kind].label == best), key=score.__getitem__)
    denervation = labels()[best].denervation
    # Fibrillation and positive sharp wave mean the same: a doubt between the two is no doubt about denervation.
    sure = sum(total[label] for label in total if denervation and labels()[label].denervation) / sum(total.values())
    irregular = denervation and _is_irregular(measured, kind, crowded=crowded, contracting=contracting)
    hindrance = _hindrance(measured, best, irregular=irregular, crowded=crowded, contracting=contracting)
    hindrance = hindrance or _improbable(max(probability, sure), best, kind)
    if hindrance:
        return Name(INDETERMINATE, probability, best, f"{hindrance}; {reasons}", counted=False)
    if irregular:
        reasons = f"irregular, so it does not count for a grade; {reasons}"
    return Name(best, probability, rival, reasons, counted=denervation and not irregular)


def _has_the_rhythm(measured: MeasuredTrain, kind: str, label: str) -> bool:
    # Rhythm comes first: endplate spikes are never regular, and what a membrane repeats by itself is never irregular,
    # but for a fibre that pauses after each discharge.
    values, rhythm = criteria_values("naming_criteria"), measured.rhythm
    if label == COMPLEX:
        return 1 / rhythm.base_s >= values["complex_least_rate_hz"]
    if rhythm.n_intervals < values["rhythm_known_intervals"]:
        return True
    if label == ENDPLATE:
        return rhythm.irregularity > values["endplate_least_irregularity"]
    if kind in IRREGULAR:
        return rhythm.p5_ms >= values["irregular_least_p5_ms"]
    if label == FIBRILLATION:
        return rhythm.irregularity < values["denervation_largest_irregularity"]
    return label != MYOTONIC or rhythm.irregularity < values["myotonic_largest_irregularity"]


def _terms(kind: str, found: Mapping[str, float], n_intervals: int) -> dict[str, float]:
    _, features, expected = _tables()
    values = criteria_values("naming_criteria")
    terms = {}
    for name, value in found.items():
        row = expected[name, kind]
        if features[name].law == "share":
            terms[name] = values["temper"] * float(np.log(row.value if value else 1 - row.value))
            continue
        # Few intervals tell little about rhythm, so they widen what is expected.
        width = np.hypot(
            np.log(row.spread or 1), 1 / np.sqrt(max(n_intervals, 1)) if features[name].use == "rhythm" else 0
        )
        deviation = (np.log(max(value, 1e-6)) - np.log(row.value)) / width
        usual = np.exp(-0.5 * deviation**2) / (width * np.sqrt(2 * np.pi))
        # A few trains follow no expectation: one odd feature alone does not decide.
        density = (1 - values["outlier_share"]) * usual + values["outlier_share"] / values["outlier_width"]
        terms[name] = values["temper"] * float(np.log(density))
    return terms


def _rival(ranked: Sequence[str]) -> str:
    # Fibrillation and positive sharp wave mean the same, so the reasons say what speaks against everything else.
    best, *others = ranked
    denervation = labels()[best].denervation
    return next((label for label in others if not (denervation and labels()[label].denervation)), others[0])


def _reasons(
    best: str,
    rival: str,
    score: Mapping[str, float],
    terms: Mapping[str, Mapping[str, float]],
    found: Mapping[str, float],
) -> str:
    priors, features, _ = _tables()
    first, second = (
        max((kind for kind in score if priors[kind].label == label), key=score.__getitem__) for label in (best, rival)
    )
    weight = {name: terms[first][name] - terms[second][name] for name in found}
    rhythm = [name for name in ("irregularity", "rate_hz") if name in found]
    others = sorted((name for name in weight if name not in rhythm), key=lambda name: -weight[name])
    speaking = [*rhythm, *(name for name in others if weight[name] > 0)][: len(rhythm) + 2]
    said = [_said(features[name], found[name]) for name in speaking]
    return f"{', '.join(said)} (against {rival})"


def _said(feature: Feature, value: float) -> str:
    if feature.law == "share":
        return f"{feature.words}: {'yes' if value else 'no'}"
    unit = "" if feature.unit == "1" else f" {feature.unit}"
    return f"{feature.words} {_rounded(value)}{unit}"


def _rounded(value: float) -> str:
    return f"{value:.0f}" if value >= 10 else f"{value:.2g}"


def _is_irregular(measured: MeasuredTrain, kind: str, *, crowded: bool, contracting: bool) -> bool:
    values = criteria_values("naming_criteria")
    unit = contracting and may_be_voluntary(measured) and not measured.sharp_wave  # a shape that no motor unit has
    largest = min(
        values["denervation_largest_irregularity"],
        values["contracting_largest_irregularity"] if unit else np.inf,
        values["crowded_largest_irregularity"] if crowded else np.inf,
    )
    return kind in IRREGULAR or measured.rhythm.irregularity > largest


def _hindrance(measured: MeasuredTrain, label: str, *, irregular: bool, crowded: bool, contracting: bool) -> str:
    values = criteria_values("naming_criteria")
    rhythm = measured.rhythm
    span_s = measured.train.time_s[-1] - measured.train.time_s[0]
    slow = rhythm.base_s > 1 / values["slow_rate_hz"] and span_s > values["slow_span_s"]
    least = values["slow_least_intervals" if slow else "least_intervals"]
    if rhythm.n_intervals < least:
        return f"only {rhythm.n_intervals} intervals, {least:.0f} are needed"
    if labels()[label].denervation:
        elsewhere = crowded or contracting
        hindrance = _irregular(measured, label, elsewhere=elsewhere) if irregular else _untimely(measured, label)
        hindrance = hindrance or _by_chance(measured, crowded=crowded) or _changing(measured, label)
        size_uv = measured.shape.peak_to_peak_uv if measured.shape is not None else np.nan
        if size_uv > values["denervation_largest_uv"]:
            hindrance = f"{size_uv:.0f} uV are too much for {label}"
        if size_uv < values["denervation_least_uv"]:
            hindrance = f"{size_uv:.1f} uV are too little for {label}"
        if hindrance:
            return hindrance
    elif measured.train.snr < values["other_least_snr"] and not (label == COMPLEX and is_machine(measured)):
        # A complex repetitive discharge may fill the baseline, and is then itself taken for the noise.
        return f"only {measured.train.snr:.1f} times the noise"
    elif label == COMPLEX and rhythm.irregularity > values["complex_largest_irregularity"]:
        return f"too irregular ({rhythm.irregularity:.2f}) for {label}"
    return ""


def _improbable(probability: float, label: str, kind: str) -> str:
    values = criteria_values("naming_criteria")
    needed = values["denervation_least_probability" if labels()[label].denervation else "least_probability"]
    if kind in IRREGULAR:
        needed = values["irregular_least_probability"]
    return f"probability {probability:.2f} is below {needed:g}" if probability < needed else ""


def _untimely(measured: MeasuredTrain, label: str) -> str:
    values, rhythm = criteria_values("naming_criteria"), measured.rhythm
    if rhythm.missed > values["largest_missed"]:
        return f"{rhythm.missed:.0%} of the expected discharges were not found, so the rhythm is not trusted"
    rate_hz = 1 / rhythm.base_s
    # A run that is over so soon may begin faster, and has no time to slow down.
    short = rhythm.n_intervals * rhythm.base_s < values["transient_longest_s"]
    largest_hz = values["transient_largest_rate_hz" if short else "denervation_largest_rate_hz"]
    if rate_hz > largest_hz and rhythm.trend_per_s < values["fast_least_slowing_per_s"]:
        return f"{rate_hz:.0f} Hz without slowing down, too fast for {label}"
    return ""


def _by_chance(measured: MeasuredTrain, *, crowded: bool) -> str:
    # Among so many potentials a few keep time by chance.
    values, noise_uv = criteria_values("naming_criteria"), measured.endplate_noise_uv
    if measured.rhythm.n_intervals >= values["among_many_least_intervals"]:
        return ""
    if crowded:
        return f"only {measured.rhythm.n_intervals} intervals among so much else, where some keep time by chance"
    if measured.shape is not None and measured.shape.peak_to_peak_uv < values["among_noise_least"] * noise_uv:
        return f"few and small in endplate noise of {_rounded(noise_uv)} uV, where some keep time by chance"
    return ""


def _changing(measured: MeasuredTrain, label: str) -> str:
    values = criteria_values("naming_criteria")
    enough = measured.rhythm.n_intervals >= values["fibrillation_variability_intervals"]
    quiet = measured.endplate_noise_uv == 0  # which is never the same around two discharges
    seen = enough and quiet and measured.train.snr > values["fibrillation_variability_snr"]
    doubtful = measured.rhythm.irregularity > values["fibrillation_doubtful_irregularity"]
    largest = values["fibrillation_doubtful_variability" if doubtful else "fibrillation_largest_variability"]
    if label == FIBRILLATION and seen and measured.variability > largest:
        return f"the shape changes by {measured.variability:.2f} between discharges, as that of one fibre does not"
    return ""


def is_machine(measured: MeasuredTrain) -> bool:
    """Return whether a train is steadier than any fibre by itself."""
    return measured.rhythm.irregularity < criteria_values("naming_criteria")["complex_sure_irregularity"]


def _irregular(measured: MeasuredTrain, label: str, *, elsewhere: bool) -> str:
    # Without its rhythm, a fibrillation must show everything else.
    values, rhythm, shape = criteria_values("naming_criteria"), measured.rhythm, measured.shape
    if elsewhere or measured.endplate_noise_uv > 0:
        return f"too irregular ({rhythm.irregularity:.2f}) for {label} among other activity"
    rate_hz = 1 / rhythm.base_s
    if rhythm.irregularity < values["irregular_voluntary_most"] and rate_hz > values["irregular_voluntary_rate_hz"]:
        return f"irregular ({rhythm.irregularity:.2f}) at {rate_hz:.0f} Hz, as voluntary units are"
    size_uv = shape.peak_to_peak_uv if shape is not None else 0.0
    for shown, least, unit in (
        (measured.train.snr, values["irregular_clear_snr"], "times the noise"),
        (size_uv, values["irregular_least_uv"], "uV"),
        (rhythm.n_intervals, values["irregular_least_intervals"], "intervals"),
    ):
        if shown < least:
            return f"irregular ({rhythm.irregularity:.2f}), and only {_rounded(shown)} {unit}"
    if rhythm.p5_ms < values["irregular_least_p5_ms"]:
        return f"irregular ({rhythm.irregularity:.2f}), with intervals as short as {rhythm.p5_ms:.0f} ms"
    duration_ms = shape.duration_ms if shape is not None else np.inf
    long = duration_ms > values["irregular_usual_ms"]
    largest = values["finest_variability" if long else "irregular_largest_variability"]
    if duration_ms > values["irregular_longest_ms"] or measured.variability > largest:
        return f"irregular ({rhythm.irregularity:.2f}), and not the shape of one fibre"
    return ""


def may_be_voluntary(measured: MeasuredTrain) -> bool:
    """Return whether a train is as fast as voluntary motor units are at least."""
    return 1 / measured.rhythm.base_s > criteria_values("naming_criteria")["contracting_least_rate_hz"]


def voluntary_rhythm(measured: MeasuredTrain) -> bool:
    """Return whether a train fires as voluntary motor units do, neither like a clock nor at random."""
    values, rhythm = criteria_values("naming_criteria"), measured.rhythm
    even = values["voluntary_least_irregularity"] < rhythm.irregularity < values["voluntary_largest_irregularity"]
    rate = values["voluntary_least_rate_hz"] < 1 / rhythm.base_s < values["voluntary_largest_rate_hz"]
    return bool(even and rate and rhythm.n_intervals >= values["irregular_least_intervals"])


def polarity_is_suspect(measured: Sequence[MeasuredTrain], names: Sequence[Name]) -> bool:
    """Return whether motor units of this recording mostly point the wrong way.

    The main spike of a motor unit near a concentric needle is negative; when most are positive, the file is probably
    inverted and polarity must not be used.
    """
    values = criteria_values("naming_criteria")
    shapes = [
        train.shape
        for train, name in zip(measured, names, strict=True)
        if name.label == "motor_unit" and train.shape and train.shape.peak_to_peak_uv > values["polarity_least_uv"]
    ]
    negative = [shape.negative_share > 1 for shape in shapes]
    enough = len(negative) >= values["polarity_least_units"]
    return enough and bool(np.mean(negative) < values["polarity_negative_share"])

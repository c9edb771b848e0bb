"""Two fibres of one shape whose sizes drift: each discharge goes to its own, and one unit stays one."""

from __future__ import annotations

import numpy as np
import pytest

from emgkit.signals.tracks import two_tracks

SECONDS = 30.0


def fired(rate: float, seed: int) -> np.ndarray:
    rng = np.random.default_rng(seed)
    times_s = np.cumsum(0.01 + rng.gamma(1.3, (1 / rate - 0.01) / 1.3, int(1.5 * rate * SECONDS)))
    return times_s[times_s < SECONDS]


def mixed(one, two, *, scatter: float = 0.012, seed: int = 0):
    """Mix two units of (rate, size as function of the time) into times, sizes and which is of the first."""
    rng = np.random.default_rng(seed)
    parts = [fired(rate, seed + 10 * number) for number, (rate, _) in enumerate((one, two), 1)]
    times_s = np.concatenate(parts)
    sizes = np.concatenate([size(part) for part, (_, size) in zip(parts, (one, two), strict=True)])
    first = np.arange(len(times_s)) < len(parts[0])
    order = np.argsort(times_s)
    return times_s[order], (sizes * rng.normal(1, scatter, len(sizes)))[order], first[order]


def right(odds, first) -> float:
    share = float(np.mean((odds > 0) == first))
    return max(share, 1 - share)


@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize("crossing_s", [3.0, 11.0, 22.0])
def test_tracks_that_cross_are_followed_through_the_crossing(crossing_s, seed):
    times_s, sizes, first = mixed(
        (9.0, lambda at_s: np.exp(0.012 * (at_s - crossing_s))),
        (13.0, lambda at_s: np.exp(-0.012 * (at_s - crossing_s))),
        seed=seed,
    )
    odds = two_tracks(times_s, sizes, trusted=np.ones(len(sizes), dtype=bool))
    assert right(odds, first) > 0.93
    away = np.abs(times_s - crossing_s) > 3
    assert right(odds[away], first[away]) > 0.99


def test_tracks_that_turn_away_from_each_other_are_followed_as_well():
    bent = [lambda at_s, sign=sign: np.exp(sign * (0.02 + 0.0012 * np.square(at_s - 15))) for sign in (1, -1)]
    times_s, sizes, first = mixed((9.0, bent[0]), (12.0, bent[1]))
    assert right(two_tracks(times_s, sizes, trusted=np.ones(len(sizes), dtype=bool)), first) > 0.93


def test_the_size_of_a_disturbed_discharge_says_less():
    times_s, sizes, first = mixed((9.0, lambda at_s: 1.0 + 0 * at_s), (12.0, lambda at_s: 1.15 + 0 * at_s))
    trusted = np.random.default_rng(5).random(len(sizes)) < 0.8
    odds = two_tracks(times_s, sizes, trusted=trusted)
    assert right(odds[trusted], first[trusted]) > 0.99
    assert np.median(np.abs(odds[~trusted])) < np.median(np.abs(odds[trusted])) / 4
    spoilt = two_tracks(times_s, np.where(trusted, sizes, 3 * sizes), trusted=trusted)
    np.testing.assert_allclose(spoilt[trusted], odds[trusted])


@pytest.mark.parametrize(
    "size",
    [
        lambda at_s, rng: rng.normal(1, 0.02, len(at_s)),
        lambda at_s, rng: rng.normal(1, 0.15, len(at_s)),
        lambda at_s, rng: np.where(at_s < 14, 1.0, 1.4) * rng.normal(1, 0.01, len(at_s)),  # the needle moved
        lambda at_s, rng: 1 + 0.3 * np.sin(at_s) + rng.normal(0, 0.02, len(at_s)),
        lambda at_s, rng: np.where(rng.random(len(at_s)) < 0.03, 1.6, 1.0) * rng.normal(1, 0.02, len(at_s)),
    ],
)
def test_one_unit_is_one_however_its_size_scatters_drifts_or_jumps(size):
    times_s = fired(12.0, 3)
    sizes = size(times_s, np.random.default_rng(4))
    assert two_tracks(times_s, sizes, trusted=np.ones(len(sizes), dtype=bool)) is None


def test_the_second_of_a_doublet_is_no_fibre_of_its_own():
    first_s = np.cumsum(np.random.default_rng(6).uniform(0.08, 0.2, 150))
    times_s = np.sort(np.concatenate([first_s, first_s + 0.008]))
    sizes = np.tile([1.0, 0.6], 150) * np.random.default_rng(7).normal(1, 0.01, 300)
    assert two_tracks(times_s, sizes, trusted=np.ones(300, dtype=bool)) is None


def test_sizes_that_take_turns_in_one_rhythm_are_of_one_unit():
    times_s = np.arange(200) / 8 + np.random.default_rng(8).normal(0, 0.002, 200)
    sizes = np.tile([1.0, 1.3], 100) * np.random.default_rng(9).normal(1, 0.01, 200)
    assert two_tracks(times_s, sizes, trusted=np.ones(200, dtype=bool)) is None

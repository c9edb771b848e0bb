"""Sound in a page: the samples of the recording, at natural speed, within the noise."""

from __future__ import annotations

import base64
import io
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
import pytest
import soundfile

from emgkit.show.report_screen import screen_part, stretches
from emgkit.show.sound import Sound, fair_shares, make_sound
from tests.show.made_by_hand import Train, make_activity

if TYPE_CHECKING:
    from emgkit.model.activity import SpontaneousActivity

TRAIN = Train("fibrillation", 7.0, 130)


def heard_uv(sound: Sound) -> np.ndarray:
    kind, coded = sound.data.split(",")
    assert kind == "data:audio/flac;base64"
    samples, rate_hz = soundfile.read(io.BytesIO(base64.b64decode(coded)))
    assert rate_hz == sound.rate_hz
    return samples * sound.uv_per_unit + sound.offset_uv


def tone(rate_hz: float, *, seconds: float = 45.0, offset_uv: float = 40.0) -> SpontaneousActivity:
    """A tone of 440 Hz, longer than one piece, so that any slip between the pieces shows."""
    activity = make_activity(duration_s=1.0, rate_hz=rate_hz)
    time_s = np.arange(round(seconds * rate_hz)) / rate_hz
    samples = 200 * np.sin(2 * np.pi * 440 * time_s) + offset_uv
    return replace(activity, recording=replace(activity.recording, samples_uv=samples))


@pytest.mark.parametrize("rate_hz", [48_000.0, 24_000.0, 16_000.0, 10_000.0, 4_000.0, 44_100.0])
def test_samples_are_those_of_the_recording_within_a_fraction_of_the_noise(rate_hz: float) -> None:
    activity = tone(rate_hz)
    sound = make_sound(activity)
    heard = heard_uv(sound)
    assert sound.rate_hz == min(16_000, max(rate_hz, 8_000))
    assert len(heard) == 45 * sound.rate_hz
    expected = 200 * np.sin(2 * np.pi * 440 * np.arange(len(heard)) / sound.rate_hz) + 40
    inside = slice(sound.rate_hz // 10, -sound.rate_hz // 10)
    assert np.abs(heard - expected)[inside].max() < min(activity.noise_uv.values()) / 2


def test_a_stretch_is_that_stretch() -> None:
    activity = tone(24_000.0)
    stretch = make_sound(activity, start_s=7.0, stop_s=30.0)
    whole = heard_uv(make_sound(activity))
    part = heard_uv(stretch)
    assert (stretch.start_s, stretch.stop_s, len(part)) == (7.0, 30.0, 23 * 16_000)
    assert np.abs(part - whole[7 * 16_000 : 30 * 16_000])[1000:-1000].max() < 1.0


def test_what_was_left_out_does_not_drown_the_rest() -> None:
    samples = np.asarray(make_activity(trains=(TRAIN,)).recording.samples_uv).copy()
    samples[24_000:30_000] = 20_000.0
    activity = make_activity(trains=(TRAIN,), excluded=((0.99, 1.26, "movement"),))
    activity = replace(activity, recording=replace(activity.recording, samples_uv=samples))
    sound = make_sound(activity)
    heard = heard_uv(sound)
    rest = np.r_[heard[:15_000], heard[21_000:]]
    assert heard.max() < 700
    assert np.abs(rest).max() / sound.uv_per_unit > 0.2


def test_a_quiet_recording_stays_quieter_than_a_loud_one() -> None:
    def loudest(activity: SpontaneousActivity) -> float:
        sound = make_sound(activity)
        return float(np.abs(heard_uv(sound) - sound.offset_uv).max() / sound.uv_per_unit)

    assert loudest(make_activity(trains=(Train("motor_unit", 9.0, 700),))) > 5 * loudest(make_activity())


def test_silence_can_be_heard() -> None:
    activity = make_activity(duration_s=2.0)
    flat = replace(
        activity, recording=replace(activity.recording, samples_uv=np.zeros(48_000)), noise_uv={"fibrillation": 0.0}
    )
    assert np.abs(heard_uv(make_sound(flat))).max() == 0


def test_a_second_weighs_little() -> None:
    sound = make_sound(make_activity(trains=(TRAIN,)))
    assert len(sound.data) < 12 * 13_000


def test_a_long_examination_is_heard_in_part_every_recording_as_long_as_the_others() -> None:
    assert fair_shares([12.0] * 14, 300.0) == [12.0] * 14
    assert fair_shares([100.0, 20.0, 300.0], 120.0) == [50.0, 20.0, 50.0]
    assert sum(fair_shares([60.0] * 48, 300.0)) == pytest.approx(300.0)


def test_the_stretch_of_a_long_recording_is_where_its_discharges_are(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("emgkit.show.report_screen._MOST_SOUND_S", 8.0)
    late = make_activity(trains=(Train("fibrillation", 7.0, 130, 0.02, 6.5, 11.5),))
    first, second = stretches([late, make_activity(seed=1)])
    assert 3.0 < first[0] <= 7.5
    assert first[1] == first[0] + 4.0
    assert second == (0.0, 4.0)


def test_times_and_outline_survive_the_way_to_the_page() -> None:
    activity = make_activity(trains=(TRAIN,), excluded=((9.0, 9.5, "movement"),))
    part = screen_part(activity, make_sound(activity))
    times = np.cumsum(part["trains"][0]["ticks"]) / 10_000
    assert np.abs(times - np.sort(activity.events["time_s"])).max() <= 0.5e-4 + 1e-9
    samples = np.asarray(activity.recording.samples_uv)
    assert min(part["low"]) == round(samples.min())
    assert max(part["high"]) == round(samples.max())
    assert part["left_out"] == [[9.0, 9.5, "movement"]]

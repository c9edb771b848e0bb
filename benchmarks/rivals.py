"""One way to call every sorter: emgkit, a recipe of scipy and scikit-learn, SpikeInterface, and MNE's peak finder.

Filters, thresholds and options of the rivals are those with which they were measured on the files of the peers;
``_tuned`` are the best of a few tries for each, not a search. SpykingCircus2 as tuned there throws every template of
most other scenes away; its own cleaning is loosened here, which changes nothing on the files of the peers.
"""

from __future__ import annotations

import importlib.util
import tempfile
import time
import warnings
from dataclasses import replace
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

import numpy as np
from scoring import Found

import emgkit

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from numpy.typing import NDArray

    Floats = NDArray[np.float64]

BAND_HZ = (150.0, 6000.0)
_GAUSSIAN_MAD = 0.6745
_SC2_TUNED: Mapping[str, Any] = MappingProxyType({
    "apply_whitening": False,
    "general": {"ms_before": 2, "ms_after": 4, "radius_um": 100},
    "detection": {
        "method": "matched_filtering",
        "method_kwargs": {"peak_sign": "both", "detect_threshold": 4},
        "pipeline_kwargs": {},
    },
    "cleaning": {"min_snr": 5, "max_jitter_ms": 2.0, "sparsify_threshold": 1, "mean_sd_ratio_threshold": 1000},
})  # fmt: skip


def sort_with(name: str, recording: emgkit.Recording) -> Found:
    """Return what a tool finds in a recording, and the seconds that it took.

    Parameters
    ----------
    name : str
        Key of ``TOOLS``.
    recording : emgkit.Recording
    """
    start = time.perf_counter()
    found = TOOLS[name](recording)
    return replace(found, seconds=time.perf_counter() - start)


def missing(name: str) -> str:
    """Return the package that a tool needs and that is not installed; empty when it can run."""
    needed = {"scipy_recipe": "sklearn", "mne_peak_finder": "mne"}.get(name, "spikeinterface")
    return "" if name == "emgkit" or importlib.util.find_spec(needed) else needed


def _emgkit(recording: emgkit.Recording) -> Found:
    activity = emgkit.find_spontaneous_activity(recording)
    times, train = activity.events["time_s"].to_numpy(), activity.events["train"].to_numpy()
    return Found(
        [np.sort(times[train == each]) for each in activity.trains["train"]],
        np.sort(times[train < 0]),
        labels=activity.trains["label"].tolist(),
        probabilities=activity.trains["probability"].tolist(),
    )


def _band(rate_hz: float) -> tuple[float, float]:
    return BAND_HZ[0], min(BAND_HZ[1], 0.45 * rate_hz)


def _noise(filtered: Floats) -> float:
    return float(np.median(np.abs(filtered)) / _GAUSSIAN_MAD)


def _scipy_recipe(recording: emgkit.Recording) -> Found:
    from scipy.signal import butter, find_peaks, sosfiltfilt  # noqa: PLC0415 - each rival loads what it needs
    from sklearn.cluster import HDBSCAN  # noqa: PLC0415
    from sklearn.decomposition import PCA  # noqa: PLC0415

    rate_hz = recording.rate_hz
    sections = butter(4, _band(rate_hz), "bandpass", fs=rate_hz, output="sos")
    filtered = sosfiltfilt(sections, np.asarray(recording.samples_uv))
    peaks, _ = find_peaks(np.abs(filtered), 4 * _noise(filtered), distance=round(0.002 * rate_hz))
    window = np.arange(-round(0.002 * rate_hz), round(0.004 * rate_hz))
    peaks = peaks[(peaks + window[0] >= 0) & (peaks + window[-1] < len(filtered))]
    smallest = _smallest_cluster(recording)
    if len(peaks) <= smallest:
        return Found([], peaks / rate_hz)
    features = PCA(6, random_state=0).fit_transform(filtered[peaks[:, None] + window])
    return _by_unit(peaks / rate_hz, HDBSCAN(min_cluster_size=smallest, copy=True).fit_predict(features))


def _smallest_cluster(recording: emgkit.Recording) -> int:
    return max(2, round(recording.duration_s))  # 60 in a minute, as it was measured


def _by_unit(times_s: Floats, unit: NDArray[np.int64]) -> Found:
    return Found([times_s[unit == each] for each in np.unique(unit[unit >= 0])], times_s[unit < 0])


def _mne_peak_finder(recording: emgkit.Recording) -> Found:
    from mne.filter import filter_data  # noqa: PLC0415
    from mne.preprocessing import peak_finder  # noqa: PLC0415

    samples_v = np.asarray(recording.samples_uv, dtype=float) * 1e-6
    filtered = filter_data(samples_v, recording.rate_hz, *_band(recording.rate_hz), verbose="error")
    peaks, _ = peak_finder(filtered, thresh=8 * _noise(filtered), extrema=-1, verbose="error")
    return Found([], np.sort(peaks) / recording.rate_hz, sorts=False)


def _spikeinterface(sorter: str, **options: object) -> Callable[[emgkit.Recording], Found]:
    def run(recording: emgkit.Recording) -> Found:
        from spikeinterface import NumpyRecording, set_global_job_kwargs  # noqa: PLC0415
        from spikeinterface.sorters import run_sorter  # noqa: PLC0415

        set_global_job_kwargs(n_jobs=1, progress_bar=False)
        samples = np.asarray(recording.samples_uv, dtype=np.float32)[:, None]
        traces = NumpyRecording([samples], recording.rate_hz)
        traces.set_channel_gains([1.0])
        traces.set_channel_offsets([0.0])
        traces.set_dummy_probe_from_locations(np.zeros((1, 2)))
        with tempfile.TemporaryDirectory() as folder, warnings.catch_warnings():
            warnings.simplefilter("ignore")  # about provenance, which a file that is thrown away does not need
            stored = traces.save(folder=f"{folder}/traces", verbose=False)
            sorting = run_sorter(sorter, stored, folder=f"{folder}/sorted", verbose=False, **options)
            frames = [sorting.get_unit_spike_train(unit, segment_index=0) for unit in sorting.unit_ids]
        return Found([np.sort(np.asarray(each)) / recording.rate_hz for each in frames])

    return run


def _simple_tuned(recording: emgkit.Recording) -> Found:
    options = {"peak_sign": "both", "detect_threshold": 4, "ms_before": 2, "ms_after": 4}
    clusters = {"min_cluster_size": _smallest_cluster(recording)}
    return _spikeinterface("simple", **options, clusterer_kwargs=clusters)(recording)


TOOLS: Mapping[str, Callable[[emgkit.Recording], Found]] = MappingProxyType({
    "emgkit": _emgkit,
    "scipy_recipe": _scipy_recipe,
    "si_simple": _spikeinterface("simple"),
    "si_simple_tuned": _simple_tuned,
    "si_sc2": _spikeinterface("spykingcircus2", apply_motion_correction=False),
    "si_sc2_tuned": _spikeinterface("spykingcircus2", apply_motion_correction=False, **_SC2_TUNED),
    "mne_peak_finder": _mne_peak_finder,
})  # fmt: skip

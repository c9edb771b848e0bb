"""The rivals whose time is taken, each from the file to what it finds, with the options that served it best."""

from __future__ import annotations

import importlib.util
import tempfile
import warnings
from dataclasses import dataclass
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

import numpy as np
from scoring import Found
from speed_files import RATE_HZ

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

_BAND_HZ = (150.0, 6000.0)
_JOBS = MappingProxyType({"n_jobs": 1, "chunk_duration": "10s", "progress_bar": False})  # 1 s is half as fast
_HEADER_BYTES, _UV_PER_STEP = 512, 0.1
_GAUSSIAN_MAD = 0.6745


@dataclass(frozen=True)
class Peer:
    """A rival: the package it needs, whether it sorts, how many times faster emgkit is meant to be, and its call."""

    needs: str
    sorts: bool
    times_faster: float
    run: Callable[[Path], Found]

    @property
    def installed(self) -> bool:
        """Whether it can run here."""
        return importlib.util.find_spec(self.needs) is not None


def run_quietly(peer: Peer, path: Path) -> Found:
    """Return what a rival finds in a file; its warnings are its own affair."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return peer.run(path)


def _traces(path: Path) -> Any:
    from spikeinterface import read_binary  # noqa: PLC0415 - each rival loads what it needs

    traces = read_binary(
        [path], RATE_HZ, "int16", 1, file_offset=_HEADER_BYTES, gain_to_uV=_UV_PER_STEP, offset_to_uV=0.0
    )
    traces.set_dummy_probe_from_locations(np.zeros((1, 2)))
    return traces


def _detect_peaks(path: Path) -> Found:
    from spikeinterface.preprocessing import bandpass_filter  # noqa: PLC0415
    from spikeinterface.sortingcomponents.peak_detection import detect_peaks  # noqa: PLC0415

    peaks = detect_peaks(
        bandpass_filter(_traces(path), *_BAND_HZ),
        method="locally_exclusive",  # many times faster than by_channel
        method_kwargs={"peak_sign": "both", "detect_threshold": 4, "exclude_sweep_ms": 1},
        job_kwargs=dict(_JOBS),
    )
    return Found([], np.sort(peaks["sample_index"]) / RATE_HZ, sorts=False)


def _sorter(name: str, **options: object) -> Callable[[Path], Found]:
    def run(path: Path) -> Found:
        from spikeinterface import set_global_job_kwargs  # noqa: PLC0415
        from spikeinterface.sorters import run_sorter  # noqa: PLC0415

        set_global_job_kwargs(**_JOBS)
        with tempfile.TemporaryDirectory() as folder:
            sorting = run_sorter(name, _traces(path), folder=f"{folder}/sorted", verbose=False, **options)
            frames = [sorting.get_unit_spike_train(unit, segment_index=0) for unit in sorting.unit_ids]
        return Found([np.sort(np.asarray(each)) / RATE_HZ for each in frames])

    return run


def _mne(path: Path) -> Found:
    from mne.io import read_raw_edf  # noqa: PLC0415
    from mne.preprocessing import peak_finder  # noqa: PLC0415

    raw = read_raw_edf(path, preload=True, verbose="error")
    raw.filter(*_BAND_HZ, picks="all", verbose="error")
    raw.notch_filter([50.0, 100.0, 150.0, 200.0, 250.0], picks="all", verbose="error")
    samples_v = raw.get_data()[0]
    noise_v = float(np.median(np.abs(samples_v))) / _GAUSSIAN_MAD
    peaks, _ = peak_finder(samples_v, thresh=8 * noise_v, extrema=-1, verbose="error")
    return Found([], np.sort(peaks) / RATE_HZ, sorts=False)


PEERS: Mapping[str, Peer] = MappingProxyType({
    "SpikeInterface filter + detect_peaks": Peer("spikeinterface", False, 4.0, _detect_peaks),
    "MNE read + filter + notch + peak_finder": Peer("mne", False, 15.0, _mne),
    "SpikeInterface simple": Peer("spikeinterface", True, 2.0, _sorter("simple")),
    "SpikeInterface spykingcircus2": Peer("spikeinterface", True, 8.0, _sorter(
        "spykingcircus2", apply_motion_correction=False, apply_whitening=False,
        general={"ms_before": 2, "ms_after": 4, "radius_um": 100},
        detection={"method": "matched_filtering", "method_kwargs": {"peak_sign": "both", "detect_threshold": 4},
                   "pipeline_kwargs": {}},
    )),
})  # fmt: skip

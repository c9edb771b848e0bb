"""How fast is emgkit? In units of one band-pass filter over the same signal, and beside its rivals.

    python benchmarks/speed.py [--repeats 5] [--peer-repeats 3] [--lengths 1 10 60] [--long] [--without-peers]
    pytest benchmarks/speed.py [--benchmark-timer=time.process_time]

Unit R is the user CPU time of ``scipy.signal.sosfiltfilt`` (4 sections, float64, 20 Hz to 10 kHz) over ten minutes at
48 kHz in pieces of a minute, in the same process: machines and their load differ, ratios hardly do. Memory, growth and
start are measured in fresh processes that are started as a user would. Prints one table and writes it to
``benchmarks/results/speed.csv``. Run it on an idle machine: the rows on two threads and on the start mean nothing
elsewhere. The files stay in the folder for temporary files (about 1 GB; those of six hours are removed).
"""

from __future__ import annotations

import argparse
import inspect
import json
import os
import platform
import resource
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from functools import partial
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
from scoring import Found, score
from speed_files import MINUTES, RATE_HZ, UNITS_HZ, SpeedFile, event_tables, speed_file
from speed_peers import PEERS, Peer, run_quietly

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from numpy.typing import NDArray

    import emgkit
    from emgkit.model.activity import SpontaneousActivity

ONE_THREAD = dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"), "1")
FOLDER = Path(tempfile.gettempdir()) / "emgkit-speed"
OUTPUT = Path(__file__).parent / "results" / "speed.csv"
EVENTS_R, TRAINS_R = {10: 0.45, 60: 0.45}, {10: 1.0, 60: 1.6}
THREADS_GAIN, RSS_MB, START_S, EXPONENT = 1.3, 200.0, 0.6, 1.05
LONG_MINUTES = 360


# What is measured. These three and read() also run in processes of their own, so they load what they need.
def read(path: Path | str) -> emgkit.Recording:
    """Open a file."""
    import emgkit  # noqa: PLC0415

    return emgkit.read_recording(path, muscle="gluteus maximus", side="left")


def find_events(recording: emgkit.Recording) -> object:
    """Find the discharges and stop there."""
    import emgkit  # noqa: PLC0415

    return emgkit.find_discharges(recording)


def find_trains(recording: emgkit.Recording) -> SpontaneousActivity:
    """Find, sort and name."""
    import emgkit  # noqa: PLC0415

    return emgkit.find_spontaneous_activity(recording)


def find_trains_on(recording: emgkit.Recording, threads: int) -> SpontaneousActivity:
    """Find, sort and name on several threads."""
    import emgkit  # noqa: PLC0415

    return emgkit.find_spontaneous_activity(recording, threads=threads)


_CHILD = """
from __future__ import annotations
import json, resource, sys
{functions}
*before, path = sys.argv[1:]
for each in before:
    {call}(read(each))
began = resource.getrusage(resource.RUSAGE_SELF).ru_utime
{call}(read(path))
used = resource.getrusage(resource.RUSAGE_SELF)
try:  # of this program alone: what getrusage tells begins with the one that started it
    peak = next(line.split()[1] for line in open("/proc/self/status") if line.startswith("VmHWM"))
except OSError:
    peak = used.ru_maxrss / (1024 if sys.platform == "darwin" else 1)
print(json.dumps([used.ru_utime - began, float(peak) / 1024]))
"""


@dataclass(frozen=True)
class Row:
    """One figure of the table; ``least`` is true where more is better."""

    figure: str
    value: float
    unit: str
    target: float = np.nan
    least: bool = False
    note: str = ""

    @property
    def met(self) -> str:
        """Whether the target is met; empty without one."""
        if np.isnan(self.target):
            return ""
        if np.isnan(self.value):
            return "not measured"
        return "yes" if (self.value >= self.target if self.least else self.value <= self.target) else "NO"


@dataclass(frozen=True)
class Cost:
    """Seconds of the processor in our own code, and on the clock."""

    user_s: float
    wall_s: float


def main() -> None:
    """Measure, print the table and write it."""
    chosen = _arguments()
    if any(os.environ.get(name) != value for name, value in ONE_THREAD.items()):
        os.execve(sys.executable, [sys.executable, *sys.argv], {**os.environ, **ONE_THREAD})  # noqa: S606 - ourselves
    rows = [Row("load average at the start", os.getloadavg()[0], "", note=_machine())]
    for part in (
        _own_rows(chosen.folder, chosen.minutes, chosen.repeats),
        [] if chosen.without_peers else _peer_rows(chosen.folder, chosen.minutes, chosen.peer_repeats),
        _process_rows(chosen.folder, [*chosen.lengths, *[LONG_MINUTES] * chosen.long], chosen.repeats),
    ):
        for row in part:
            rows.append(row)
            print(f"  {row.figure}: {row.value:.3g} {row.unit}", file=sys.stderr, flush=True)
    table = pd.DataFrame([
        {"figure": row.figure, "value": float(f"{row.value:.4g}"), "unit": row.unit, "target": _target(row),
         "met": row.met, "note": row.note}
        for row in rows
    ])  # fmt: skip
    print(table.to_string(index=False, na_rep="-"))
    chosen.output.parent.mkdir(exist_ok=True)
    table.to_csv(chosen.output, index=False)


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.split("\n", maxsplit=1)[0])
    parser.add_argument("--repeats", type=int, default=5, help="medians of so many")
    parser.add_argument("--peer-repeats", type=int, default=3)
    parser.add_argument("--minutes", type=float, default=MINUTES, help="of signal; the targets are meant for 10")
    parser.add_argument(
        "--lengths", type=float, nargs="+", default=[1, 10, 60], help="for memory and growth, in minutes"
    )
    parser.add_argument("--long", action="store_true", help="also six hours")
    parser.add_argument("--without-peers", action="store_true")
    parser.add_argument("--folder", type=Path, default=FOLDER, help="where the files are made")
    parser.add_argument("--output", type=Path, default=OUTPUT)
    return parser.parse_args()


def _machine() -> str:
    used = ", ".join(f"{name} {version(name)}" for name in ("emgkit", "numpy", "scipy"))
    return f"{os.cpu_count()} processors, Python {platform.python_version()}, {used}"


def _target(row: Row) -> str:
    return "" if np.isnan(row.target) else f"{'>=' if row.least else '<='} {row.target:g}"


def cost(call: Callable[[], object]) -> Cost:
    """Return what a call costs."""
    began, clock = resource.getrusage(resource.RUSAGE_SELF), time.perf_counter()
    call()
    wall_s = time.perf_counter() - clock
    return Cost(resource.getrusage(resource.RUSAGE_SELF).ru_utime - began.ru_utime, wall_s)


def medians(calls: dict[str, Callable[[], object]], repeats: int) -> dict[str, Cost]:
    """Return the median cost of every call; they take turns, so that a busy minute strikes all of them."""
    seen = [{name: cost(call) for name, call in calls.items()} for _ in range(repeats)]
    return {
        name: Cost(float(np.median([turn[name].user_s for turn in seen])),
                   float(np.median([turn[name].wall_s for turn in seen])))
        for name in calls
    }  # fmt: skip


def band_pass(pieces: Sequence[NDArray[np.float64]]) -> Callable[[], object]:
    """Return the call whose user CPU time is unit R."""
    from scipy.signal import butter, sosfiltfilt  # noqa: PLC0415 - not in the processes that are measured

    sections = butter(4, (20.0, 10000.0), "bandpass", fs=RATE_HZ, output="sos")
    return lambda: [sosfiltfilt(sections, piece).sum() for piece in pieces]


def from_file(find: Callable[[emgkit.Recording], object], file: SpeedFile) -> Callable[[], object]:
    """Return the call that opens a file and finds what is in it."""
    return lambda: find(read(file.path))


def minutes_of(file: SpeedFile) -> list[NDArray[np.float64]]:
    """Return the samples of a file in pieces of a minute."""
    samples = read(file.path).samples_uv
    return [samples[start : start + 60 * RATE_HZ].astype(float) for start in range(0, len(samples), 60 * RATE_HZ)]


def read_in_slices(file: SpeedFile) -> Callable[[], object]:
    """Return a call that reads all samples of a file as microvolt, a part at a time."""
    samples = read(file.path).samples_uv
    return lambda: [len(samples[start : start + 2**20]) for start in range(0, len(samples), 2**20)]


def _own_rows(folder: Path, minutes: float, repeats: int) -> Iterator[Row]:
    files = {hz: speed_file(folder, hz, minutes=minutes) for hz in UNITS_HZ}
    find_trains(read(speed_file(folder, 60, minutes=1).path))  # what is loaded with the first call is no cost of a file
    calls: dict[str, Callable[[], object]] = {
        "R": band_pass(minutes_of(files[10])),
        "reading": read_in_slices(files[10]),
    }
    for hz, file in files.items():
        calls[f"events {hz}"] = from_file(find_events, file)
        calls[f"trains {hz}"] = from_file(find_trains, file)
        calls[f"threads {hz}"] = from_file(partial(find_trains_on, threads=2), file)
    costs = medians(calls, repeats)
    n_samples, unit = files[10].n_samples, costs["R"].user_s
    yield Row("unit R", unit / n_samples * 1e9, "ns/sample")
    yield Row("reading as float32", costs["reading"].user_s / n_samples * 1e9, "ns/sample")
    for what, targets in (("events", EVENTS_R), ("trains", TRAINS_R)):
        for hz, target in targets.items():
            spent = costs[f"{what} {hz}"]
            note = f"{spent.user_s / n_samples * 1e9:.1f} ns/sample, {minutes * 60 / spent.wall_s:.0f} x real time"
            yield Row(f"file -> {what}, {hz}/s", spent.user_s / unit, "R", target, note=note)
    for hz in files:
        gain = costs[f"trains {hz}"].wall_s / costs[f"threads {hz}"].wall_s
        note = f"load average {os.getloadavg()[0]:.1f}"
        yield Row(f"two threads, {hz}/s", gain, "x faster, wall", THREADS_GAIN, least=True, note=note)


def _peer_rows(folder: Path, minutes: float, repeats: int) -> Iterator[Row]:
    short = speed_file(folder, 60, minutes=1)
    for hz in UNITS_HZ:
        file = speed_file(folder, hz, minutes=minutes)
        yield _accuracy_row("emgkit", hz, _found(find_trains(read(file.path))), file)
        for name, peer in PEERS.items():
            what = f"against {name}, {hz}/s"
            if not peer.installed:
                yield Row(what, np.nan, "x faster, user", peer.times_faster, least=True, note=f"{peer.needs} is absent")
                continue
            run_quietly(peer, short.path)  # compiles and loads
            costs, found = _beside(peer, file, repeats)
            gain, wall = (getattr(costs["peer"], kind) / getattr(costs["own"], kind) for kind in ("user_s", "wall_s"))
            note = f"{wall:.1f} x on the clock; {costs['peer'].user_s / file.n_samples * 1e9:.0f} ns/sample"
            yield Row(what, gain, "x faster, user", peer.times_faster, least=True, note=note)
            if peer.sorts:
                yield _accuracy_row(name, hz, found, file)


def _beside(peer: Peer, file: SpeedFile, repeats: int) -> tuple[dict[str, Cost], Found]:
    ours = find_trains if peer.sorts else find_events
    found: list[Found] = []
    calls: dict[str, Callable[[], object]] = {
        "own": from_file(ours, file),
        "peer": lambda: found.append(run_quietly(peer, file.path)),
    }
    return medians(calls, repeats), found[0]


def _found(activity: SpontaneousActivity) -> Found:
    time_s, train = activity.events["time_s"].to_numpy(), activity.events["train"].to_numpy()
    trains = [np.sort(time_s[train == each]) for each in activity.trains["train"]]
    return Found(trains, np.sort(time_s[train < 0]))


def _accuracy_row(name: str, hz: int, found: Found, file: SpeedFile) -> Row:
    units = score(*event_tables(file), found).units["accuracy"]
    note = f"{(units >= 0.8).sum()} of {len(units)} units at 0.8 or more, {len(found.trains_s)} found"
    return Row(f"sorting accuracy of {name}, {hz}/s", float(units.mean()), "mean of the units", note=note)


def _process_rows(folder: Path, lengths: Sequence[float], repeats: int) -> Iterator[Row]:
    first = speed_file(folder, 60, minutes=1)
    starts = [_fresh(find_events, first)[2] for _ in range(repeats)]
    yield Row("process start -> events, 1 min", float(np.median(starts)), "s, wall", START_S)
    seen = {minutes: _length_cost(folder, minutes) for minutes in sorted(lengths)}
    for minutes, (user_s, peak_mb) in seen.items():
        note = f"{user_s / (minutes * 60 * RATE_HZ) * 1e9:.1f} ns/sample"
        yield Row(f"peak memory of the process, {minutes:g} min, 60/s", peak_mb, "MB", RSS_MB, note=note)
    if len(seen) > 1:
        (short, (short_s, _)), *_, (longest, (long_s, _)) = seen.items()
        exponent = np.log(long_s / short_s) / np.log(longest / short)
        note = "1 is linear; user CPU time grows as length to this power"
        yield Row(f"growth from {short:g} to {longest:g} min", float(exponent), "power", EXPONENT, note=note)


def _length_cost(folder: Path, minutes: float) -> tuple[float, float]:
    file = speed_file(folder, 60, minutes=minutes)
    before = speed_file(folder, 60, minutes=1)  # what is loaded with the first call is no cost of a length
    user_s, peak_mb, _ = _fresh(find_trains, before, file)
    if minutes >= LONG_MINUTES:
        file.path.unlink()
    return user_s, peak_mb


def _fresh(call: Callable[..., object], *files: SpeedFile) -> tuple[float, float, float]:
    """Return user CPU seconds of the last call of a fresh process, its peak memory in MB, seconds from start to end."""
    functions = "\n".join(inspect.getsource(each) for each in (read, call))
    script = _CHILD.format(functions=functions, call=call.__name__)
    plain = {name: value for name, value in os.environ.items() if name not in ONE_THREAD}
    start = time.perf_counter()
    done = subprocess.run(  # noqa: S603 - our own interpreter and code
        [sys.executable, "-c", script, *[str(file.path) for file in files]],
        check=True,
        stdout=subprocess.PIPE,
        text=True,
        env=plain,
    )
    user_s, peak_mb = json.loads(done.stdout)
    return user_s, peak_mb, time.perf_counter() - start


def test_unit_r(benchmark: Any) -> None:
    """Unit R."""
    benchmark.pedantic(band_pass(minutes_of(speed_file(FOLDER, 10))), rounds=5)


def test_reading(benchmark: Any) -> None:
    """Every sample as float32 microvolt, a part at a time."""
    benchmark.pedantic(read_in_slices(speed_file(FOLDER, 10)), rounds=5, warmup_rounds=1)


def test_file_to_events_at_10_per_s(benchmark: Any) -> None:
    """Target: 0.45 R."""
    benchmark.pedantic(from_file(find_events, speed_file(FOLDER, 10)), rounds=5, warmup_rounds=1)


def test_file_to_events_at_60_per_s(benchmark: Any) -> None:
    """Target: 0.45 R."""
    benchmark.pedantic(from_file(find_events, speed_file(FOLDER, 60)), rounds=5, warmup_rounds=1)


def test_file_to_trains_at_10_per_s(benchmark: Any) -> None:
    """Target: 1.0 R."""
    benchmark.pedantic(from_file(find_trains, speed_file(FOLDER, 10)), rounds=5, warmup_rounds=1)


def test_file_to_trains_at_60_per_s(benchmark: Any) -> None:
    """Target: 1.6 R."""
    benchmark.pedantic(from_file(find_trains, speed_file(FOLDER, 60)), rounds=5, warmup_rounds=1)


if __name__ == "__main__":
    main()

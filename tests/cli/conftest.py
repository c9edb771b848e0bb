"""What the tests of the command line share: recordings on disk, and one analysed study."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest

import emgkit
from tests.cli.command import RATE_HZ, call

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from tests.cli.command import Done


@pytest.fixture
def text_recording(tmp_path: Path) -> Callable[..., Path]:
    def write(samples: object, rate_hz: float = RATE_HZ, columns: str = "EMG (uV)") -> Path:
        path = tmp_path / "needle 1.csv"
        rows = [",".join(map(str, np.atleast_1d(row).tolist())) for row in np.asarray(samples)]
        path.write_text("\n".join([f"# rate_hz={rate_hz}", columns, *rows]) + "\n", encoding="utf-8")
        return path

    return write


@pytest.fixture(scope="session")
def quiet_uv() -> np.ndarray:
    return np.random.default_rng(5).normal(0.0, 3.0, 3 * RATE_HZ).round(3)


@pytest.fixture(scope="session")
def simulated(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Done]:
    """A simulated study of the whole protocol, made by the command."""
    folder = tmp_path_factory.mktemp("simulated") / "my study"
    options = ("--site", "inferior_gluteal", "--duration", 5, "--rate", RATE_HZ, "--seed", 1)
    return folder, call("simulate", *options, folder)


@pytest.fixture(scope="session")
def small_study(simulated: tuple[Path, Done]) -> Path:
    """The same study with three of its recordings, as its reader would shorten the list."""
    folder, _ = simulated
    table = folder / "recordings.csv"
    lines = table.read_text(encoding="utf-8").splitlines(keepends=True)
    table.write_text("".join(lines[each] for each in (0, 1, 11, 14)), encoding="utf-8")
    return folder


@pytest.fixture(scope="session")
def analysed(small_study: Path, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Done]:
    """The results of the small study, written by the command."""
    folder = tmp_path_factory.mktemp("analysed") / "made by it" / "results"
    return folder, call("analyze", small_study, "-o", folder)


@pytest.fixture(scope="session")
def needle_recording(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A muscle that fibrillates, as a file of its own."""
    unit = emgkit.SimulatedUnit("fibrillation", rate_hz=8.0)
    recording, _ = emgkit.simulate_recording([unit], duration_s=6.0, rate_hz=24000.0, rng=4)
    path = tmp_path_factory.mktemp("needle") / "fibrillating.wav"
    emgkit.write_recording(path, recording)
    return path

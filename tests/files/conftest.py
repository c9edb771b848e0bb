"""What the tests of files share: recordings with known samples, and the folder of real recordings."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pytest

from emgkit.model.recording import Recording

if TYPE_CHECKING:
    from collections.abc import Callable

SHARED = Path(__file__).resolve().parents[2].parent / "shared" / "data"


@pytest.fixture
def shared_data() -> Path:
    if not SHARED.is_dir():
        pytest.skip(f"the real recordings are not at {SHARED}")
    return SHARED


@pytest.fixture
def recording_of() -> Callable[..., Recording]:
    def make(samples: object, rate_hz: float = 48000.0, **facts: object) -> Recording:
        return Recording(np.asarray(samples), rate_hz, **{"muscle": "gluteus_maximus", "side": "left", **facts})

    return make


@pytest.fixture
def gridded_uv() -> np.ndarray:
    """12,000 samples on a grid of 0.1 uV that use most of 16 bits."""
    codes = np.random.default_rng(3).integers(-32768, 32768, 12000)
    codes[:2] = -32768, 32767
    return np.round(codes / 10, 1)

"""A threshold that nothing reads is a number that nobody can trust."""

from dataclasses import fields
from pathlib import Path

import pytest

import emgkit.findings.spontaneous
from emgkit.findings.spontaneous.schemes import Scheme
from emgkit.knowledge.grading import SCHEMES
from emgkit.knowledge.tables import criteria_values
from emgkit.signals.artifacts import MovementLimits
from emgkit.signals.clocks import ClockLimits
from emgkit.signals.sort import Band

ROOM = Path(emgkit.findings.spontaneous.__file__).parent
PREFIXED = {
    *(f"{prefix}_{field.name}" for prefix in ("fast", "slow") for field in fields(Band)),
    *(f"clock_{field.name}" for field in fields(ClockLimits)),
    *(f"movement_{field.name}" for field in fields(MovementLimits)),
    *(f"{scheme}_{field.name}" for scheme in SCHEMES for field in fields(Scheme)),
}


@pytest.mark.parametrize("table", ["detection_criteria", "naming_criteria", "grading_criteria", "amplitude_criteria"])
def test_every_threshold_is_read_somewhere(table):
    code = "\n".join(path.read_text(encoding="utf-8") for path in ROOM.glob("*.py"))
    unread = [key for key in criteria_values(table) if f'"{key}"' not in code and key not in PREFIXED]
    assert unread == []

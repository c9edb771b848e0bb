"""Units and steps: from the numbers of a file to microvolt, in exact arithmetic, so that a round trip loses nothing.

The step of a file is kept as a fraction. A sample is ``(code * a + b) / c`` with whole a, b and c, which rounds once:
code 3 at a step of 0.1 is the number 0.3 and not 0.30000000000000004.
"""

from __future__ import annotations

import math
import re
from fractions import Fraction
from functools import lru_cache
from typing import TYPE_CHECKING

import numpy as np

from emgkit.errors import UnitError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

_PREFIXES = {
    "": Fraction(10**6),
    "m": Fraction(10**3),
    "milli": Fraction(10**3),
    "u": Fraction(1),
    "mu": Fraction(1),
    "micro": Fraction(1),
    "n": Fraction(1, 10**3),
    "nano": Fraction(1, 10**3),
}
_UNIT = re.compile(r"(?P<prefix>mu|micro|milli|nano|[mun]?)\s*v(olts?)?", re.IGNORECASE)
_BLOCK = 2**16  # most steps fail in the first block, and the rest stays in the cache
_EXACT = 2**53  # whole numbers up to here are floats without rounding
_EXACT_32 = 2**24  # the same for float32


def exact_fraction(value: float | str) -> Fraction:
    """Return the decimal number that is meant, so that 0.1 is one tenth.

    Examples
    --------
    >>> from emgkit.files.scale import exact_fraction
    >>> exact_fraction(0.1), exact_fraction("13.1070")
    (Fraction(1, 10), Fraction(13107, 1000))
    """
    return Fraction(value.strip() if isinstance(value, str) else repr(float(value)))


def microvolts_in(unit: str) -> Fraction | None:
    """Return how many microvolts a unit of potential is; None when the unit is blank or of another kind.

    Examples
    --------
    >>> from emgkit.files.scale import microvolts_in
    >>> microvolts_in("mV"), microvolts_in("uV"), microvolts_in("nV"), microvolts_in("degC")
    (Fraction(1000, 1), Fraction(1, 1), Fraction(1, 1000), None)
    """
    spelled = unit.replace("Â", "").replace("\N{GREEK SMALL LETTER MU}", "u").replace("\N{MICRO SIGN}", "u")
    match = _UNIT.fullmatch(spelled.strip())
    return _PREFIXES[match["prefix"].lower()] if match else None


def required_microvolts(unit: str, uv_per_unit: float | None, *, place: str) -> Fraction:
    """Return microvolts per unit: as the user says, else as the file says, else refuse.

    Parameters
    ----------
    unit : str
        As the file spells it; empty when it is silent.
    uv_per_unit : float or None
        What the user says; it goes before the file.
    place : str
        File and channel, for the error message.

    Raises
    ------
    UnitError
        When nobody says it, or ``uv_per_unit`` is not a number greater than zero.

    Examples
    --------
    >>> from emgkit.files.scale import required_microvolts
    >>> int(required_microvolts("mV", None, place="a.edf")), int(required_microvolts("", 10.0, place="a.edf"))
    (1000, 10)
    """
    if uv_per_unit is not None:
        if not (math.isfinite(uv_per_unit) and uv_per_unit > 0):
            msg = (
                f"uv_per_unit is {uv_per_unit!r}; it must be a number of microvolts greater than zero; use invert=True "
                "(--invert) for the other polarity."
            )
            raise UnitError(msg)
        return exact_fraction(uv_per_unit)
    known = microvolts_in(unit)
    if known is None:
        said = (
            f"gives the unit {unit.strip()!r}, which is not one of potential"
            if unit.strip()
            else "does not give a unit"
        )
        msg = (
            f"{place} {said}; pass uv_per_unit= (--uv-per-unit), the microvolts in one unit of its numbers (1 for uV, "
            "1000 for mV, 1e6 for V)."
        )
        raise UnitError(msg)
    return known


def scaled(
    codes: NDArray[np.integer] | NDArray[np.floating],
    step: Fraction,
    *,
    offset: Fraction = Fraction(0),
    largest: float | None = None,
) -> NDArray[np.float64]:
    """Return ``codes * step + offset`` rounded once.

    Parameters
    ----------
    codes : array of shape (n_samples,)
    step, offset : Fraction
        Microvolt.
    largest : float, optional
        No code of the file is larger in size. Given where codes come in parts, so that all parts are rounded alike;
        otherwise looked up in the codes.

    Returns
    -------
    array of shape (n_samples,)
        Microvolt.

    Examples
    --------
    >>> import numpy as np
    >>> from fractions import Fraction
    >>> from emgkit.files.scale import scaled
    >>> scaled(np.array([3, -7]), Fraction(1, 10))
    array([ 0.3, -0.7])
    """
    values = np.asarray(codes, dtype=np.float64)
    if step == 1 and offset == 0:
        return values
    below = math.lcm(step.denominator, offset.denominator)
    by, plus = int(step * below), int(offset * below)
    if largest is None:
        largest = float(np.abs(values).max(initial=0.0))
    if codes.dtype.kind == "f" or largest * abs(by) + abs(plus) >= _EXACT or below >= _EXACT:
        return values * float(step) + float(offset)
    return (values * by + plus) / below


def scale_into(
    out: NDArray[np.float32],
    codes: NDArray[np.integer] | NDArray[np.floating],
    *,
    step: Fraction,
    offset: Fraction,
    largest: float,
) -> None:
    """Write ``codes * step + offset`` into ``out``, in float32 throughout, which is fast.

    On a round grid, such as steps of 0.1 uV, this is the float32 next to the decimal number; otherwise it may be off by
    two units in its last place.

    Parameters
    ----------
    out : array of shape (n_samples,)
    codes : array of shape (n_samples,)
        Whole numbers of at most 24 bits, or float32.
    step, offset : Fraction
        Microvolt.
    largest : float
        No code of the file is larger in size; infinite for float32.

    Examples
    --------
    >>> import numpy as np
    >>> from fractions import Fraction
    >>> from emgkit.files.scale import scale_into
    >>> out = np.empty(2, np.float32)
    >>> scale_into(out, np.array([3, -7], np.int16), step=Fraction(1, 10), offset=Fraction(0), largest=2**15)
    >>> out
    array([ 0.3, -0.7], dtype=float32)
    """
    by, plus, below = _factors(step, offset, largest)
    if by == 1 and not plus:  # each number is touched once: converted and divided
        np.divide(codes, below, out=out, dtype=np.float32, casting="same_kind")
        return
    np.multiply(codes, by, out=out, dtype=np.float32, casting="same_kind")
    if plus:
        out += plus
    if below != 1:
        out /= below


@lru_cache(maxsize=64)
def _factors(step: Fraction, offset: Fraction, largest: float) -> tuple[np.float32, np.float32, np.float32]:
    # What codes are multiplied with, what is added, and what that is divided by.
    below = math.lcm(step.denominator, offset.denominator)
    by, plus = step * below, offset * below
    if largest * float(abs(by)) + float(abs(plus)) > _EXACT_32 or below > _EXACT_32:
        by, plus, below = step, offset, 1
    return np.float32(by), np.float32(plus), np.float32(below)


def codes_on_grid(samples_uv: NDArray[np.floating], step: Fraction) -> NDArray[np.int32] | None:
    """Return whole multiples of the step that stand for the samples, or None when there are none.

    A rounding of the samples' last digits is let pass, such as that of ``codes * 0.1``.

    Parameters
    ----------
    samples_uv : array of shape (n_samples,)
    step : Fraction
        Microvolt.

    Examples
    --------
    >>> import numpy as np
    >>> from fractions import Fraction
    >>> from emgkit.files.scale import codes_on_grid
    >>> codes_on_grid(np.array([0.3, -0.7]), Fraction(1, 10))
    array([ 3, -7], dtype=int32)
    >>> codes_on_grid(np.array([0.3, -0.75]), Fraction(1, 10)) is None
    True
    """
    codes = np.empty(len(samples_uv), np.int32)
    for start in range(0, len(samples_uv), _BLOCK):
        block = samples_uv[start : start + _BLOCK]
        values = block.astype(np.float64)
        multiples = np.rint(values / float(step))
        if np.abs(multiples).max() >= 2**31:
            return None
        codes[start : start + _BLOCK] = multiples
        slack = 4.0 * np.spacing(np.abs(block)).astype(np.float64)
        if not np.all(np.abs(scaled(codes[start : start + _BLOCK], step) - values) <= slack):
            return None
    return codes


def steps_to_try(samples_uv: NDArray[np.floating]) -> Iterator[Fraction]:
    """Yield steps in microvolt on which the samples may lie: round ones, coarse first, then the one seen in the data.

    The last serves converters with a crooked step, such as 5000 uV over 65535 codes.

    Examples
    --------
    >>> import numpy as np
    >>> from emgkit.files.scale import steps_to_try
    >>> steps = list(steps_to_try(np.array([0.0, 0.3, 0.9])))
    >>> str(steps[1]), str(steps[-1])
    ('1/2', '3/10')
    """
    yield from (Fraction(1, part) for part in (1, 2, 5, 10, 20, 50, 100, 1000))
    levels = np.unique(np.asarray(samples_uv, dtype=np.float64))
    if len(levels) > 1:
        span = levels[-1] - levels[0]
        seen = Fraction(span / round(span / np.diff(levels).min())).limit_denominator(10**6)
        yield from [seen] * (seen > 0)

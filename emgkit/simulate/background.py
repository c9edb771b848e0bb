"""What a recording holds without any unit nearby: amplifier, mains, far motor units, endplate noise, converter."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from emgkit.knowledge.tables import criteria_values
from emgkit.simulate.potential import Potential
from emgkit.simulate.quantities import draw, draw_many, read_quantities
from emgkit.simulate.render import add_discharges
from emgkit.simulate.shapes import draw_potential

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from emgkit.simulate.electrode import Electrode

_ODD_HARMONICS = (1, 3, 5, 7, 9)


def amplifier_noise_uv(n: int, *, rate_hz: float, rms_uv: float, rng: np.random.Generator) -> NDArray[np.float64]:
    """Return white noise that rises as 1/f below a corner frequency.

    Parameters
    ----------
    n : int
        Number of samples.
    rate_hz : float
    rms_uv : float
        Root mean square between 10 Hz and 10 kHz; a lower sampling rate sees its part of it.
    rng : numpy.random.Generator

    Returns
    -------
    array of shape (n,)

    Examples
    --------
    >>> import numpy as np
    >>> from emgkit.simulate.background import amplifier_noise_uv
    >>> noise = amplifier_noise_uv(48000, rate_hz=48000.0, rms_uv=2.0, rng=np.random.default_rng(1))
    >>> bool(1.9 < noise.std() < 2.1)
    True
    """
    corner_hz = draw(read_quantities("simulated_shapes")["background"]["corner_hz"], rng)
    white = rng.standard_normal(n)
    if rms_uv == 0:
        return np.zeros(n)
    size = 1 << max(n - 1, 1).bit_length()
    frequency = np.fft.rfftfreq(size, 1 / rate_hz)
    band = criteria_values("physics")
    low, high = band["noise_low_hz"], band["noise_high_hz"]
    power = np.where(frequency >= low, 1 + corner_hz / np.maximum(frequency, low), 0.0) / (1 + (frequency / high) ** 8)
    # Density of the same noise sampled so fast that the whole band is seen.
    total = (high - low) + corner_hz * np.log(high / low)
    gain = rms_uv * np.sqrt(power * rate_hz / 2 / total)
    return np.asarray(np.fft.irfft(np.fft.rfft(white, size) * gain, size)[:n])


def mains_hum_uv(
    n: int, *, rate_hz: float, rms_uv: float, mains_hz: float, rng: np.random.Generator
) -> NDArray[np.float64]:
    """Return mains interference with odd harmonics, shape (n,).

    Parameters
    ----------
    n : int
    rate_hz : float
    rms_uv : float
        Root mean square of all harmonics together.
    mains_hz : float
        Nominal frequency; the true one differs a little.
    rng : numpy.random.Generator

    Examples
    --------
    >>> import numpy as np
    >>> from emgkit.simulate.background import mains_hum_uv
    >>> hum = mains_hum_uv(48000, rate_hz=48000.0, rms_uv=10.0, mains_hz=50.0, rng=np.random.default_rng(1))
    >>> round(float(hum.std()))
    10
    """
    rows = read_quantities("simulated_shapes")["background"]
    true_hz = mains_hz + draw(rows["mains_error_hz"], rng)
    decay = draw(rows["harmonic_decay"], rng)
    phases = rng.uniform(0, 2 * np.pi, len(_ODD_HARMONICS))
    if rms_uv == 0:
        return np.zeros(n)
    time_s = np.arange(n) / rate_hz
    sizes = decay ** np.arange(len(_ODD_HARMONICS))
    sizes *= rms_uv * np.sqrt(2 / (sizes**2).sum())
    wave = np.zeros(n)
    for harmonic, size, phase in zip(_ODD_HARMONICS, sizes, phases, strict=True):
        if harmonic * true_hz < rate_hz / 2:
            wave += size * np.sin(2 * np.pi * harmonic * true_hz * time_s + phase)
    return wave


def far_units_uv(
    n: int, *, rate_hz: float, rms_uv: float, electrode: Electrode, rng: np.random.Generator
) -> NDArray[np.float64]:
    """Return the hum of motor units millimetres away, shape (n,).

    Parameters
    ----------
    n : int
    rate_hz : float
    rms_uv : float
        Root mean square of the result.
    electrode : Electrode
    rng : numpy.random.Generator

    Examples
    --------
    >>> import numpy as np
    >>> from emgkit.simulate.background import far_units_uv
    >>> from emgkit.simulate.electrode import make_electrode
    >>> needle = make_electrode("concentric")
    >>> hum = far_units_uv(9600, rate_hz=9600.0, rms_uv=3.0, electrode=needle, rng=np.random.default_rng(1))
    >>> round(float(hum.std()), 3)
    3.0
    """
    wave = np.zeros(n)
    if rms_uv == 0:
        return wave
    rows = read_quantities("simulated_shapes")["background"]
    n_units = round(draw(rows["hum_units"], rng))
    each_hz = draw(rows["hum_rate_hz"], rng) / n_units
    for _ in range(n_units):
        unit = draw_potential("far_motor_unit", electrode=electrode, rate_hz=each_hz, rng=rng)
        unit = Potential(unit.total_uv[None])  # so far away that jitter between its fibres is lost
        times_s = rng.uniform(0, n / rate_hz, max(1, rng.poisson(each_hz * n / rate_hz)))
        add_discharges(wave, unit, times_s=times_s, gains=np.ones(len(times_s)), rate_hz=rate_hz, rng=rng)
    return np.asarray(wave * (rms_uv / wave.std()))


def endplate_noise_uv(
    n: int,
    *,
    rate_hz: float,
    rng: np.random.Generator,
    potentials_hz: float | None = None,
    size_uv: float | None = None,
) -> NDArray[np.float64]:
    """Return endplate noise: miniature endplate potentials at random, shape (n,).

    Parameters
    ----------
    n : int
    rate_hz : float
    rng : numpy.random.Generator
    potentials_hz : float, optional
        Potentials a second; drawn from the table otherwise.
    size_uv : float, optional
        Size of every potential; drawn for each from the table otherwise.

    Notes
    -----
    Poisson impulses through the kernel ``exp(-t/1.2 ms) - exp(-t/0.3 ms)`` of unit peak, negative. By Campbell's
    theorem the variance is the rate times the energy of one potential.

    Examples
    --------
    >>> import numpy as np
    >>> from emgkit.simulate.background import endplate_noise_uv
    >>> noise = endplate_noise_uv(48000, rate_hz=48000.0, rng=np.random.default_rng(1))
    >>> bool(noise.mean() < 0)
    True
    """
    from scipy.signal import lfilter  # noqa: PLC0415 - scipy.signal is loaded when first used

    rows = read_quantities("simulated_shapes")["endplate_noise"]
    drawn_hz = draw(rows["rate_hz"], rng)
    n_potentials = int(rng.poisson((drawn_hz if potentials_hz is None else potentials_hz) * n / rate_hz))
    sizes = draw_many(rows["size_uv"], n_potentials, rng=rng) if size_uv is None else np.full(n_potentials, size_uv)
    impulses = np.bincount(rng.integers(0, n, n_potentials), weights=sizes, minlength=n)
    table = criteria_values("physics")
    slow_ms, fast_ms = table["endplate_noise_decay_ms"], table["endplate_noise_rise_ms"]
    peak_ms = np.log(slow_ms / fast_ms) / (1 / fast_ms - 1 / slow_ms)
    peak = np.exp(-peak_ms / slow_ms) - np.exp(-peak_ms / fast_ms)
    poles = [np.exp(-1e3 / rate_hz / tau_ms) for tau_ms in (slow_ms, fast_ms)]
    slow, fast = (lfilter([1.0], [1.0, -pole], impulses) for pole in poles)
    return np.asarray((fast - slow) / peak)


def machine_highpass_uv(samples_uv: NDArray[np.float64], *, rate_hz: float, highpass_hz: float) -> NDArray[np.float64]:
    """Return the samples after the first-order, causal high-pass of an EMG machine; 0 Hz is none.

    Parameters
    ----------
    samples_uv : array of shape (n_samples,)
    rate_hz, highpass_hz : float

    Examples
    --------
    >>> import numpy as np
    >>> from emgkit.simulate.background import machine_highpass_uv
    >>> machine_highpass_uv(np.full(48000, 5.0), rate_hz=48000.0, highpass_hz=10.0)[-1].round(6)
    np.float64(0.0)
    """
    from scipy.signal import lfilter  # noqa: PLC0415 - scipy.signal is loaded when first used

    if highpass_hz == 0:
        return samples_uv
    warped = np.tan(np.pi * highpass_hz / rate_hz)
    gain, pole = 1 / (1 + warped), (1 - warped) / (1 + warped)
    return np.asarray(lfilter([gain, -gain], [1.0, -pole], samples_uv))


def quantized_uv(samples_uv: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the samples as a converter of 16 bit and 0.1 uV stores them, clipped at its ends.

    Examples
    --------
    >>> import numpy as np
    >>> from emgkit.simulate.background import quantized_uv
    >>> quantized_uv(np.array([0.26, 5000.0, -5000.0]))
    array([ 3.0000e-01,  3.2767e+03, -3.2768e+03])
    """
    table = criteria_values("physics")
    per_uv = round(1 / table["adc_step_uv"])
    half = 2 ** (int(table["adc_bits"]) - 1)
    return np.asarray(np.clip(np.rint(samples_uv * per_uv), -half, half - 1) / per_uv)

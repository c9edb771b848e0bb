"""Where a template fits best in a short signal, and how large it is there."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from emgkit.signals.counting import windows_of

if TYPE_CHECKING:
    from numpy.typing import NDArray


def best_scale(signal: NDArray[np.floating], template: NDArray[np.floating]) -> tuple[int, float, float]:
    """Return where in a short signal a template fits best: position of its middle, size, correlation.

    Parameters
    ----------
    signal : ndarray of shape (n_samples,)
        At least as long as the template.
    template : ndarray of shape (size,)

    Examples
    --------
    >>> import numpy as np
    >>> from emgkit.signals.fitting import best_scale
    >>> best_scale(np.pad(2 * np.hanning(9), 5), np.hanning(9))
    (9, 2.0, 1.0)
    """
    place, scale, alike = best_scales(signal[None], template, sizes=np.array([len(signal)]))
    return int(place[0]), float(scale[0]), round(float(alike[0]), 12)


def best_scales(
    windows: NDArray[np.floating], template: NDArray[np.floating], *, sizes: NDArray[np.int64]
) -> tuple[NDArray[np.int64], NDArray[np.float64], NDArray[np.float64]]:
    """Return what ``best_scale`` does of every window, of which only the first ``sizes`` samples count.

    Examples
    --------
    >>> import numpy as np
    >>> from emgkit.signals.fitting import best_scales
    >>> windows = np.array([np.pad(2 * np.hanning(9), (5, 9)), np.pad(np.hanning(9), (9, 5))])
    >>> [values.round(9).tolist() for values in best_scales(windows, np.hanning(9), sizes=np.array([19, 23]))]
    [[9, 13], [2.0, 1.0], [1.0, 1.0]]
    """
    size, length = len(template), windows.shape[1]
    lags = np.arange(length - size + 1)
    padded = np.zeros(2 * length - size, windows.dtype)
    padded[length - size : length] = template
    lagged = windows_of(padded, length)[::-1]  # the template at every lag
    answer = np.where(lags <= (sizes - size)[:, None], windows @ lagged.T, -np.inf)
    place, row = answer.argmax(axis=1), np.arange(len(windows))
    there, best = windows_of(windows, size)[row, place], answer[row, place]
    energy, present = float(np.square(template).sum()), np.square(there).sum(axis=1, dtype=float)
    return place + size // 2, best / energy, best / np.sqrt(np.maximum(energy * present, 1e-12))

"""How memory is asked for: work on a long recording takes and frees the same arrays again and again."""

from __future__ import annotations

import ctypes

import numpy as np

LARGEST = 2**25 - 2**13  # bytes; just under the most that the allocator of GNU systems adapts to


def keep_freed_memory() -> None:
    """Let the allocator keep freed arrays for the next ones instead of giving them back to the system every time.

    An array of this size is taken and freed, never written: from then on smaller ones come from memory that is already
    there. New memory from the system costs more than what is done with it. Elsewhere than on GNU systems nothing
    happens.

    Examples
    --------
    >>> from emgkit.signals.memory import keep_freed_memory
    >>> keep_freed_memory()
    """
    np.empty(LARGEST, np.uint8)


def give_back_memory() -> None:
    """Give freed memory back to the system, before large arrays that find no room in what is free between small ones.

    Elsewhere than on GNU systems nothing happens.

    Examples
    --------
    >>> from emgkit.signals.memory import give_back_memory
    >>> give_back_memory()
    """
    trim = getattr(ctypes.pythonapi, "malloc_trim", None)
    if trim is not None:
        trim(ctypes.c_size_t(0))

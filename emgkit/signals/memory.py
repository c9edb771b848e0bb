"""How memory is asked for: work on a long recording takes and frees the same arrays again and again."""

from __future__ import annotations

import ctypes

KEPT = 2**25  # bytes of an array that is kept when it is freed; the most that allows on GNU systems
GIVEN_BACK = 2**20  # and of one that is given back
_TRIM_THRESHOLD, _MMAP_THRESHOLD = -1, -3  # what mallopt calls them


def keep_freed_memory() -> None:
    """Let the allocator keep freed arrays for the next ones instead of giving them back to the system every time.

    New memory from the system costs more than what is done with it. Elsewhere than on GNU systems nothing happens.

    Examples
    --------
    >>> from emgkit.signals.memory import keep_freed_memory
    >>> keep_freed_memory()
    """
    _set(_MMAP_THRESHOLD, KEPT)
    _set(_TRIM_THRESHOLD, 2 * KEPT)


def give_back_memory() -> None:
    """Give freed memory back to the system, and from now on large arrays as soon as they are freed.

    Large arrays that are kept find no room in what is free between small ones. Elsewhere than on GNU systems nothing
    happens.

    Examples
    --------
    >>> from emgkit.signals.memory import give_back_memory
    >>> give_back_memory()
    """
    _set(_MMAP_THRESHOLD, GIVEN_BACK)
    trim = getattr(ctypes.pythonapi, "malloc_trim", None)
    if trim is not None:
        trim(ctypes.c_size_t(0))


def _set(option: int, value: int) -> None:
    set_option = getattr(ctypes.pythonapi, "mallopt", None)
    if set_option is not None:
        set_option(option, value)

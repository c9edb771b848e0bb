"""Work done aside by a copy of this process while this one goes on.

Threads gain nothing here: the calls of numpy are so short that most of the time one thread waits for the interpreter
that the other one holds. A copy of the process shares what was read already and costs a few milliseconds. Only Linux
copies processes safely; elsewhere the work is done one after the other, with the same result.
"""

from __future__ import annotations

import os
import pickle
import signal
import sys
import warnings
from contextlib import ExitStack, suppress
from functools import partial
from typing import TYPE_CHECKING, Generic, Self, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from typing import BinaryIO, TypeAlias

    Work: TypeAlias = "Callable[[Callable[[], Told], Callable[[Given], None]], Result]"

if sys.platform == "linux":
    import fcntl

COPIES = sys.platform == "linux"
PIPE_BYTES = 2**20

Item = TypeVar("Item")
Result = TypeVar("Result")
Told = TypeVar("Told")
Given = TypeVar("Given")


class Aside(Generic[Told, Given, Result]):
    """One piece of work done aside, to be used as a context.

    Parameters
    ----------
    work : function of two functions
        It may begin at once; the first function waits for what is told, the second one gives something back before
        that, once. What is told, given and returned goes through ``pickle``.
    at_once : bool
        False to do the work here, when its result is asked for.

    Attributes
    ----------
    process : int
        The number of the other process; 0 where there is none.

    Examples
    --------
    >>> from emgkit.signals.aside import Aside
    >>> with Aside(lambda told, give: told() + 1) as other:
    ...     other.tell(41)
    ...     other.result()
    42
    """

    def __init__(self, work: Work[Told, Given, Result], *, at_once: bool = True) -> None:
        self._work = work
        self._at_once = at_once and COPIES
        self.process = 0
        self._open = ExitStack()

    def __enter__(self) -> Self:
        """Begin."""
        if self._at_once:
            with suppress(OSError):  # no room for another process: the work is done here
                self._begin()
        return self

    def __exit__(self, *_: object) -> None:
        """End the other process, whatever it does."""
        with suppress(BrokenPipeError):  # what was told to a process that had ended stays unsaid
            self._open.close()
        if self.process:
            with suppress(ProcessLookupError):
                os.kill(self.process, signal.SIGKILL)
            os.waitpid(self.process, 0)

    def tell(self, told: Told) -> None:
        """Tell the work what it waits for."""
        self._told = told
        if self.process:
            with suppress(BrokenPipeError):  # it has ended already, and its result says why
                pickle.dump(told, self._to, pickle.HIGHEST_PROTOCOL)
                self._to.flush()

    def given(self) -> Given | None:
        """Return what another process gives, to be asked for before it is told anything; None where there is none."""
        given: Given | None = None
        if self.process:
            with suppress(EOFError, pickle.UnpicklingError):
                given = pickle.load(self._from)  # noqa: S301 - our own process wrote it
        return given

    def result(self) -> Result:
        """Return the result of the work, or raise its error; what a lost process did not do is done here."""
        if self.process:
            with suppress(EOFError, pickle.UnpicklingError):
                outcome: Result | _Failed = pickle.load(self._from)  # noqa: S301 - our own process wrote it
                if isinstance(outcome, _Failed):
                    raise outcome.error
                return outcome
        return self._work(lambda: self._told, lambda _: None)

    def _begin(self) -> None:
        here_reads, there_writes = map(self._open.enter_context, _pipe())
        there_reads, here_writes = map(self._open.enter_context, _pipe())
        with warnings.catch_warnings():
            # Threads of others are not copied, and the work here waits for none of them.
            warnings.simplefilter("ignore", DeprecationWarning)
            self.process = os.fork()
        if self.process == 0:
            here_reads.close()
            here_writes.close()
            _work_here(self._work, there_reads, there_writes)
        there_reads.close()
        there_writes.close()
        self._from, self._to = here_reads, here_writes


class _Failed:
    def __init__(self, error: Exception) -> None:
        self.error = error


def _pipe() -> tuple[BinaryIO, BinaryIO]:
    read, write = os.pipe()
    with suppress(OSError):  # what is handed over is large, and every stop for the other one to read costs time
        fcntl.fcntl(write, fcntl.F_SETPIPE_SZ, PIPE_BYTES)
    return os.fdopen(read, "rb"), os.fdopen(write, "wb")


def _work_here(work: Work[Told, Given, Result], told: BinaryIO, out: BinaryIO) -> None:
    # The copy ends here, without closing what the other process has open.
    def give(what: object) -> None:
        pickle.dump(what, out, pickle.HIGHEST_PROTOCOL)
        out.flush()

    outcome: Result | _Failed
    try:
        try:
            outcome = work(lambda: pickle.load(told), give)  # noqa: S301 - our own process wrote it
        except Exception as error:  # noqa: BLE001 - it is raised where the result is asked for
            outcome = _Failed(error)
        give(outcome)
    finally:
        os._exit(0)


def of_each(items: Sequence[Item], work: Callable[[Item], Result], *, processes: int) -> list[Result]:
    """Return what the work gives for each item, in their order.

    Parameters
    ----------
    items : sequence
    work : function of an item
    processes : int
        That share the items: this one and copies of it.

    Examples
    --------
    >>> from emgkit.signals.aside import of_each
    >>> of_each([1, 2, 3], lambda number: number**2, processes=2)
    [1, 4, 9]
    """
    count = max(min(processes, len(items)), 1)
    results: list[list[Result]] = []
    with ExitStack() as stack:
        others = [
            stack.enter_context(Aside(partial(_all_of, work, items[number::count]))) for number in range(1, count)
        ]
        results = [_all_of(work, items[::count]), *(other.result() for other in others)]
    return [results[number % count][number // count] for number in range(len(items))]


def _all_of(work: Callable[[Item], Result], items: Sequence[Item], *_: object) -> list[Result]:
    return [work(item) for item in items]

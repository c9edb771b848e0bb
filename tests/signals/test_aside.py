"""Work done aside: the same results and errors as here, whatever happens to the other process."""

import os
import signal
import time

import pytest

from emgkit.errors import SignalError
from emgkit.signals import aside
from emgkit.signals.aside import Aside, of_each

HERE = os.getpid()
copies = pytest.mark.skipif(not aside.COPIES, reason="this system does not copy processes: the work is done here")


def fail_aside(*_):
    """Lose the other process, as when memory runs out; give the place of the work where that is here."""
    if os.getpid() != HERE:
        os.kill(os.getpid(), signal.SIGKILL)
    return os.getpid()


@copies
def test_the_work_is_done_in_another_process_while_this_one_goes_on():
    with Aside(lambda *_: os.getpid()) as other:
        assert other.result() != HERE
    assert len({*of_each(range(4), lambda _: os.getpid(), processes=2)}) == 2


@pytest.mark.parametrize("at_once", [True, False])
def test_what_is_told_reaches_the_work(at_once):
    with Aside(lambda told, _: sum(told()), at_once=at_once) as other:
        other.tell(list(range(100_000)))
        assert other.result() == sum(range(100_000))


@pytest.mark.parametrize("at_once", [True, pytest.param(False, id="here")])
def test_what_is_given_comes_before_anything_is_told(at_once):
    def work(told, give):
        give([os.getpid()] * 100_000)  # more than a pipe holds
        return sum(told())

    with Aside(work, at_once=at_once) as other:
        given = other.given()
        assert (given is None) == (not other.process)
        assert given is None or (len(given) == 100_000 and given[0] == other.process)
        other.tell(list(range(100_000)))
        assert other.result() == sum(range(100_000))


@copies
def test_a_lost_process_gives_nothing():
    with Aside(fail_aside) as other:
        assert other.given() is None
        assert other.result() == HERE


@pytest.mark.parametrize("processes", [1, 2, 3, 9])
@pytest.mark.parametrize("count", [0, 1, 2, 7])
def test_results_come_in_the_order_of_the_items(count, processes):
    assert of_each(range(count), lambda number: [number] * 50_000, processes=processes) == [
        [number] * 50_000 for number in range(count)
    ]


@pytest.mark.parametrize("at_once", [True, False])
def test_an_error_is_raised_where_the_result_is_asked_for(at_once):
    def refuse(*_):
        msg = "too short"
        raise SignalError(msg)

    with Aside(refuse, at_once=at_once) as other:
        other.tell(list(range(100_000)))  # that nobody reads
        with pytest.raises(SignalError, match="too short"):
            other.result()


def test_what_a_lost_process_did_not_do_is_done_here():
    with Aside(fail_aside) as other:
        assert other.result() == HERE
    assert of_each(range(3), fail_aside, processes=3) == [HERE] * 3


def test_a_system_with_no_room_for_a_process_does_the_work_here(monkeypatch):
    def refuse():
        raise BlockingIOError

    monkeypatch.setattr(os, "fork", refuse)
    assert of_each(range(3), lambda _: os.getpid(), processes=3) == [HERE] * 3


@copies
def test_no_process_is_left_behind():
    def leave():
        with Aside(lambda *_: time.sleep(60)) as other:
            begun.append(other.process)
            raise SignalError

    begun = []
    with pytest.raises(SignalError):
        leave()
    with pytest.raises(ProcessLookupError):
        os.kill(begun[0], 0)

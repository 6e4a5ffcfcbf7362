"""Virtual time: parallel waits give the timeline of real time, in no time."""

import threading
import time

import pytest

from batchrec.clock import VirtualClock

START = 1_000_000.0


@pytest.fixture
def clock() -> VirtualClock:
    return VirtualClock(START)


def test_parallel_sleepers_wake_as_in_real_time(clock: VirtualClock) -> None:
    woken: list[tuple[float, str]] = []

    def sleeper(name: str, pause: float, times: int) -> None:
        for _ in range(times):
            clock.sleep(pause)
            woken.append((round(clock.time() - started), name))

    threads = [clock.thread(sleeper, "a", 600, 4), clock.thread(sleeper, "b", 900, 2)]
    with clock.participant():
        started = clock.time()
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert round(clock.time() - started) == 2400
    assert sorted(woken) == [
        (600, "a"),
        (900, "b"),
        (1200, "a"),
        (1800, "a"),
        (1800, "b"),
        (2400, "a"),
    ]


def test_time_stands_still_while_somebody_works(clock: VirtualClock) -> None:
    seen: list[float] = []
    go = threading.Event()

    def worker() -> None:
        before = clock.time()
        go.wait(30)  # real work, outside the clock
        seen.append(clock.time() - before)

    def sleeper() -> None:
        clock.sleep(3600)
        seen.append(-1)

    threads = [clock.thread(worker), clock.thread(sleeper)]
    for thread in threads:
        thread.start()
    time.sleep(0.05)
    assert seen == []
    go.set()
    for thread in threads:
        thread.join()
    assert seen == [0.0, -1]


def test_an_event_ends_a_wait_before_its_deadline(clock: VirtualClock) -> None:
    event = clock.event()
    outcome: list[tuple[bool, float]] = []

    def waiter() -> None:
        before = clock.time()
        outcome.append((event.wait(1000), clock.time() - before))

    def setter() -> None:
        clock.sleep(10)
        event.set()

    with clock.participant():
        threads = [clock.thread(waiter), clock.thread(setter)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    assert [(was_set, round(waited)) for was_set, waited in outcome] == [(True, 10)]


def test_a_wait_without_anybody_to_end_it_ends_at_its_deadline(clock: VirtualClock) -> None:
    with clock.participant():
        before = clock.time()
        assert clock.event().wait(86_400) is False
        assert clock.time() - before == 86_400


def test_join_has_a_virtual_timeout(clock: VirtualClock) -> None:
    with clock.participant():
        before = clock.time()
        thread = clock.thread(clock.sleep, 1000)
        thread.start()
        thread.join(timeout=100)
        assert thread.is_alive()
        assert clock.time() - before == 100
        thread.join()
        assert not thread.is_alive()
        assert clock.time() - before == 1000


def test_held_time_passes_only_when_told(clock: VirtualClock) -> None:
    done = threading.Event()

    def sleeper() -> None:
        clock.sleep(60)
        done.set()

    clock.hold()
    held_at = clock.time()
    clock.thread(sleeper).start()
    assert not done.wait(0.05)
    clock.advance(59)
    assert not done.wait(0.05)
    assert clock.time() == held_at + 59
    clock.advance(1)
    assert done.wait(10)
    clock.release()


def test_release_lets_everything_run(clock: VirtualClock) -> None:
    done = threading.Event()
    clock.hold()

    def sleeper() -> None:
        clock.sleep(60)
        done.set()

    clock.thread(sleeper).start()
    clock.release()
    assert done.wait(10)


def test_without_participants_it_follows_the_wall_clock(clock: VirtualClock) -> None:
    before = clock.time()
    time.sleep(0.02)
    assert 0.02 <= clock.time() - before < 60


def test_a_failing_thread_does_not_stop_time(clock: VirtualClock) -> None:
    threading.excepthook, original = lambda _: None, threading.excepthook
    try:

        def fail() -> None:
            raise RuntimeError

        thread = clock.thread(fail)
        thread.start()
        thread.join()
    finally:
        threading.excepthook = original
    with clock.participant():
        before = clock.time()
        clock.sleep(5)
        assert clock.time() - before == 5

"""Virtual time: the timeline that real time would give, without waiting for it."""

import random
import threading
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from itertools import accumulate
from types import SimpleNamespace

import pytest

from batchrec.clock import (
    NO_DEADLINE_SECONDS,
    ModuleShims,
    Turn,
    VirtualClock,
    VirtualEvent,
    VirtualThread,
)

# Waiting in real time would take hours; a test that hangs instead ends here.
pytestmark = pytest.mark.timeout(60)

HOUR = 3600.0


class FakeRealTime(SimpleNamespace):
    """Real time that passes only when a test says so."""

    def __init__(self) -> None:
        super().__init__(seconds=0.0)

    def monotonic(self) -> float:
        return self.seconds

    def time(self) -> float:
        return self.seconds


@pytest.fixture
def real_time(monkeypatch: pytest.MonkeyPatch) -> FakeRealTime:
    fake = FakeRealTime()
    monkeypatch.setattr("batchrec.clock.real_time", fake)
    return fake


@pytest.fixture
def clock(real_time: FakeRealTime) -> VirtualClock:
    """A clock at 0 while real time stands still."""
    return VirtualClock(start=0)


@pytest.fixture
def held(clock: VirtualClock) -> Iterator[VirtualClock]:
    clock.hold()
    yield clock
    clock.release()


def timeline(clock: VirtualClock, plans: dict[str, list[float]]) -> list[tuple[float, str]]:
    """Let one thread for each plan sleep its naps; return who woke when, in that order."""
    woke: list[tuple[float, str]] = []

    def nap(name: str, naps: list[float]) -> None:
        for seconds in naps:
            clock.sleep(seconds)
            woke.append((clock.time(), name))

    with clock.participant():
        threads = [clock.thread(nap, name, naps) for name, naps in plans.items()]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    return woke


# --- sleeping -------------------------------------------------------------------------------------


def test_an_hour_passes_at_once(clock: VirtualClock) -> None:
    clock.sleep(HOUR)
    assert clock.time() == HOUR


def test_sleeping_for_no_time_or_less_returns(clock: VirtualClock) -> None:
    clock.sleep(0)
    clock.sleep(-5)
    assert clock.time() == 0


def test_parallel_sleeps_wake_in_the_order_of_real_time(clock: VirtualClock) -> None:
    woke = timeline(clock, {"slow": [50, 50], "quick": [30, 30, 30], "once": [70]})
    assert woke == [
        (30, "quick"),
        (50, "slow"),
        (60, "quick"),
        (70, "once"),
        (90, "quick"),
        (100, "slow"),
    ]


def test_parallel_sleeps_cost_the_longest_not_the_sum(clock: VirtualClock) -> None:
    timeline(clock, {str(n): [HOUR] for n in range(20)})
    assert clock.time() == HOUR


def test_many_threads_have_the_timeline_of_real_time(clock: VirtualClock) -> None:
    dice = random.Random(7)
    plans = {
        str(n): [float(dice.randint(1, 10_000)) for _ in range(dice.randint(1, 20))]
        for n in range(12)
    }
    expected = sorted((when, name) for name, naps in plans.items() for when in accumulate(naps))
    woke = timeline(clock, plans)
    assert [when for when, _ in woke] == [when for when, _ in expected]
    assert sorted(woke) == expected


def test_the_timeline_is_the_same_every_time(real_time: FakeRealTime) -> None:
    plans = {"a": [5.0, 11.0, 2.0], "b": [7.0, 7.0, 7.0], "c": [1.0, 25.0]}
    runs = [timeline(VirtualClock(start=0), plans) for _ in range(20)]
    assert runs == runs[:1] * 20


def test_a_thread_started_by_a_thread_takes_part(clock: VirtualClock) -> None:
    woke: list[float] = []

    def child() -> None:
        clock.sleep(10)
        woke.append(clock.time())

    def parent() -> None:
        clock.sleep(100)
        thread = clock.thread(child)
        thread.start()
        thread.join()
        woke.append(clock.time())

    thread = clock.thread(parent)
    thread.start()
    thread.join()
    assert woke == [110, 110]


def test_within_an_instant_jobs_end_before_state_machines_look_and_others_go_on(
    clock: VirtualClock,
) -> None:
    """Whoever begins to sleep first, and however slow the jobs' ends are."""
    woke: list[str] = []

    def nap(name: str, turn: Turn, slow: bool) -> None:
        for seconds in (5, 0, 5):
            clock.sleep(seconds, turn)
        if slow:
            threading.Event().wait(0.05)
        woke.append(name)

    with clock.participant():
        threads = [
            clock.thread(nap, "other", Turn.OTHERS, False),
            clock.thread(nap, "state machine", Turn.STATE_MACHINES, True),
            clock.thread(nap, "job", Turn.JOBS, True),
        ]
        for thread in threads:
            thread.start()
        clock.sleep(10)
    assert clock.time() == 10
    assert woke[:2] == ["job", "state machine"]


# --- working --------------------------------------------------------------------------------------


def test_time_stands_still_while_a_participant_works(
    clock: VirtualClock, real_time: FakeRealTime
) -> None:
    finish = threading.Event()
    slept: list[float] = []

    def work() -> None:
        finish.wait()
        slept.append(clock.time())

    def sleep() -> None:
        clock.sleep(HOUR)
        slept.append(clock.time())

    worker, sleeper = clock.thread(work), clock.thread(sleep)
    worker.start()
    sleeper.start()
    real_time.seconds += 500  # the work takes a while
    assert clock.time() == 0
    assert sleeper.is_alive()
    finish.set()
    worker.join()
    sleeper.join()
    assert slept == [0, HOUR]


def test_a_participant_that_is_not_a_clocks_thread_stops_time_too(
    clock: VirtualClock, real_time: FakeRealTime
) -> None:
    with clock.participant(), clock.participant():  # entering twice is harmless
        real_time.seconds += 500
        assert clock.time() == 0
        clock.sleep(20)
        assert clock.time() == 20


def test_a_thread_that_fails_does_not_stop_time(
    clock: VirtualClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    failures: list[object] = []
    monkeypatch.setattr(threading, "excepthook", lambda hook: failures.append(hook.exc_value))

    def fail() -> None:
        clock.sleep(5)
        raise ValueError("broken")

    thread = clock.thread(fail)
    thread.start()
    thread.join()
    clock.sleep(10)
    assert clock.time() == 15
    threading.Thread.join(thread)  # its end is reported after it left the clock
    assert [str(failure) for failure in failures] == ["broken"]


# --- idle -----------------------------------------------------------------------------------------


def test_idle_time_follows_real_time(clock: VirtualClock, real_time: FakeRealTime) -> None:
    real_time.seconds += 12
    assert clock.time() == 12
    clock.sleep(30)
    real_time.seconds += 8
    assert clock.time() == 50


def test_it_starts_at_the_present(real_time: FakeRealTime) -> None:
    real_time.seconds = 1_700_000_000
    assert VirtualClock().now() == datetime(2023, 11, 14, 22, 13, 20, tzinfo=UTC)


def test_time_never_goes_back(real_time: FakeRealTime) -> None:
    clock = VirtualClock(start=1000)
    seen = []
    for _ in range(5):
        real_time.seconds += 1
        seen.append(clock.time())
        clock.sleep(60)
        seen.append(clock.time())
    assert seen == sorted(seen)


# --- events ---------------------------------------------------------------------------------------


def wait_and_set(clock: VirtualClock, threads: list[VirtualThread], event: VirtualEvent) -> None:
    """Start threads that wait, set an event after 25 seconds, and see the threads end."""
    with clock.participant():
        for thread in threads:
            thread.start()
        clock.sleep(25)
        event.set()
        for thread in threads:
            thread.join()


def test_an_event_that_nobody_sets_times_out(clock: VirtualClock) -> None:
    assert clock.event().wait(HOUR) is False
    assert clock.time() == HOUR


def test_setting_an_event_wakes_every_waiter_at_that_instant(clock: VirtualClock) -> None:
    event = clock.event()
    woke: list[tuple[bool, float]] = []
    threads = [
        clock.thread(lambda: woke.append((event.wait(HOUR), clock.time()))) for _ in range(3)
    ]
    wait_and_set(clock, threads, event)
    assert woke == [(True, 25)] * 3
    assert clock.time() == 25


def test_an_event_times_out_in_its_turn_and_is_set_at_once(clock: VirtualClock) -> None:
    woke: list[str] = []
    stopped = clock.event(Turn.STATE_MACHINES)

    def wait(name: str, event: VirtualEvent) -> None:
        event.wait(50)
        woke.append(f"{name} at {clock.time():g}")

    threads = [
        clock.thread(wait, "stopped", stopped),
        clock.thread(wait, "state machine", clock.event(Turn.STATE_MACHINES)),
        clock.thread(wait, "job", clock.event(Turn.JOBS)),
    ]
    wait_and_set(clock, threads, stopped)
    assert woke == ["stopped at 25", "job at 50", "state machine at 50"]


def test_a_set_event_does_not_wait_until_it_is_cleared(clock: VirtualClock) -> None:
    event = clock.event()
    event.set()
    assert event.is_set()
    assert event.wait(HOUR) is True
    assert clock.time() == 0
    event.clear()
    assert not event.is_set()
    assert event.wait(HOUR) is False
    assert clock.time() == HOUR


def test_an_event_reached_before_its_timeout_leaves_no_deadline_behind(
    clock: VirtualClock,
) -> None:
    event = clock.event()
    waiter = clock.thread(event.wait, 100)
    with clock.participant():
        waiter.start()
        clock.sleep(1)
        event.set()
        waiter.join()
        clock.sleep(300)
    assert clock.time() == 301


def test_no_deadline_means_none(clock: VirtualClock) -> None:
    event = clock.event()
    woke: list[bool] = []
    waiter = clock.thread(lambda: woke.append(event.wait(NO_DEADLINE_SECONDS)))
    with clock.participant():
        waiter.start()
        for _ in range(2):
            clock.sleep(NO_DEADLINE_SECONDS - 1)
        assert woke == []
        event.set()
        waiter.join()
    assert woke == [True]


# --- threads --------------------------------------------------------------------------------------


def test_join_with_a_timeout_waits_in_virtual_time(clock: VirtualClock) -> None:
    thread = clock.thread(clock.sleep, HOUR)
    assert not thread.is_alive()
    with clock.participant():
        thread.start()
        thread.join(timeout=60)
        assert thread.is_alive()
        assert clock.time() == 60
        thread.join(timeout=2 * HOUR)
        assert not thread.is_alive()
        assert clock.time() == HOUR


# --- steering -------------------------------------------------------------------------------------


def test_nothing_becomes_due_while_time_is_held(held: VirtualClock) -> None:
    thread = held.thread(held.sleep, 10)
    thread.start()
    assert held.time() == 0
    assert thread.is_alive()
    held.release()
    thread.join()
    assert held.time() == 10


def test_time_does_not_follow_real_time_while_held(
    held: VirtualClock, real_time: FakeRealTime
) -> None:
    real_time.seconds += 500
    assert held.time() == 0


def test_holding_twice_needs_one_release(clock: VirtualClock) -> None:
    clock.hold()
    clock.hold()
    clock.release()
    clock.release()
    clock.sleep(1)
    assert clock.time() == 1


def test_advance_lets_exactly_that_much_pass_and_holds_again(held: VirtualClock) -> None:
    woke: list[float] = []

    def tick() -> None:
        for _ in range(3):
            held.sleep(10)
            woke.append(held.time())

    thread = held.thread(tick)
    thread.start()
    held.advance(25)
    assert woke == [10, 20]
    assert held.time() == 25
    assert thread.is_alive()
    held.advance(100)
    assert woke == [10, 20, 30]
    assert held.time() == 125


def test_advance_includes_what_is_due_at_its_last_instant(real_time: FakeRealTime) -> None:
    for _ in range(50):
        clock = VirtualClock(start=0)
        clock.hold()
        woke: list[float] = []

        def nap(clock: VirtualClock = clock, woke: list[float] = woke) -> None:
            clock.sleep(10)
            woke.append(clock.time())

        clock.thread(nap).start()
        clock.advance(10)
        assert woke == [10]
        clock.release()


def test_advance_includes_what_follows_in_its_last_instant(clock: VirtualClock) -> None:
    woke: list[float] = []

    def look() -> None:
        for seconds in (10, 0, 0):
            clock.sleep(seconds, Turn.STATE_MACHINES)
        woke.append(clock.time())

    clock.hold()
    clock.thread(look).start()
    clock.advance(10)
    assert woke == [10]


def test_advance_of_time_that_is_not_held(clock: VirtualClock, real_time: FakeRealTime) -> None:
    clock.advance(HOUR)
    real_time.seconds += 1
    assert clock.time() == HOUR + 1


# --- calls ----------------------------------------------------------------------------------------


def call_later(clock: VirtualClock, seconds: float, called: list[float]) -> None:
    clock.call_later(seconds, lambda: called.append(clock.time()))


def test_time_does_not_jump_to_a_call(clock: VirtualClock) -> None:
    called: list[float] = []
    call_later(clock, 7 * 24 * HOUR, called)
    for _ in range(3):
        clock.sleep(HOUR)
    assert clock.time() == 3 * HOUR
    assert called == []


def test_calls_are_made_at_their_time_on_the_way(clock: VirtualClock) -> None:
    called: list[float] = []
    for seconds in (20, 10, 40):
        call_later(clock, seconds, called)
    clock.sleep(30)
    assert called == [10, 20]
    assert clock.time() == 30
    clock.sleep(10)
    clock.sleep(0)
    assert called == [10, 20, 40]


def test_what_is_called_takes_part(clock: VirtualClock) -> None:
    steps: list[float] = []

    def work() -> None:
        clock.sleep(5)
        steps.append(clock.time())
        clock.call_later(10, work)

    clock.call_later(10, work)
    clock.sleep(50)
    assert steps == [15, 30, 45]
    assert clock.time() == 50


def test_time_follows_real_time_while_only_a_call_is_to_come(
    clock: VirtualClock, real_time: FakeRealTime
) -> None:
    call_later(clock, HOUR, [])
    clock.sleep(1)
    real_time.seconds += 60
    assert clock.time() == 61


def test_real_time_brings_a_call_too() -> None:
    clock, called = VirtualClock(start=0), threading.Event()
    clock.call_later(0.05, called.set)
    assert called.wait(30)
    assert clock.time() >= 0.05
    clock.close()


def test_held_time_holds_calls_too(held: VirtualClock) -> None:
    called: list[float] = []
    call_later(held, 10, called)
    held.advance(9)
    assert called == []
    held.advance(1)
    assert called == [10]


def test_a_closed_clock_calls_nobody(clock: VirtualClock) -> None:
    called: list[float] = []
    call_later(clock, 1, called)
    clock.close()
    clock.sleep(2)
    clock.sleep(2)
    assert called == []


# --- closing --------------------------------------------------------------------------------------


def test_closing_ends_threads_at_their_waits(
    held: VirtualClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    said: list[object] = []
    monkeypatch.setattr(threading, "excepthook", lambda hook: said.append(hook.exc_type))
    working, finish = threading.Event(), threading.Event()
    got_past: list[str] = []

    def wait_for_nothing() -> None:
        held.event().wait()
        got_past.append("an event")

    def sleep() -> None:
        held.sleep(HOUR)
        got_past.append("a sleep")

    def work() -> None:
        working.set()
        finish.wait()
        held.sleep(1)
        got_past.append("a sleep after work")

    def fail() -> None:
        finish.wait()
        raise ConnectionError("what it worked with is gone")

    threads = [held.thread(target) for target in (wait_for_nothing, sleep, work, fail)]
    for thread in threads:
        thread.start()
    working.wait()
    assert not held.closed
    held.close()
    finish.set()
    for thread in threads:
        threading.Thread.join(thread)
    assert held.closed
    assert got_past == []
    assert [kind for kind in said if kind is not SystemExit] == []


# --- stand-ins for modules ------------------------------------------------------------------------


def test_code_written_for_real_time_runs_on_virtual_time() -> None:
    clock = VirtualClock(start=0)
    shims = ModuleShims(clock, Turn.STATE_MACHINES)
    seen: list[float] = []

    def code() -> None:
        before = shims.time.time()
        shims.time.sleep(HOUR)
        assert not shims.threading.Event().wait(timeout=HOUR)
        seen.append(shims.time.time() - before)

    with clock.participant():
        thread = shims.threading.Thread(target=code)
        thread.start()
        thread.join()
    assert seen == [pytest.approx(2 * HOUR)]


def test_dates_are_virtual_and_still_dates(held: VirtualClock) -> None:
    shim = ModuleShims(held, Turn.STATE_MACHINES).datetime
    held.advance(86_400)
    assert shim.datetime.now(tz=UTC) == datetime(1970, 1, 2, tzinfo=UTC)
    assert isinstance(datetime(1970, 1, 1, tzinfo=UTC), shim.datetime)
    assert shim.datetime.now(UTC) - datetime(1970, 1, 1, tzinfo=UTC) == timedelta(days=1)

"""Virtual time: waiting costs no real time, working does.

The clock knows its participants: threads that work or wait on it. While one of them works, virtual
time stands still; when all of them wait, it jumps to the first deadline. An hour of polling plays
in seconds, and because every wait of every parallel branch goes through the same queue, the
timeline is the one that real time would have given. Without participants, it follows real time.

What is due in the same instant wakes in turns: the next one when the one before waits again. Who
polls so finds what ends just then, however busy the machine is.

`call_later` is for what happens by itself one day, such as next week's training: it happens at its
time, but nothing is ever hastened for it.
"""

import datetime as datetime_module
import heapq
import itertools
import threading
import time as real_time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, tzinfo
from enum import IntEnum
from functools import partial
from types import SimpleNamespace
from typing import Any, Self

# Step Functions' default TimeoutSeconds: no deadline (Amazon States Language, Task state).
NO_DEADLINE_SECONDS = 99_999_999


class Turn(IntEnum):
    """Who wakes before whom in one instant."""

    JOBS = 0  # which end
    STATE_MACHINES = 1  # which look at jobs
    OTHERS = 2


class _Waiter:
    """One thread inside one wait."""

    def __init__(self) -> None:
        self.awake = False
        self.signal = threading.Event()


class VirtualClock:
    """A clock whose time passes only in waits; thread-safe.

    Args:
        start: first instant, epoch seconds; the present by default.
    """

    def __init__(self, start: float | None = None) -> None:
        self._lock = threading.RLock()
        self._now = real_time.time() if start is None else start
        self._anchor = real_time.monotonic()
        self._participants: set[int] = set()  # thread identifiers
        self._present = 0  # participants, threads about to start included
        self._working = 0  # participants that are not in a wait
        self._held = False
        self._closed = False
        self._asleep: set[_Waiter] = set()
        self._deadlines: list[tuple[float, Turn, int, _Waiter]] = []
        self._calls: list[tuple[float, int, Callable[[], object]]] = []  # of call_later
        self._sequence = itertools.count()
        self._idle = threading.Condition(self._lock)
        self._watched = False  # whether a thread watches for calls in idle time

    # --- reading ------------------------------------------------------------------------------

    def time(self) -> float:
        """Virtual now, in epoch seconds."""
        with self._lock:
            if self._present == 0:
                return self._now + (real_time.monotonic() - self._anchor)
            return self._now

    def now(self, tz: tzinfo = UTC) -> datetime:
        """Virtual now, with a time zone."""
        return datetime.fromtimestamp(self.time(), tz)

    # --- waiting ------------------------------------------------------------------------------

    def sleep(self, seconds: float, turn: Turn = Turn.OTHERS) -> None:
        """Wait `seconds` of virtual time."""
        self.event(turn).wait(max(seconds, 0))

    def event(self, turn: Turn = Turn.OTHERS) -> "VirtualEvent":
        """Return an event whose timeouts are virtual."""
        return VirtualEvent(self, turn)

    def thread(self, target: Callable[..., object], *args: object) -> "VirtualThread":
        """Return a daemon thread that takes part in this clock from its start to its end."""
        return VirtualThread(self, target=target, args=args)

    def call_later(self, seconds: float, target: Callable[[], object]) -> None:
        """Start a thread of this clock when `seconds` have passed; time doesn't jump to that."""
        with self._lock:
            heapq.heappush(self._calls, (self.time() + seconds, next(self._sequence), target))
            if not self._watched:
                self._watched = True
                threading.Thread(target=self._start_calls_in_idle_time, daemon=True).start()
            self._idle.notify_all()

    @contextmanager
    def participant(self) -> Iterator[None]:
        """Make the calling thread take part: time stands still while it works."""
        identifier = threading.get_ident()
        with self._lock:
            joined = identifier not in self._participants
            if joined:
                self._enter()
                self._participants.add(identifier)
        try:
            yield
        finally:
            if joined:
                with self._lock:
                    self._participants.discard(identifier)
                    self._leave()

    # --- steering from outside ------------------------------------------------------------------

    def hold(self) -> None:
        """Stop time until `advance` or `release`: nothing becomes due by itself."""
        with self._lock:
            if not self._held:
                self._held = True
                self._enter()

    def release(self) -> None:
        """Let time pass again."""
        with self._lock:
            if self._held:
                self._held = False
                self._leave()

    def advance(self, seconds: float) -> None:
        """Let exactly `seconds` pass, everything due in them included."""
        with self.participant():
            with self._lock:
                held = self._held
                self.release()
            self.sleep(seconds)
            self.sleep(0)  # what became due at the last instant runs first
            if held:
                self.hold()

    def close(self) -> None:
        """End this clock's threads: those that wait at once, the others at their next wait."""
        with self._lock:
            self._closed = True
            for waiter in list(self._asleep):
                self._wake(waiter)
            self._calls.clear()
            self._idle.notify_all()

    @property
    def closed(self) -> bool:
        """Whether `close` was called."""
        return self._closed

    # --- the scheduler (call with the lock held) --------------------------------------------------

    def _enter(self) -> None:
        if self._present == 0:
            self._now += real_time.monotonic() - self._anchor
        self._present += 1
        self._working += 1

    def _leave(self) -> None:
        self._present -= 1
        self._working -= 1
        if self._present == 0:
            self._anchor = real_time.monotonic()
            self._idle.notify_all()
        self._jump_if_all_wait()

    def _fall_asleep(self, waiter: _Waiter, timeout: float | None, turn: Turn) -> None:
        if timeout is not None and timeout < NO_DEADLINE_SECONDS:
            entry = (self._now + timeout, turn, next(self._sequence), waiter)
            heapq.heappush(self._deadlines, entry)
        self._asleep.add(waiter)
        self._working -= 1
        self._jump_if_all_wait()

    def _wake(self, waiter: _Waiter) -> None:
        if not waiter.awake:
            waiter.awake = True
            self._asleep.discard(waiter)
            self._working += 1
            waiter.signal.set()

    def _jump_if_all_wait(self) -> None:
        while self._deadlines and self._deadlines[0][-1].awake:
            heapq.heappop(self._deadlines)
        if self._working > 0 or not self._deadlines:
            return
        due = min(queue[0][0] for queue in (self._deadlines, self._calls) if queue)
        self._now = max(self._now, due)
        turn = self._deadlines[0][1]
        while self._deadlines and self._deadlines[0][:2] <= (self._now, turn):
            self._wake(heapq.heappop(self._deadlines)[-1])
        self._start_due_calls()

    def _start_due_calls(self) -> None:
        while self._calls and self._calls[0][0] <= self._now:
            self.thread(heapq.heappop(self._calls)[2]).start()

    def _start_calls_in_idle_time(self) -> None:
        """Start what becomes due while nobody takes part, in real time."""
        with self._idle:
            while not self._closed:
                if self._present > 0 or not self._calls:
                    self._idle.wait()
                elif (left := self._calls[0][0] - self.time()) > 0:
                    self._idle.wait(min(left, threading.TIMEOUT_MAX))
                else:
                    self._enter()
                    self._start_due_calls()
                    self._leave()


class VirtualEvent:
    """`threading.Event` with virtual timeouts."""

    def __init__(self, clock: VirtualClock, turn: Turn = Turn.OTHERS) -> None:
        self._clock = clock
        self._turn = turn
        self._flag = False
        self._waiters: list[_Waiter] = []

    def is_set(self) -> bool:
        """Whether `set` was called."""
        return self._flag

    def set(self) -> None:
        """Wake every waiter; time can't jump before they run."""
        with self._clock._lock:
            self._flag = True
            for waiter in self._waiters:
                self._clock._wake(waiter)
            self._waiters.clear()

    def clear(self) -> None:
        """Make later waits wait again."""
        with self._clock._lock:
            self._flag = False

    def wait(self, timeout: float | None = None) -> bool:
        """Wait until set, or for `timeout` virtual seconds; return whether it was set."""
        _end_if_closed(self._clock)
        with self._clock.participant():
            with self._clock._lock:
                if self._flag:
                    return True
                waiter = _Waiter()
                self._waiters.append(waiter)
                self._clock._fall_asleep(waiter, timeout, self._turn)
            waiter.signal.wait()
            with self._clock._lock:
                if waiter in self._waiters:
                    self._waiters.remove(waiter)
            _end_if_closed(self._clock)
            return self._flag


def _end_if_closed(clock: VirtualClock) -> None:
    if clock.closed and isinstance(threading.current_thread(), VirtualThread):
        raise SystemExit  # ends a thread without a word


class VirtualThread(threading.Thread):
    """`threading.Thread` that takes part in a clock; `join` waits in virtual time."""

    def __init__(self, clock: VirtualClock, *args: Any, **kwargs: Any) -> None:
        kwargs["daemon"] = True
        super().__init__(*args, **kwargs)
        self._clock = clock
        self._done = clock.event()

    def start(self) -> None:
        """Take part from now on, so that time can't jump before the thread runs."""
        with self._clock._lock:
            self._clock._enter()
        super().start()

    def run(self) -> None:
        """Run the target as a participant."""
        with self._clock._lock:
            self._clock._participants.add(threading.get_ident())
        try:
            super().run()
        except (Exception, SystemExit):
            # Of a closed clock's surroundings, nothing need be left to work with.
            if not self._clock.closed:
                raise
        finally:
            self._done.set()
            with self._clock._lock:
                self._clock._participants.discard(threading.get_ident())
                self._clock._leave()

    def join(self, timeout: float | None = None) -> None:
        """Wait for the end, for at most `timeout` virtual seconds."""
        self._done.wait(timeout)

    def is_alive(self) -> bool:
        """Whether it has been started and hasn't ended."""
        return self.ident is not None and not self._done.is_set()


class ModuleShims:
    """Stand-ins for the modules `threading`, `time` and `datetime`, on one clock, with one turn.

    Code written for real time runs on virtual time when these take the modules' places among its
    globals.
    """

    def __init__(self, clock: VirtualClock, turn: Turn) -> None:
        class Thread(VirtualThread):
            def __init__(self, *args: Any, **kwargs: Any) -> None:
                super().__init__(clock, *args, **kwargs)

        class AnyDatetime(type):
            def __instancecheck__(cls, instance: object) -> bool:
                return isinstance(instance, datetime)

        class Datetime(datetime, metaclass=AnyDatetime):
            @classmethod
            def now(cls, tz: tzinfo | None = None) -> Self:
                return cls.fromtimestamp(clock.time(), tz)

        self.Thread = Thread
        self.Event = partial(clock.event, turn)
        self.threading = SimpleNamespace(
            Thread=Thread,
            Event=self.Event,
            Lock=threading.Lock,
            RLock=threading.RLock,
            Condition=threading.Condition,
        )
        self.time = SimpleNamespace(sleep=partial(clock.sleep, turn=turn), time=clock.time)
        self.datetime = SimpleNamespace(**vars(datetime_module) | {"datetime": Datetime})

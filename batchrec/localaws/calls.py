"""A log of what the local AWS is called for."""

from collections import deque
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from batchrec.localaws.iam_policies import Request

_KEPT = 20_000  # calls


@dataclass(frozen=True)
class Call:
    """One call of an operation.

    Attributes:
        service: signing name, e.g. "personalize".
        operation: as in the API Reference; method and path where only the path would tell.
        request: its members; of S3, Bucket and Key only.
        time: virtual epoch seconds of its start.
        status: HTTP status of the answer.
        error: the error's code, or "".
        role: ARN of the role that the caller works with, or "".
        needed: the actions on resources that the role must be allowed for it.
    """

    service: str
    operation: str
    request: dict[str, Any]
    time: float
    status: int
    error: str
    role: str = ""
    needed: tuple[Request, ...] = ()


class CallLog:
    """The latest calls, the oldest first."""

    def __init__(self) -> None:
        self._calls: deque[Call] = deque(maxlen=_KEPT)

    def add(self, call: Call) -> None:
        """Note a call."""
        self._calls.append(call)

    def clear(self) -> None:
        """Forget all calls."""
        self._calls.clear()

    def __iter__(self) -> Iterator[Call]:
        return iter(list(self._calls))

    def of(
        self,
        service: str,
        operation: str,
        match: Callable[[dict[str, Any]], bool] = lambda _: True,
    ) -> list[Call]:
        """Return the calls of one operation whose request's members `match`."""
        return [
            call
            for call in self
            if (call.service, call.operation) == (service, operation) and match(call.request)
        ]

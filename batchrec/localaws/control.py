"""What steers and watches the local AWS from outside: the paths under `/_batchrec/`."""

import json
from collections.abc import Callable, Iterable
from dataclasses import asdict, fields
from typing import Any

from werkzeug.exceptions import BadRequest, HTTPException, NotFound
from werkzeug.routing import Map, Rule
from werkzeug.wrappers import Request, Response

from batchrec.clock import NO_DEADLINE_SECONDS, VirtualClock
from batchrec.errors import BatchrecError
from batchrec.localaws import fault_syntax
from batchrec.localaws.calls import CallLog
from batchrec.localaws.faults import Fault, Faults, JobFault
from batchrec.localaws.router import CONTROL_PREFIX, Environ

_PATHS = Map(
    [
        Rule(f"{CONTROL_PREFIX}clock", endpoint="clock", methods=["GET", "POST"]),
        Rule(f"{CONTROL_PREFIX}faults", endpoint="faults", methods=["GET", "POST", "DELETE"]),
        Rule(f"{CONTROL_PREFIX}faults/<int:number>", endpoint="fault", methods=["DELETE"]),
        Rule(f"{CONTROL_PREFIX}calls", endpoint="calls", methods=["GET"]),
    ]
)

_FUNCTIONS = ("match", "rewrite")  # members of faults that JSON has no form for


class Control:
    """A WSGI application; answers are JSON, those to wrong requests `{"message": …}`.

    `clock`: GET reads it; POST `{"hold": true}`, `{"advance": seconds}` or `{"hold": false}`.
    `faults`: GET lists them; POST adds one, written as in batchrec.localaws.fault_syntax; DELETE
    takes all out, and `faults/ID` one.
    `calls`: GET lists the latest ones; `?service=…&operation=…` those of a service, an operation.
    """

    def __init__(self, clock: VirtualClock, faults: Faults, calls: CallLog) -> None:
        self._clock = clock
        self._faults = faults
        self._calls = calls

    def __call__(self, environ: Environ, start: Callable[..., Any]) -> Iterable[bytes]:
        """Answer a request."""
        request = Request(environ)
        try:
            endpoint, arguments = _PATHS.bind_to_environ(environ).match()
            answer = _json(getattr(self, f"_on_{endpoint}")(request, **arguments))
        except HTTPException as error:
            answer = _json({"message": error.description}, error.code)
        return answer(environ, start)

    def _on_clock(self, request: Request) -> dict[str, float]:
        wanted = request.get_json() if request.method == "POST" else {}
        if not isinstance(wanted, dict) or wanted.keys() - {"hold", "advance"}:
            raise BadRequest('the clock takes {"hold": true}, {"hold": false} or {"advance": 60}')
        hold, seconds = wanted.get("hold"), wanted.get("advance", 0)
        if hold not in (None, True, False) or not _is_duration(seconds):
            raise BadRequest(
                "hold is true or false, and advance a number of seconds from 0 to three years"
            )
        if hold is True:
            self._clock.hold()
        if seconds:
            self._clock.advance(seconds)
        if hold is False:
            self._clock.release()
        return {"now": self._clock.time()}

    def _on_faults(self, request: Request) -> dict[str, Any]:
        if request.method == "DELETE":
            self._faults.clear()
        if request.method != "POST":
            numbered = self._faults.numbered().items()
            return {"faults": [_shown(number, fault) for number, fault in numbered]}
        try:
            added = self._faults.add(fault_syntax.parse(request.get_data(as_text=True)))
        except BatchrecError as error:
            raise BadRequest(str(error)) from error
        return next(
            _shown(number, fault)
            for number, fault in self._faults.numbered().items()
            if fault is added
        )

    def _on_fault(self, _: Request, number: int) -> dict[str, Any]:
        fault = self._faults.numbered().get(number)
        if fault is None:
            raise NotFound(f"there is no fault {number}")
        self._faults.remove(fault)
        return _shown(number, fault)

    def _on_calls(self, request: Request) -> dict[str, Any]:
        wanted = request.args.to_dict()
        if unknown := sorted(wanted.keys() - {"service", "operation"}):
            raise BadRequest(f"calls are told apart by service and operation, not {unknown}")
        return {
            "calls": [
                asdict(call)
                for call in self._calls
                if all(getattr(call, name) == value for name, value in wanted.items())
            ]
        }


def _is_duration(value: object) -> bool:
    return (
        isinstance(value, int | float)
        and not isinstance(value, bool)
        and 0 <= value < NO_DEADLINE_SECONDS
    )


def _shown(number: int, fault: Fault | JobFault) -> dict[str, Any]:
    members = {field.name: getattr(fault, field.name) for field in fields(fault)}
    return {"id": number} | {n: each for n, each in members.items() if n not in _FUNCTIONS}


def _json(answer: dict[str, Any], status: int | None = 200) -> Response:
    return Response(json.dumps(answer) + "\n", status, mimetype="application/json")

"""What the local AWS is called for: a log of the calls, and faults among them."""

import io
import json
import uuid
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qsl
from xml.sax.saxutils import escape

from batchrec.localaws.faults import Fault, Faults
from batchrec.localaws.router import CONTROL_PREFIX, Application, Environ, signed_service

_KEPT = 20_000  # calls
_S3_OBJECT_OPERATIONS = {
    "GET": "GetObject",
    "PUT": "PutObject",
    "HEAD": "HeadObject",
    "DELETE": "DeleteObject",
}
S3_OPERATIONS = {*_S3_OBJECT_OPERATIONS.values(), "ListObjectsV2"}  # those of S3 with a name here


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
    """

    service: str
    operation: str
    request: dict[str, Any]
    time: float
    status: int
    error: str


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


class Observer:
    """A WSGI application that notes the calls of another one, and strikes them with faults.

    Args:
        application: what answers.
        faults: of the local AWS.
        calls: the log.
        now: gives the virtual time.
    """

    def __init__(
        self, application: Application, faults: Faults, calls: CallLog, now: Callable[[], float]
    ) -> None:
        self._application = application
        self._faults = faults
        self._calls = calls
        self._now = now

    def __call__(self, environ: Environ, start_response: Callable[..., Any]) -> Iterable[bytes]:
        """Answer a request."""
        service = signed_service(environ)
        if not service or environ["PATH_INFO"].startswith(CONTROL_PREFIX):
            return self._application(environ, start_response)
        operation, request = _read(service, environ)
        time = self._now()
        fault = self._faults.of_call(service, operation, request)
        answer = self._ask(environ) if fault is None else self._struck(fault, environ)
        status = int(answer.status.split()[0])
        self._calls.add(Call(service, operation, request, time, status, answer.error))
        start_response(answer.status, answer.headers)
        return answer.body

    def _struck(self, fault: Fault, environ: Environ) -> "_Answer":
        if fault.rewrite is not None:
            return self._ask(environ).rewritten(fault.rewrite)
        if fault.after:
            self._ask(environ)
        return _error(fault, environ)

    def _ask(self, environ: Environ) -> "_Answer":
        begun: list[Any] = []

        def start(status: str, headers: list[tuple[str, str]], *_: Any) -> None:
            begun[:] = [status, headers]

        body = list(self._application(environ, start))
        return _Answer(begun[0], begun[1], body)


@dataclass(frozen=True)
class _Answer:
    status: str
    headers: list[tuple[str, str]]
    body: list[bytes]

    @property
    def error(self) -> str:
        """The code of an error; "" for success, the status where the body has no JSON code."""
        if self.status[0] in "23":
            return ""
        for name, value in self.headers:
            if name.lower() == "x-amzn-errortype":
                return value
        try:
            return str(json.loads(b"".join(self.body))["__type"]).rpartition("#")[2]
        except (ValueError, KeyError, TypeError):
            return self.status

    def rewritten(self, rewrite: Callable[[dict[str, Any]], dict[str, Any]]) -> "_Answer":
        """Return the answer with other members; an error stays what it is."""
        if self.error:
            return self
        members = json.loads(b"".join(self.body) or b"{}")
        body = json.dumps(rewrite(members)).encode()
        headers = [(k, v) for k, v in self.headers if k.lower() != "content-length"]
        return _Answer(self.status, [*headers, ("Content-Length", str(len(body)))], [body])


def _read(service: str, environ: Environ) -> tuple[str, dict[str, Any]]:
    """Return the operation and the members of a request."""
    kind = environ.get("CONTENT_TYPE", "")
    target = environ.get("HTTP_X_AMZ_TARGET", "")
    if target:
        return target.rpartition(".")[2], _json_members(_body(environ))
    if "form-urlencoded" in kind:
        members: dict[str, Any] = dict(parse_qsl(_body(environ).decode()))
        return members.pop("Action", ""), members
    path, query = environ["PATH_INFO"], dict(parse_qsl(environ.get("QUERY_STRING", "")))
    bucket, _, key = path.lstrip("/").partition("/")
    if service == "s3":
        request = {"Bucket": bucket, "Key": key} if key else {"Bucket": bucket}
        if key and not query.keys() - {"x-id", "versionId"}:
            return _S3_OBJECT_OPERATIONS.get(environ["REQUEST_METHOD"], ""), request
        if query.get("list-type") == "2":
            return "ListObjectsV2", request
        return f"{environ['REQUEST_METHOD']} {path}", request
    return f"{environ['REQUEST_METHOD']} {path}", query


def _json_members(body: bytes) -> dict[str, Any]:
    """Return a JSON object's members; of anything else, which the service refuses, none."""
    try:
        members = json.loads(body)
    except (ValueError, RecursionError):
        return {}
    return members if isinstance(members, dict) else {}


def _body(environ: Environ) -> bytes:
    body: bytes = environ["wsgi.input"].read(int(environ.get("CONTENT_LENGTH") or 0))
    environ["wsgi.input"] = io.BytesIO(body)
    return body


def _error(fault: Fault, environ: Environ) -> _Answer:
    if environ.get("HTTP_X_AMZ_TARGET"):
        kind = "application/x-amz-json-1.1"
        body = json.dumps({"__type": fault.error, "message": fault.message})
    else:
        kind = "text/xml"
        body = (
            f"<Error><Code>{fault.error}</Code><Message>{escape(fault.message)}</Message></Error>"
        )
        if signed_service(environ) != "s3":
            body = f"<ErrorResponse>{body}<RequestId>local</RequestId></ErrorResponse>"
    text = body.encode()
    headers = [
        ("Content-Type", kind),
        ("Content-Length", str(len(text))),
        ("x-amzn-ErrorType", fault.error),
        ("x-amzn-RequestId", str(uuid.uuid4())),
    ]
    return _Answer(f"{fault.status} Injected", headers, [text])

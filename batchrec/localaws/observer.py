"""Between the callers and the local AWS: notes the calls, checks roles, strikes with faults."""

import io
import json
import uuid
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import partial
from typing import Any
from urllib.parse import parse_qsl
from xml.sax.saxutils import escape

from batchrec.localaws.authorization import actions, decision, objects
from batchrec.localaws.authorization.actions import Asked
from batchrec.localaws.authorization.session import Session
from batchrec.localaws.authorization.sessions import Sessions
from batchrec.localaws.calls import Call, CallLog
from batchrec.localaws.faults import Fault, Faults
from batchrec.localaws.iam_policies import Request
from batchrec.localaws.router import (
    CONTROL_PREFIX,
    Application,
    Environ,
    not_implemented,
    signature,
)

_S3_OBJECT_OPERATIONS = {
    "GET": "GetObject",
    "PUT": "PutObject",
    "HEAD": "HeadObject",
    "DELETE": "DeleteObject",
}
S3_OPERATIONS = {*_S3_OBJECT_OPERATIONS.values(), "ListObjectsV2"}  # those of S3 with a name here

# How services name a refusal; the others, AccessDeniedException with status 400.
_REFUSALS = {
    "monitoring": ("AccessDenied", 403),
    "s3": ("AccessDenied", 403),
    "sns": ("AuthorizationError", 403),
    "sqs": ("AccessDenied", 403),
}


class Observer:
    """A WSGI application that notes the calls of another one, and strikes them with faults.

    Args:
        application: what answers.
        faults: of the local AWS.
        calls: the log.
        sessions: the roles at work.
        now: gives the virtual time.
    """

    def __init__(
        self,
        application: Application,
        faults: Faults,
        calls: CallLog,
        sessions: Sessions,
        now: Callable[[], float],
    ) -> None:
        self._application = application
        self._faults = faults
        self._calls = calls
        self._sessions = sessions
        self._now = now

    def __call__(self, environ: Environ, start_response: Callable[..., Any]) -> Iterable[bytes]:
        """Answer a request."""
        signed = signature(environ)
        if signed is None or environ["PATH_INFO"].startswith(CONTROL_PREFIX):
            return self._ask(environ).given(environ, start_response)
        operation, request = _read(signed.service, environ)
        time = self._now()
        session = self._sessions.of(signed.access_key)
        try:
            needed = _needed(session, signed.service, signed.region, operation, request, environ)
            ask = partial(self._ask_as, session, needed)
            fault = self._faults.of_call(signed.service, operation, request)
            answer = ask(environ) if fault is None else _struck(fault, environ, ask)
        except NotImplementedError as error:
            return not_implemented(environ, start_response, error)
        self._calls.add(
            Call(
                signed.service,
                operation,
                request,
                time,
                int(answer.status.split()[0]),
                answer.error,
                session.role_arn if session else "",
                tuple(needed),
            )
        )
        return answer.given(environ, start_response)

    def _ask_as(
        self, session: Session | None, needed: list[Request], environ: Environ
    ) -> "_Answer":
        """Ask what is behind, if the caller's role may."""
        if session is None:
            return self._ask(environ)
        if refused := _refused(session, needed, environ):
            return refused
        answer = self._ask(environ)
        if answer.lacks_object and needed and needed[0].action == "s3:GetObject":
            needed.append(objects.missing(needed[0]))
            return _refused(session, needed[-1:], environ) or answer
        return answer

    def _ask(self, environ: Environ) -> "_Answer":
        begun: list[Any] = []

        def start(status: str, headers: list[tuple[str, str]], *_: Any) -> None:
            begun[:] = [status, headers]

        body = list(self._application(environ, start))
        status, headers = begun
        return _Answer(status, headers, body)


def _struck(fault: Fault, environ: Environ, ask: Callable[[Environ], "_Answer"]) -> "_Answer":
    if fault.rewrite is not None:
        return ask(environ).rewritten(fault.rewrite)
    if fault.after:
        ask(environ)
    return _error(environ, fault.error, fault.message, f"{fault.status} Injected")


def _needed(
    session: Session | None,
    service: str,
    region: str,
    operation: str,
    request: dict[str, Any],
    environ: Environ,
) -> list[Request]:
    """Return what a role must be allowed for a call; of anyone else, nothing is asked."""
    if session is None:
        return []
    headers = {
        name.removeprefix("HTTP_").replace("_", "-").lower(): value
        for name, value in environ.items()
        if name.startswith("HTTP_")
    }
    asked = Asked(
        service,
        operation,
        request,
        session,
        region,
        environ["REQUEST_METHOD"],
        environ["PATH_INFO"].encode("latin-1").decode(errors="replace"),  # WSGI's form of bytes
        dict(parse_qsl(environ.get("QUERY_STRING", ""), keep_blank_values=True)),
        headers,
        _body(environ) if "delete" in environ.get("QUERY_STRING", "") else b"",
    )
    return actions.needed(asked)


def _refused(session: Session, needed: list[Request], environ: Environ) -> "_Answer | None":
    """Answer as AWS refuses what a role's policies don't allow."""
    refusal = decision.refusal(session, needed)
    if refusal is None:
        return None
    code, status = _REFUSALS.get(_service(environ), ("AccessDeniedException", 400))
    return _error(environ, code, refusal, f"{status} Refused")


def _service(environ: Environ) -> str:
    signed = signature(environ)
    return signed.service if signed else ""


@dataclass(frozen=True)
class _Answer:
    status: str
    headers: list[tuple[str, str]]
    body: list[bytes]

    def given(self, environ: Environ, start_response: Callable[..., Any]) -> list[bytes]:
        """Answer with it, as a WSGI application does, with its length: else it goes in chunks."""
        headers = self.headers
        bodiless = environ["REQUEST_METHOD"] == "HEAD" or self.status[:3] in {"204", "304"}
        if not bodiless and "content-length" not in {name.lower() for name, _ in headers}:
            headers = [*headers, ("Content-Length", str(sum(map(len, self.body))))]
        start_response(self.status, headers)
        return self.body

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

    @property
    def lacks_object(self) -> bool:
        """Whether S3 says that there is no such object, in a bucket that is there."""
        return self.status.startswith("404") and b"NoSuchBucket" not in b"".join(self.body)

    def rewritten(self, rewrite: Callable[[dict[str, Any]], dict[str, Any]]) -> "_Answer":
        """Return the answer with other members; an error stays what it is."""
        if self.error:
            return self
        members = json.loads(b"".join(self.body) or b"{}")
        body = json.dumps(rewrite(members)).encode()
        headers = [(k, v) for k, v in self.headers if k.lower() != "content-length"]
        return _Answer(self.status, headers, [body])


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


def _error(environ: Environ, code: str, message: str, status: str) -> _Answer:
    if environ.get("HTTP_X_AMZ_TARGET"):
        kind = "application/x-amz-json-1.1"
        body = json.dumps({"__type": code, "message": message})
    else:
        kind = "text/xml"
        body = f"<Error><Code>{code}</Code><Message>{escape(message)}</Message></Error>"
        if _service(environ) != "s3":
            body = f"<ErrorResponse>{body}<RequestId>local</RequestId></ErrorResponse>"
    text = b"" if environ["REQUEST_METHOD"] == "HEAD" else body.encode()
    headers = [
        ("Content-Type", kind),
        ("x-amzn-ErrorType", code),
        ("x-amzn-RequestId", str(uuid.uuid4())),
    ]
    return _Answer(status, headers, [text])

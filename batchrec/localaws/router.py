"""One WSGI application: our services to our backends, everything else to moto."""

import json
import logging
import re
import traceback
import uuid
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any
from xml.sax.saxutils import escape

from flask import Flask, request
from moto.core.utils import convert_to_flask_response
from moto.moto_server.werkzeug_app import (
    BackendRequest,
    DomainDispatcherApplication,
    create_backend_app,
)
from werkzeug.exceptions import HTTPException

Environ = dict[str, Any]
UrlPaths = dict[str, Callable[..., Any]]
Application = Callable[[Environ, Callable[..., Any]], Iterable[bytes]]

CONTROL_PREFIX = "/_batchrec/"
_XML_SERVICES = ("cloudfront", "route53", "s3")  # whose REST protocol is XML, not JSON

log = logging.getLogger(__name__)


class Router:
    """Routes by the service a request is signed for (Signature Version 4, credential scope).

    Args:
        services: by signing name, what answers where, in the form of moto's `url_paths`.
        control: application for the paths under `CONTROL_PREFIX`.
    """

    def __init__(self, services: dict[str, UrlPaths], control: Application) -> None:
        self._services = {name: _application(name, paths) for name, paths in services.items()}
        self._control = control
        self._moto = DomainDispatcherApplication(_moto_application)

    def __call__(self, environ: Environ, start_response: Callable[..., Any]) -> Iterable[bytes]:
        """Answer a request; what isn't emulated gets 501 at once, never a retryable error."""
        start = _with_request_id(start_response)
        try:
            if environ["PATH_INFO"].startswith(CONTROL_PREFIX):
                return self._control(environ, start_response)
            _name_account(environ)
            application = self._services.get(signed_service(environ), self._moto)
            answer: Iterable[bytes] = application(environ, start)
        except NotImplementedError as error:
            return not_implemented(environ, start, error)
        return answer


def _with_request_id(start_response: Callable[..., Any]) -> Callable[..., Any]:
    """Every answer of AWS has a request id, and Step Functions quotes it in causes."""

    def start(status: str, headers: list[tuple[str, str]], *rest: Any) -> Any:
        if not any(name.lower() == "x-amzn-requestid" for name, _ in headers):
            headers = [*headers, ("x-amzn-RequestId", str(uuid.uuid4()))]
        return start_response(status, headers, *rest)

    return start


@dataclass(frozen=True)
class Signature:
    """What a Signature Version 4 tells of a request; it isn't checked."""

    access_key: str
    region: str
    service: str  # signing name


def signature(environ: Environ) -> Signature | None:
    """Return the signature of a request, None for an unsigned one."""
    parts = _credential(environ)
    return Signature(parts[0], parts[2], parts[3]) if len(parts) == 5 else None


def signed_service(environ: Environ) -> str:
    """Return the SigV4 signing name of a request, or "" for an unsigned one."""
    signed = signature(environ)
    return signed.service if signed else ""


def _name_account(environ: Environ) -> None:
    """Let an access key that is the id of an account stand for it.

    Others are of the account that made them, by CreateAccessKey or AssumeRole, or moto's default.
    """
    if re.fullmatch(r"\d{12}", _credential(environ)[0]):
        environ.setdefault("HTTP_X_MOTO_ACCOUNT_ID", _credential(environ)[0])


def _credential(environ: Environ) -> list[str]:
    """Return the parts of a signature's Credential: access key, date, Region, service, a fixed."""
    scope: str = environ.get("HTTP_AUTHORIZATION", "").partition("Credential=")[2]
    return scope.split(",")[0].split("/")


def _application(service: str, url_paths: UrlPaths) -> Flask:
    application = Flask(service)
    application.debug = True  # exceptions reach the router
    application.request_class = BackendRequest
    for path, dispatch in url_paths.items():
        rule = path.removeprefix("{0}").removesuffix("$")
        application.add_url_rule(
            rule, endpoint=rule, methods=["POST"], view_func=convert_to_flask_response(dispatch)
        )
    return _without_unknown_paths(application)


def _moto_application(service: Any) -> Flask:
    if service is None:
        raise NotImplementedError("the service isn't part of the local AWS")
    return _without_unknown_paths(create_backend_app(service))


def _without_unknown_paths(application: Flask) -> Flask:
    """A path that leads nowhere is an operation that isn't emulated, no missing resource."""

    def refuse(error: HTTPException) -> HTTPException:
        if request.routing_exception is not None:
            raise NotImplementedError("there is no such operation here")
        return error

    application.register_error_handler(404, refuse)
    application.register_error_handler(405, refuse)
    return application


def not_implemented(
    environ: Environ, start_response: Callable[..., Any], error: NotImplementedError
) -> list[bytes]:
    """Answer 501 with the name of what isn't emulated."""
    target = environ.get("HTTP_X_AMZ_TARGET")
    service = signed_service(environ)
    what = target or f"{environ['REQUEST_METHOD']} {environ['PATH_INFO']}"
    message = (
        f"The local AWS does not emulate {service or 'this service'}: {what}: "
        f"{error or traceback.format_exc(limit=-1)}"
    )
    log.warning(message)
    headers = [("x-amzn-ErrorType", "NotImplemented")]
    if "form-urlencoded" in environ.get("CONTENT_TYPE", "") or service in _XML_SERVICES:
        body = f"<Error><Code>NotImplemented</Code><Message>{escape(message)}</Message></Error>"
        if service != "s3":
            body = f"<ErrorResponse>{body}<RequestId>local</RequestId></ErrorResponse>"
        kind = "text/xml"
    else:
        body = json.dumps({"__type": "NotImplemented", "message": message})
        kind = "application/x-amz-json-1.1"
    start_response("501 Not Implemented", [("Content-Type", kind), *headers])
    return [body.encode()]

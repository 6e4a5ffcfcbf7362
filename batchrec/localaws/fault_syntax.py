"""Faults as people write them, on the command line and to `/_batchrec/faults`.

CreateSolutionVersion throttle 3
CreateSolutionVersion fail "Not enough users."
CreateBatchInferenceJob hang
glue:StartJobRun error ConcurrentRunsExceededException 2
"""

import re
import shlex

from botocore.exceptions import UnknownServiceError
from botocore.model import ServiceModel

from batchrec.errors import BatchrecError
from batchrec.localaws.faults import Fault, JobFault
from batchrec.localaws.observer import S3_OPERATIONS
from batchrec.localaws.personalize.responses import emulated
from batchrec.localaws.service_model import service_model

SYNTAX = """\
[SERVICE:]OPERATION throttle [TIMES]
[SERVICE:]OPERATION error CODE ["MESSAGE"] [TIMES]
[SERVICE:]OPERATION fail ["REASON"] [TIMES]
[SERVICE:]OPERATION hang [TIMES]"""

_EVERY_TIME = "always"

# Jobs that aren't named after the operation that starts them.
_JOBS = {
    ("glue", "StartJobRun"): "GlueJobRun",
    ("personalize", "UpdateDataset"): "DatasetUpdate",
    ("personalize", "UpdateSolution"): "SolutionUpdate",
}

# botocore's names of services by their signing names, where the two differ.
_BOTOCORE_NAMES = {"states": "stepfunctions", "cloudcontrolapi": "cloudcontrol"}


def parse(text: str) -> Fault | JobFault:
    """Read a fault.

    The operation is named as in IAM policies: `glue:StartJobRun`; without a service it is one of
    Personalize. `throttle` and `error` strike calls of it; `fail` and `hang` strike what its calls
    start: a resource, a job or a job run ends as failed, or stays in progress. TIMES is a number,
    1 by default, or `always`.

    Raises:
        BatchrecError: says what is wrong with it, and how faults are written.
    """
    try:
        words = shlex.split(text)
    except ValueError as error:
        raise _refusal(text, f"{error}") from error
    if len(words) < 2:
        raise _refusal(text, "it names no operation and effect")
    named, effect, *rest = words
    service, colon, operation = named.rpartition(":")
    service = service if colon else "personalize"
    model = _model(text, service, operation)
    times = _times(text, rest)
    match effect:
        case "throttle":
            _require_end(text, rest)
            code = _throttling_code(service, model)
            return Fault(service, operation, code, "Rate exceeded", times=times)
        case "error":
            if not rest or not re.fullmatch(r"[A-Za-z][\w.]*", rest[0]):
                raise _refusal(text, "error takes the code of an error")
            _require_end(text, rest[2:])
            message = rest[1] if rest[1:] else Fault.message
            return Fault(service, operation, rest[0], message, times=times)
        case "fail":
            _require_end(text, rest[1:])
            reason = rest[0] if rest else JobFault.reason
            return JobFault(_job(text, service, operation, model), reason, times=times)
        case "hang":
            _require_end(text, rest)
            kind = _job(text, service, operation, model)
            return JobFault(kind, stuck=True, times=times)
    raise _refusal(text, f"there is no effect {effect}")


def _model(text: str, service: str, operation: str) -> ServiceModel:
    try:
        model = service_model(_BOTOCORE_NAMES.get(service, service))
    except UnknownServiceError as error:
        raise _refusal(text, f"there is no service {service}") from error
    if operation not in model.operation_names:
        raise _refusal(text, f"{service} has no operation {operation}")
    is_named = {"rest-json": False, "rest-xml": service == "s3" and operation in S3_OPERATIONS}
    if not is_named.get(model.resolved_protocol, True):
        known = f"; of s3 there are {', '.join(sorted(S3_OPERATIONS))}" if service == "s3" else ""
        raise _refusal(text, f"calls of {service}:{operation} can't be told from others{known}")
    return model


def _job(text: str, service: str, operation: str, model: ServiceModel) -> str:
    """Return the kind of what an operation starts, as JobFault names it."""
    if (service, operation) in _JOBS:
        return _JOBS[service, operation]
    kind = operation.removeprefix("Create")
    is_emulated = service == "personalize" and emulated(operation)
    if is_emulated and kind != operation and _has_status(model, kind):
        return kind
    raise _refusal(text, f"{service}:{operation} starts nothing that could fail or hang")


def _has_status(model: ServiceModel, kind: str) -> bool:
    described = model.operation_model(f"Describe{kind}").output_shape
    return any("status" in shape.members for shape in described.members.values())  # type: ignore[union-attr]


def _throttling_code(service: str, model: ServiceModel) -> str:
    if service == "s3":
        return "SlowDown"
    return "Throttling" if model.resolved_protocol == "query" else "ThrottlingException"


def _times(text: str, words: list[str]) -> int | None:
    """Take the number of times from the end of the words."""
    if not words or not (words[-1] == _EVERY_TIME or words[-1].isdecimal()):
        return 1
    last = words.pop()
    if last == _EVERY_TIME:
        return None
    if int(last) == 0:
        raise _refusal(text, "TIMES is a number from 1, or always")
    return int(last)


def _require_end(text: str, words: list[str]) -> None:
    if words:
        raise _refusal(text, f"what is {' '.join(words)}? A text of several words needs quotes")


def _refusal(text: str, why: str) -> BatchrecError:
    return BatchrecError(f"{text!r} is no fault: {why}. Faults are written so:\n{SYNTAX}")

"""Expressions and strings of a definition."""

import functools
import hashlib
import json
import threading
import uuid
from typing import Any

from jsonata import Jsonata
from jsonata.utils import Utils
from moto.stepfunctions.parser.api import EvaluationFailedEventDetails, HistoryEventType
from moto.stepfunctions.parser.asl.component.common.error_name.failure_event import (
    FailureEvent,
    FailureEventException,
)
from moto.stepfunctions.parser.asl.component.common.error_name.states_error_name import (
    StatesErrorName,
)
from moto.stepfunctions.parser.asl.component.common.error_name.states_error_name_type import (
    StatesErrorNameType,
)
from moto.stepfunctions.parser.asl.component.common.string.string_expression import StringJSONata
from moto.stepfunctions.parser.asl.component.intrinsic import jsonata as intrinsic_functions
from moto.stepfunctions.parser.asl.eval.environment import Environment
from moto.stepfunctions.parser.asl.eval.event.event_detail import EventDetails
from moto.stepfunctions.parser.asl.jsonata import jsonata as moto_jsonata
from moto.stepfunctions.parser.asl.parse.preprocessor import Preprocessor
from moto.stepfunctions.parser.asl.utils.encoding import to_json_str

from batchrec.clock import VirtualClock
from batchrec.localaws.moto_patches.patching import patch, remember, replace
from batchrec.localaws.moto_patches.timestamps import timestamp

_SEPARATOR = "\x1e"


def unescape_literals() -> None:
    """moto takes a definition's strings as they are written, with JSON's escapes."""

    def inner_string_of(parser_rule_context: Any) -> Any:
        text = parser_rule_context.getText()
        if text.startswith('"'):
            return json.loads(text, strict=False)
        return original(parser_rule_context)

    original = remember(Preprocessor, "_inner_string_of")
    patch(Preprocessor, "_inner_string_of", staticmethod(inner_string_of))


def evaluate_jsonata(clock: VirtualClock) -> None:
    """moto calls None where a JSONata engine should be, and writes variables into expressions.

    Strings are not escaped there, and every expression would be parsed anew each time. So variables
    are handed to the engine as they are, as JSON between separators that JSON itself escapes.

    An expression that fails is States.QueryEvaluationError (Step Functions Developer Guide,
    Transforming data with JSONata, Error handling); moto lets it pass as States.Runtime.
    """

    @functools.cache
    def compiled(expression: str) -> Jsonata:
        engine = Jsonata(expression)
        engine.register_lambda("hash", _hash)
        engine.register_lambda("uuid", lambda: str(uuid.uuid4()))
        engine.register_lambda("millis", lambda: int(clock.time() * 1000))
        engine.register_lambda("now", lambda: timestamp(clock.now()))
        return engine

    evaluating = threading.Lock()  # an engine keeps state of its own

    def evaluate(expression: str) -> Any:
        parts = expression.split(_SEPARATOR)
        bindings: dict[str, Any] = {}
        for declared in parts[1::2]:
            bindings |= _nulls(json.loads(declared))
        with evaluating:
            return compiled("".join(parts[0::2])).evaluate(None, bindings)

    def declare(bindings: dict[str, Any]) -> str:
        named = {name.removeprefix("$"): value for name, value in bindings.items()}
        return f"{_SEPARATOR}{to_json_str(named)}{_SEPARATOR}"

    def eval_body(expression: StringJSONata, env: Environment) -> None:
        try:
            original_eval_body(expression, env)
        except FailureEventException:
            raise
        except Exception as error:
            raise FailureEventException(_query_evaluation_error(env, expression, error)) from error

    for builtin in ("$hash", "$uuid"):
        intrinsic_functions._DECLARATION_BY_VARIABLE_REFERENCE.pop(builtin, None)
    replace("eval_jsonata_expression", moto_jsonata.eval_jsonata_expression, evaluate)
    replace(
        "encode_jsonata_variable_declarations",
        moto_jsonata.encode_jsonata_variable_declarations,
        declare,
    )
    original_eval_body = remember(StringJSONata, "_eval_body")
    patch(StringJSONata, "_eval_body", eval_body)


def _nulls(value: Any) -> Any:
    """Replace None, which JSONata takes for nothing at all, by its null."""
    if isinstance(value, dict):
        return {key: _nulls(member) for key, member in value.items()}
    if isinstance(value, list):
        return [_nulls(member) for member in value]
    return Utils.NULL_VALUE if value is None else value


def _hash(value: Any, algorithm: str) -> str:
    """`$hash`, one of the functions Step Functions adds to JSONata; hexadecimal."""
    text = value if isinstance(value, str) else json.dumps(value)
    return hashlib.new(algorithm.replace("-", ""), text.encode()).hexdigest()


def _query_evaluation_error(
    env: Environment, expression: StringJSONata, error: Exception
) -> FailureEvent:
    name = StatesErrorName(typ=StatesErrorNameType.StatesQueryEvaluationError)
    return FailureEvent(
        env=env,
        error_name=name,
        event_type=HistoryEventType.EvaluationFailed,
        event_details=EventDetails(  # type: ignore[typeddict-item]
            evaluationFailedEventDetails=EvaluationFailedEventDetails(
                error=name.error_name,
                cause=f"The JSONata expression '{expression.expression}' failed: {error}",
            )
        ),
    )

"""Map states, inline and distributed."""

import functools
import re
from typing import Any

from moto.stepfunctions.parser.asl.component.common.error_name.custom_error_name import (
    CustomErrorName,
)
from moto.stepfunctions.parser.asl.component.common.error_name.error_name import ErrorName
from moto.stepfunctions.parser.asl.component.state.exec.state_map.iteration.distributed_iteration_component import (  # noqa: E501
    DistributedIterationComponent,
)
from moto.stepfunctions.parser.asl.eval.environment import Environment
from moto.stepfunctions.parser.asl.parse.asl_parser import AmazonStateLanguageParser

from batchrec.localaws.moto_patches.patching import patch, remember
from batchrec.localaws.stepfunctions import map_runs
from batchrec.localaws.stepfunctions.models import backend_of


def take_whole_percentages() -> None:
    """moto's grammar has fractions only as ToleratedFailurePercentage.

    What is parsed keeps no state of an execution, and parsing a large definition takes a second:
    it is done once for the validation and all executions.
    """

    @functools.lru_cache(maxsize=32)
    def parse(definition: str) -> Any:
        whole = r'("ToleratedFailurePercentage"\s*:\s*\d+)(?![\d.eE])'
        return original_parse(re.sub(whole, r"\1.0", definition))

    original_parse = remember(AmazonStateLanguageParser, "parse")
    patch(AmazonStateLanguageParser, "parse", staticmethod(parse))


def run_map_children_as_executions() -> None:
    """moto runs the children of a Distributed Map as parts of their parent, with its variables."""

    def eval_body(component: DistributedIterationComponent, env: Environment) -> None:
        map_runs.evaluate(component, env, backend_of(env))

    patch(DistributedIterationComponent, "_eval_body", eval_body)


def let_reserved_errors_leave_a_map() -> None:
    """moto fails on an error named States.* that comes out of a Map or a Parallel state."""

    def init(name: CustomErrorName, error_name: str | None) -> None:
        ErrorName.__init__(name, error_name)

    patch(CustomErrorName, "__init__", init)

"""Tasks: what they send, to whom and as whom, and what they get."""

from datetime import datetime
from typing import Any

from botocore.client import BaseClient
from botocore.model import OperationModel
from moto.stepfunctions.parser.asl.component.state.exec.state_task.credentials import (
    StateCredentials,
)
from moto.stepfunctions.parser.asl.component.state.exec.state_task.service import (
    state_task_service_aws_sdk,
)
from moto.stepfunctions.parser.asl.component.state.exec.state_task.service.resource import (
    ResourceRuntimePart,
)
from moto.stepfunctions.parser.asl.component.state.exec.state_task.service.state_task_service import (  # noqa: E501
    StateTaskService,
)
from moto.stepfunctions.parser.asl.component.state.exec.state_task.service.state_task_service_glue import (  # noqa: E501
    StateTaskServiceGlue,
)
from moto.stepfunctions.parser.asl.component.state.exec.state_task.state_task import StateTask
from moto.stepfunctions.parser.asl.eval.environment import Environment
from moto.stepfunctions.parser.asl.eval.program_state import (
    ProgramStopped,
)
from moto.stepfunctions.parser.asl.utils import boto_client

from batchrec.localaws import runtime
from batchrec.localaws.moto_patches.patching import patch, remember, replace
from batchrec.localaws.moto_patches.timestamps import timestamp
from batchrec.localaws.service_model import service_model
from batchrec.localaws.stepfunctions.map_runs import InterruptedStateError

_GLUE_POLL_SECONDS = 5  # of virtual time


def call_this_server() -> None:
    """moto's tasks call a fixed port, build a client for each call, and work without their role."""

    def credentials(task: StateTask, env: Environment) -> StateCredentials:
        found: StateCredentials = original_credentials(task, env)
        machine = env.states.context_object.context_object_data["StateMachine"]
        found.machine_arn = machine["Id"]  # type: ignore[attr-defined]
        return found

    def client_for(region: str, service: str, state_credentials: StateCredentials) -> BaseClient:
        # The role is the state machine's, or the one in the state's Credentials.
        role = state_credentials.role_arn
        somewhere = f"arn:{role.split(':')[1]}:states:{region}:{role.split(':')[4]}:stateMachine:"
        machine = getattr(state_credentials, "machine_arn", somewhere)  # S3 readers don't say
        who = runtime.current().acting("states.amazonaws.com", machine, role)
        client: BaseClient = runtime.current().client(
            service, region, who, parameter_validation=False
        )
        return client

    original_credentials = remember(StateTask, "_eval_state_credentials")
    patch(StateTask, "_eval_state_credentials", credentials)
    replace("boto_client_for", boto_client.boto_client_for, client_for)


def convert_sdk_parameters_and_results() -> None:
    """moto's hooks that convert names between PascalCase and the service's own do nothing."""

    def operation(
        task: StateTaskService, service: str | None, action: str | None
    ) -> OperationModel:
        model = service_model(task._get_boto_service_name(service))
        wanted = (action or task.resource.api_action).lower()
        name = next(name for name in model.operation_names if name.lower() == wanted)
        return model.operation_model(name)

    def parameters(
        task: StateTaskService,
        parameters: dict[str, Any],
        boto_service_name: str | None = None,
        service_action_name: str | None = None,
    ) -> None:
        shape = operation(task, boto_service_name, service_action_name).input_shape
        if shape is not None:
            task._to_boto_request(parameters, shape)

    def response(
        task: StateTaskService,
        response: Any,
        boto_service_name: str | None = None,
        service_action_name: str | None = None,
    ) -> None:
        shape = operation(task, boto_service_name, service_action_name).output_shape
        if shape is not None:
            _dates_to_text(response)
            task._from_boto_response(response, shape)

    patch(StateTaskService, "_normalise_parameters", parameters)
    patch(StateTaskService, "_normalise_response", response)


def name_sdk_errors() -> None:
    """moto's table of the services' names in errors has two entries."""
    state_task_service_aws_sdk._SERVICE_ERROR_NAMES |= {"personalize": "Personalize", "s3": "S3"}


def wait_for_glue() -> None:
    """moto's startJobRun.sync interrupts callbacks that it doesn't have: an AttributeError.

    A task that is stopped stops its run (Developer Guide, Run a Job (.sync)).
    """

    def eval_integration_pattern(
        task: StateTaskServiceGlue,
        env: Environment,
        resource_runtime_part: ResourceRuntimePart,
        normalised_parameters: dict[str, Any],
        state_credentials: StateCredentials,
    ) -> None:
        started = env.stack[-1]
        result = task._build_sync_resolver(
            env, resource_runtime_part, normalised_parameters, state_credentials
        )
        while (outcome := result()) is None:  # type: ignore[misc]
            env.program_state_event.wait(_GLUE_POLL_SECONDS)
            if isinstance(env.program_state(), ProgramStopped):
                glue: Any = boto_client.boto_client_for(
                    region=resource_runtime_part.region,
                    service="glue",
                    state_credentials=state_credentials,
                )
                glue.batch_stop_job_run(JobName=started["JobName"], JobRunIds=[started["JobRunId"]])
            if not env.is_running():
                raise InterruptedStateError
        env.stack.append(outcome)

    patch(StateTaskServiceGlue, "_eval_integration_pattern", eval_integration_pattern)


def _dates_to_text(value: Any) -> None:
    if isinstance(value, dict):
        for key, member in value.items():
            if isinstance(member, datetime):
                value[key] = timestamp(member)
            else:
                _dates_to_text(member)
    elif isinstance(value, list):
        for member in value:
            _dates_to_text(member)

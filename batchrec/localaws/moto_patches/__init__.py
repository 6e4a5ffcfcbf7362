"""Patches to moto itself. Each says why, and was needed for moto 5.2.5.

Only what can't be composed around moto from outside stands here. A test for each fails as soon as
moto no longer needs it.
"""

import logging

from batchrec.clock import VirtualClock
from batchrec.localaws.moto_patches.buckets import (
    list_objects_while_some_are_deleted,
    pass_over_conditional_bucket_policy_statements,
)
from batchrec.localaws.moto_patches.endings import end_what_runs_inside
from batchrec.localaws.moto_patches.event_rules import send_events_to_more_targets
from batchrec.localaws.moto_patches.jsonata import evaluate_jsonata, unescape_literals
from batchrec.localaws.moto_patches.maps import (
    let_reserved_errors_leave_a_map,
    run_map_children_as_executions,
    take_whole_percentages,
)
from batchrec.localaws.moto_patches.outputs import assign_beside_output, handle_failing_outputs
from batchrec.localaws.moto_patches.redrive import remember_progress
from batchrec.localaws.moto_patches.tasks import (
    call_this_server,
    convert_sdk_parameters_and_results,
    name_sdk_errors,
    wait_for_glue,
)
from batchrec.localaws.moto_patches.virtual_time import run_on_virtual_time, wake_retries


def apply(clock: VirtualClock) -> None:
    """Mend moto; its Step Functions run on `clock`, and their tasks call the running local AWS."""
    # It logs every failure that a state machine handles, several times.
    logging.getLogger("moto.stepfunctions").setLevel(logging.CRITICAL)
    run_on_virtual_time(clock)
    unescape_literals()
    evaluate_jsonata(clock)
    convert_sdk_parameters_and_results()
    name_sdk_errors()
    wait_for_glue()
    end_what_runs_inside(clock)
    assign_beside_output()
    handle_failing_outputs()
    wake_retries()
    remember_progress(clock)
    take_whole_percentages()
    run_map_children_as_executions()
    let_reserved_errors_leave_a_map()
    call_this_server()
    pass_over_conditional_bucket_policy_statements()
    list_objects_while_some_are_deleted()
    send_events_to_more_targets()

"""A script's output, where Glue 5.0 keeps it: a stream for each run in CloudWatch Logs."""

import time
from contextlib import suppress
from typing import Any

from batchrec.localaws import runtime
from batchrec.localaws.glue.process import Output


def keep(output: Output, group_prefix: str, run_id: str, logs: Any) -> None:
    """Write the output of a run; `logs` is a client of CloudWatch Logs."""
    # As on AWS, events that lie more than two hours ahead are refused: of real time, in moto.
    now = int(min(runtime.current().clock.time(), time.time()) * 1000)
    for kind, text in (("output", output.stdout), ("error", output.stderr)):
        group = f"{group_prefix}/{kind}"
        with suppress(logs.exceptions.ResourceAlreadyExistsException):
            logs.create_log_group(logGroupName=group)
        logs.create_log_stream(logGroupName=group, logStreamName=run_id)
        events = [{"timestamp": now, "message": line} for line in text.splitlines() if line]
        if events:
            logs.put_log_events(logGroupName=group, logStreamName=run_id, logEvents=events[-9_000:])

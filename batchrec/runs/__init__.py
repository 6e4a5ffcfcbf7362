"""What a run did, as the histories of its executions tell: states, jobs, failures."""

from batchrec.runs.descriptions import action_of, fitting_name, json_object, name_of
from batchrec.runs.finding import executions, find
from batchrec.runs.reading import Reader, as_it_was, read
from batchrec.runs.run import Failure, Job, Run, Visit

__all__ = [
    "Failure",
    "Job",
    "Reader",
    "Run",
    "Visit",
    "action_of",
    "as_it_was",
    "executions",
    "find",
    "fitting_name",
    "json_object",
    "name_of",
    "read",
]

"""Glue: moto's, with job runs that really run.

`responses` answers the calls, `job_run` runs a job's script.
"""

from batchrec.localaws.glue.job_run import stop_all_runs
from batchrec.localaws.glue.responses import GlueResponse

__all__ = ["GlueResponse", "stop_all_runs"]

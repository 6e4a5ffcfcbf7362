"""Glue: moto's, with job runs that really run.

`responses` answers the calls, `job_run` takes a run through its states in virtual time, `script`
lets its script run under PySpark, in a process of its own and on local copies of objects in S3.
"""

from batchrec.localaws.glue.job_run import stop_all_runs
from batchrec.localaws.glue.responses import GlueResponse

__all__ = ["GlueResponse", "stop_all_runs"]

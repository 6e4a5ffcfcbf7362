"""Glue: moto's, with job runs that really run: the script, under PySpark, in a process of its own.

A script works on local copies of the S3 objects that it is given; what it changes goes back to S3
when it ends.
"""

from batchrec.localaws.glue.responses import GlueResponse, stop_all_runs

__all__ = ["GlueResponse", "stop_all_runs"]

"""How a script is called: its arguments, and the Python modules that it is given."""

import re
import sys
from pathlib import Path

from batchrec.localaws.glue.local_copy import LocalCopy, UnreadableError

# Arguments that Glue keeps for itself (Glue Developer Guide, Using job parameters): their S3
# locations are nothing the script reads or writes.
_GLUE_ARGUMENTS = {"--TempDir", "--spark-event-logs-path", "--extra-py-files", "--extra-files"}


def script_command(
    location: str, arguments: dict[str, str], job_name: str, run_id: str, storage: LocalCopy
) -> list[str]:
    """Return the command that runs a script, with local paths in place of its `s3://` arguments.

    Raises:
        UnreadableError: the script, or what it is to read, isn't there.
    """
    script = storage.file(location)
    given = {
        name: storage.local(value)
        if value.startswith("s3://") and name not in _GLUE_ARGUMENTS
        else value
        for name, value in arguments.items()
    }
    # Glue's own (Glue Developer Guide, Accessing parameters using getResolvedOptions).
    given |= {"--JOB_NAME": job_name, "--JOB_ID": f"j_{run_id[3:]}", "--JOB_RUN_ID": run_id}
    return [sys.executable, script, *(part for pair in given.items() for part in pair)]


def python_path(urls: str, libraries: LocalCopy) -> list[str]:
    """Return what --extra-py-files adds: folders of .py files, and .zip files themselves.

    Raises:
        UnreadableError: one of the files isn't there, or is of another kind.
    """
    path = []
    for url in urls.split(",") if urls else []:
        if not re.fullmatch(r"s3://[^/]+/.+\.(py|zip)", url):
            why = "--extra-py-files takes s3:// URLs of .py and .zip files"
            raise UnreadableError(url, why)
        file = Path(libraries.file(url))
        path.append(str(file if file.suffix == ".zip" else file.parent))
    return path

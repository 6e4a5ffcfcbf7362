"""The local AWS asked as by any program, without an SDK."""

import urllib.error
import urllib.request

from batchrec.localaws.server import LocalAws


def ask(
    aws: LocalAws,
    path: str,
    body: bytes | None = None,
    headers: dict[str, str] | None = None,
    method: str | None = None,
) -> tuple[int, str]:
    """Return status and body of the answer; a body makes it a POST."""
    kind = {"Content-Type": "application/json"}
    request = urllib.request.Request(
        aws.endpoint + path, data=body, headers=kind | (headers or {}), method=method
    )
    try:
        with urllib.request.urlopen(request, timeout=60) as answer:
            return answer.status, answer.read().decode()
    except urllib.error.HTTPError as error:
        return error.code, error.read().decode()

"""Requests to Personalize without an SDK between: what goes over the wire, and what comes."""

import http.client
import json
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from batchrec.localaws.server import REGION, LocalAws


@dataclass(frozen=True)
class Answer:
    """An HTTP answer."""

    status: int
    headers: dict[str, str]  # names in lower case
    body: bytes

    @property
    def members(self) -> Any:
        return json.loads(self.body)


def post(aws: LocalAws, operation: str, body: Any, region: str = REGION) -> Answer:
    """Send members as JSON, or bytes as they are."""
    scope = f"local/20260101/{region}/personalize/aws4_request"
    connection = http.client.HTTPConnection(urlsplit(aws.endpoint).netloc, timeout=60)
    try:
        connection.request(
            "POST",
            "/",
            body if isinstance(body, bytes) else json.dumps(body).encode(),
            {
                "Authorization": f"AWS4-HMAC-SHA256 Credential={scope}",
                "Content-Type": "application/x-amz-json-1.1",
                "X-Amz-Target": f"AmazonPersonalize.{operation}",
            },
        )
        answer = connection.getresponse()
        headers = {name.lower(): value for name, value in answer.getheaders()}
        return Answer(answer.status, headers, answer.read())
    finally:
        connection.close()

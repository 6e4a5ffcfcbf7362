"""What the backends of one running local AWS share: clock, endpoint, modelled durations.

moto's backends are global to the process, and so is this: one local AWS in a process at a time.
"""

import functools
import os
import threading
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import boto3
import botocore.session
from botocore.config import Config

from batchrec.clock import VirtualClock
from batchrec.localaws.authorization.session import Session
from batchrec.localaws.authorization.sessions import Sessions
from batchrec.localaws.calls import CallLog
from batchrec.localaws.faults import Faults
from batchrec.localaws.personalize.quotas import Quotas


@dataclass(frozen=True)
class Durations:
    """How long each kind of work takes, in virtual seconds.

    The defaults are what public notebooks recorded for small datasets on Amazon Personalize
    (dataset group 15 to 30 s, import 4 to 6 min, training 20 to 40 min, batch inference 13 to
    27 min, batch segments 7 to 8 min). An update of a solution "can take a few minutes", the first
    automatic training starts "within one hour", and a data deletion "can take up to a day"
    (Developer Guide); those of a filter, of a metric attribution, of a dataset's update, of
    stopping a training and of Glue are not measured on AWS.
    """

    dataset_group: float = 30
    schema: float = 0
    dataset: float = 30
    dataset_update: float = 60
    dataset_import_job: float = 300
    solution: float = 15
    solution_update: float = 120
    first_automatic_training: float = 3600
    solution_version: float = 1500
    solution_version_stop: float = 30
    filter: float = 30
    batch_inference_job: float = 1200
    batch_segment_job: float = 450
    metric_attribution: float = 30
    data_deletion_job: float = 3600
    delete: float = 30
    glue_start: float = 30
    glue_run: float = 90


ANY_ACCESS_KEY = "local"


@dataclass(frozen=True)
class Runtime:
    """The surroundings of the backends."""

    clock: VirtualClock
    endpoint: str
    work: Path  # private folder for what jobs leave behind, e.g. the logs of Glue runs
    durations: Durations = field(default_factory=Durations)
    quotas: Quotas = field(default_factory=Quotas)
    faults: Faults = field(default_factory=Faults)
    calls: CallLog = field(default_factory=CallLog)
    sessions: Sessions = field(default_factory=Sessions)

    @functools.cache  # noqa: B019 (one instance lives as long as the server)
    def client(
        self, service: str, region: str, who: str | Session | None = None, **settings: Any
    ) -> Any:
        """Return a boto3 client of this local AWS; arguments as for `client`."""
        return client(service, self.endpoint, region, who, **settings)

    def acting(self, service: str, source_arn: str, role_arn: str) -> str | Session:
        """Say as whom a service calls others: with its role; without one, as its account.

        Args:
            service: principal of the service, e.g. "glue.amazonaws.com".
            source_arn: the resource for which it acts.
            role_arn: the role, in the account of the resource or another one; where IAM has no
                such role, the service does without.

        Raises:
            ClientError: the role's trust policy doesn't let the service assume it.
        """
        return self.sessions.assume(role_arn, service, source_arn) or source_arn.split(":")[4]


_creating = threading.Lock()  # a session that creates clients is not thread-safe


def client(
    service: str, endpoint: str, region: str, who: str | Session | None = None, **settings: Any
) -> Any:
    """Return a boto3 client of the local AWS at `endpoint`; never one of the user's account.

    Args:
        service: as in `boto3.client`.
        endpoint: URL of the local AWS.
        region: AWS Region.
        who: an account or a role at work; by default the account of every access key that the
            local AWS doesn't know.
        settings: further arguments of botocore's Config.
    """
    config = Config(
        s3={"addressing_style": "path"},
        retries={"total_max_attempts": 1},
        proxies={},
        **settings,
    )
    with _creating:
        return _session().client(
            service,  # type: ignore[call-overload]
            region_name=region,
            endpoint_url=endpoint,
            config=config,
            **{f"aws_{name}": value for name, value in _credentials(who).items()},
        )


def _credentials(who: str | Session | None) -> dict[str, str]:
    if isinstance(who, Session):
        return {
            "access_key_id": who.access_key,
            "secret_access_key": who.secret,
            "session_token": who.token,
        }
    # No secret: the local AWS checks none.
    return {"access_key_id": who or ANY_ACCESS_KEY, "secret_access_key": "local"}


@functools.cache
def _session() -> boto3.Session:
    """Return a session that reads none of the user's configuration, a missing profile included."""
    unset = (None, None, None, None)
    nowhere = (None, None, os.devnull, None)
    return boto3.Session(
        botocore_session=botocore.session.Session(
            {"profile": unset, "config_file": nowhere, "credentials_file": nowhere}
        )
    )


def environment(endpoint: str, region: str, who: str | Session | None = None) -> dict[str, str]:
    """Return the variables that point SDKs, the AWS CLI and Terraform at `endpoint`.

    Nothing of the user's own configuration remains, so that nothing reaches their account.
    Arguments as for `client`.
    """
    return {
        "AWS_ENDPOINT_URL": endpoint,
        **{f"AWS_{name.upper()}": value for name, value in _credentials(who).items()},
        "AWS_REGION": region,
        "AWS_DEFAULT_REGION": region,
        "AWS_EC2_METADATA_DISABLED": "true",
        "AWS_CONFIG_FILE": os.devnull,
        "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
    }


_current: Runtime | None = None


def enter(runtime: Runtime | None) -> None:
    """Make `runtime` the one the backends use; None when the server has stopped."""
    global _current
    _current = runtime


def current() -> Runtime:
    """Return the running local AWS's surroundings.

    Raises:
        RuntimeError: no local AWS runs in this process.
    """
    if _current is None:
        raise RuntimeError("no local AWS runs in this process: start one with LocalAws()")
    return _current

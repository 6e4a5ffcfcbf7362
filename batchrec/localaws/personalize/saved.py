"""What of the local Personalize is saved, and taken over again.

Models are not saved but the data they were trained on: the same data gives the same model, and a
file that holds no objects of Python can't bring any to life.
"""

from dataclasses import asdict
from typing import Any

import pandas as pd

from batchrec.localaws.personalize import rows, training
from batchrec.localaws.personalize.models import PersonalizeBackend
from batchrec.localaws.personalize.models.resource import (
    ACTIVE,
    DELETE_IN_PROGRESS,
    DELETE_PENDING,
    FAILED,
    STOPPED,
    STOPPING,
    Resource,
    Schedule,
    now,
)
from batchrec.localaws.personalize.schemas import Field
from batchrec.localaws.personalize.tables import Table
from batchrec.localaws.state_file import Parts

INTERRUPTED = "The local AWS was stopped while this was under way."


def give(backend: PersonalizeBackend, parts: Parts) -> dict[str, Any]:
    """Settle and write what there is; return its index.

    What is under way can't be continued: it has failed, is stopped, or is gone.
    """
    with backend.lock:  # a last request may still be at work
        return _given(backend, parts)


def _given(backend: PersonalizeBackend, parts: Parts) -> dict[str, Any]:
    _settle(backend)
    resources = backend.resources
    written: dict[int, str] = {}  # versions trained on the same rows share them

    def part(frame: pd.DataFrame) -> str:
        if id(frame) not in written:
            written[id(frame)] = parts.add(rows.to_json(frame))
        return written[id(frame)]

    def table(table: Table) -> dict[str, Any]:
        return {"fields": [asdict(field) for field in table.fields], "rows": part(table.rows)}

    return {
        "resources": [
            {
                "kind": each.kind,
                "members": each.members,
                "tags": each.tags,
                "schedule": each.schedule and asdict(each.schedule),
            }
            for each in resources.values()
        ],
        "imported": {
            arn: part(frame) for arn, frame in list(backend.imported.items()) if arn in resources
        },
        "trained": {
            arn: {
                "solution": trained.solution,
                "tables": {kind: table(each) for kind, each in trained.tables.items()},
                "offline_metrics": trained.offline_metrics,
                "forgotten": sorted(trained.forgotten),
            }
            for arn, trained in list(backend.trained.items())
            if arn in resources and resources[arn].status == ACTIVE
        },
    }


def take(backend: PersonalizeBackend, saved: dict[str, Any], parts: Parts) -> None:
    """Put everything into an empty backend."""
    read: dict[str, pd.DataFrame] = {}

    def frame(part: str) -> pd.DataFrame:
        if part not in read:
            read[part] = rows.from_json(parts.read(part))
        return read[part]

    def table(saved: dict[str, Any]) -> Table:
        return Table([Field(**field) for field in saved["fields"]], frame(saved["rows"]))

    for each in saved["resources"]:
        schedule = each["schedule"] and Schedule(**each["schedule"])
        resource = Resource(each["kind"], each["members"], each["tags"], schedule=schedule)
        backend.resources[resource.arn] = resource
    backend.imported |= {arn: frame(part) for arn, part in saved["imported"].items()}
    backend.trained |= {
        arn: training.restored(
            each["solution"],
            {kind: table(content) for kind, content in each["tables"].items()},
            each["offline_metrics"],
            set(each["forgotten"]),
        )
        for arn, each in saved["trained"].items()
    }
    backend.resume_automatic_training()


def _settle(backend: PersonalizeBackend) -> None:
    for resource in list(backend.resources.values()):
        if resource.status in (DELETE_PENDING, DELETE_IN_PROGRESS):
            for gone in backend._with_what_goes_along(resource.arn):
                backend.resources.pop(gone, None)
        elif resource.status == STOPPING:
            resource.members |= {"status": STOPPED, "lastUpdatedDateTime": now()}
        elif resource.busy:
            _fail(resource.members, resource.words.failed)
        if resource.updating and resource.latest_update is not None:
            _fail(resource.latest_update, FAILED)


def _fail(members: dict[str, Any], status: str) -> None:
    members |= {"status": status, "failureReason": INTERRUPTED, "lastUpdatedDateTime": now()}

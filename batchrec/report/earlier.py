"""What earlier runs published, and how their models measured."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from botocore.exceptions import ClientError

from batchrec import runs
from batchrec.pipeline import Pipeline
from batchrec.runs import Run

MOST_RUNS = 12  # that are looked at: each costs two calls


@dataclass(frozen=True)
class Earlier:
    """An earlier run that published something."""

    name: str
    published: list[str]  # keys of solutions
    metrics: dict[str, dict[str, float]]  # by solution; none of a run that failed


def before(pipeline: Pipeline, run: Run) -> list[Earlier]:
    """Return the runs that published something before a run, the newest first."""
    found: dict[str, Earlier] = {}
    looked = 0
    for listed in runs.executions(pipeline):
        if listed["startDate"] >= run.started or listed["status"] == "RUNNING":
            continue
        looked += 1
        if looked > MOST_RUNS:
            break
        name, output = _told(pipeline, listed)
        if name in (run.name, *found):
            continue
        publication = pipeline.read_json(f"curated/{name}/publication.json")
        if publication and publication["published"]:
            found[name] = Earlier(name, list(publication["published"]), _metrics(output))
    return list(found.values())


def entries(pipeline: Pipeline, run: Run) -> dict[str, dict[str, Any]]:
    """Return what the manifest said of the solutions that a run published, by key.

    A later run has written another manifest: then an earlier version of the object is looked for,
    and what the run's own output says is taken if there is none.
    """
    told: dict[str, dict[str, Any]] = {
        each["solution"]: each["manifest"] for each in run.output.get("solutions", [])
    }
    for manifest in _manifests(pipeline):
        own = {
            key: entry
            for key, entry in manifest.get("solutions", {}).items()
            if entry.get("run") == run.name
        }
        if own:
            return told | own
    return told


def _manifests(pipeline: Pipeline) -> Iterator[dict[str, Any]]:
    """Iterate over the manifest and its earlier versions, the newest first."""
    newest = pipeline.read_json("curated/latest.json")
    if newest is None:
        return
    yield newest
    s3, key = pipeline.client("s3"), pipeline.key("curated/latest.json")
    try:
        versions = s3.list_object_versions(Bucket=pipeline.bucket, Prefix=key).get("Versions", [])
        for version in [each for each in versions if each["Key"] == key][1 : MOST_RUNS + 1]:
            found = s3.get_object(Bucket=pipeline.bucket, Key=key, VersionId=version["VersionId"])
            yield dict(json.loads(found["Body"].read()))
    except (ClientError, ValueError):
        # Reading versions takes permissions that consumers don't need; without, less is shown.
        return


def _told(pipeline: Pipeline, listed: dict[str, Any]) -> tuple[str, dict[str, Any]]:
    """Return the name of an execution's run, and its output."""
    described = pipeline.client("stepfunctions").describe_execution(
        executionArn=listed["executionArn"]
    )
    output = json.loads(described.get("output") or "{}")
    given = json.loads(described.get("input") or "{}")
    return str(output.get("run") or given.get("run") or listed["name"]), output


def _metrics(output: dict[str, Any]) -> dict[str, dict[str, float]]:
    return {
        each["solution"]: each["manifest"].get("metrics", {})
        for each in output.get("solutions", [])
    }

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
MOST_FOLDERS = 50


@dataclass(frozen=True)
class Earlier:
    """An earlier run that published something."""

    name: str
    published: list[str]  # keys of solutions
    metrics: dict[str, dict[str, float]]  # by solution; none of a run that failed


def before(pipeline: Pipeline, run: Run) -> list[Earlier]:
    """Return the runs that published something before a run, the newest first."""
    newer, found = {run.name}, dict[str, Earlier]()
    looked = 0
    for listed in runs.executions(pipeline):
        name, output = _told(pipeline, listed)
        if listed["startDate"] >= run.started:
            newer.add(name)
            continue
        looked += 1
        if looked > MOST_RUNS:
            return list(found.values())
        if name not in newer | found.keys():
            publication = pipeline.read_json(f"curated/{name}/publication.json")
            if publication and publication["published"]:
                found[name] = Earlier(name, list(publication["published"]), _metrics(output))
    return [*found.values(), *_forgotten(pipeline, run, newer | found.keys())]


def _forgotten(pipeline: Pipeline, run: Run, known: set[str]) -> list[Earlier]:
    """Find runs by what they left in the bucket: Step Functions forgets executions after 90 days.

    If there are more than 50 folders, they aren't looked through.
    """
    s3, prefix = pipeline.client("s3"), pipeline.key("curated/")
    listed = s3.list_objects_v2(Bucket=pipeline.bucket, Prefix=prefix, Delimiter="/", MaxKeys=200)
    names = {each["Prefix"].split("/")[-2] for each in listed.get("CommonPrefixes", [])} - known
    found = []
    for name in names if len(names) <= MOST_FOLDERS else ():
        key = pipeline.key(f"curated/{name}/publication.json")
        try:
            answer = s3.get_object(Bucket=pipeline.bucket, Key=key)
            publication = json.loads(answer["Body"].read())
        except (s3.exceptions.NoSuchKey, ValueError):
            continue
        if publication["published"] and answer["LastModified"] < run.started:
            found.append(
                (answer["LastModified"], Earlier(name, list(publication["published"]), {}))
            )
    return [each for _, each in sorted(found, key=lambda pair: pair[0], reverse=True)][:MOST_RUNS]


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

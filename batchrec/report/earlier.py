"""What earlier runs published, and how their models measured."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from botocore.exceptions import ClientError

from batchrec import runs
from batchrec.pipeline import MANIFEST, Pipeline
from batchrec.runs import Run

MOST_RUNS = 12  # that are looked at: each costs two calls
MOST_FOLDERS = 50

Entries = dict[str, dict[str, dict[str, Any]]]  # what manifests said, by run and solution


@dataclass(frozen=True)
class Earlier:
    """An earlier run that published something."""

    name: str
    published: list[str]  # keys of solutions
    metrics: dict[str, dict[str, float]]  # by solution, as far as they are known


def before(pipeline: Pipeline, run: Run, entries: Entries) -> list[Earlier]:
    """Return the runs that published something before a run, the newest first.

    Args:
        pipeline: whose.
        run: the run.
        entries: of `entries`; a run that failed has no output, and may have published all the same.
    """
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
            publication = pipeline.read_publication(name)
            if publication and publication["published"]:
                own = _of_output(output) | entries.get(name, {})
                found[name] = _earlier(name, publication, own)
    return [*found.values(), *_forgotten(pipeline, run, newer | found.keys(), entries)]


def _earlier(name: str, publication: dict[str, Any], entries: dict[str, dict[str, Any]]) -> Earlier:
    metrics = {key: entry.get("metrics", {}) for key, entry in entries.items()}
    return Earlier(name, list(publication["published"]), metrics)


def _forgotten(pipeline: Pipeline, run: Run, known: set[str], entries: Entries) -> list[Earlier]:
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
            earlier = _earlier(name, publication, entries.get(name, {}))
            found.append((answer["LastModified"], earlier))
    return [each for _, each in sorted(found, key=lambda pair: pair[0], reverse=True)][:MOST_RUNS]


def entries(pipeline: Pipeline) -> Entries:
    """Return what the manifest and its earlier versions say of what runs published."""
    found: Entries = {}
    for manifest in _manifests(pipeline):
        for key, entry in manifest.get("solutions", {}).items():
            found.setdefault(str(entry.get("run")), {}).setdefault(key, entry)
    return found


def entries_of(run: Run, found: Entries) -> dict[str, dict[str, Any]]:
    """Return what is said of the solutions that a run published, by key.

    What the run's own output says is taken where no manifest is left that does.
    """
    return _of_output(run.output) | found.get(run.name, {})


def _of_output(output: dict[str, Any]) -> dict[str, dict[str, Any]]:
    return {each["solution"]: each["manifest"] for each in output.get("solutions", [])}


def _manifests(pipeline: Pipeline) -> Iterator[dict[str, Any]]:
    """Iterate over the manifest and its earlier versions, the newest first."""
    newest = pipeline.read_manifest()
    if newest is None:
        return
    yield newest
    s3, key = pipeline.client("s3"), pipeline.key(MANIFEST)
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
    output = runs.json_object(described.get("output"))
    return str(output.get("run") or runs.name_of(described)), output

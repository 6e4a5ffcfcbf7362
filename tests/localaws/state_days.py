"""Two days of an account, each in a process of its own: `python state_days.py one|two FILE`.

Each prints, as JSON, what the test compares.
"""

import json
import sys
from pathlib import Path
from typing import Any

import service_role
from botocore.exceptions import ClientError
from personalize_world import INTERACTIONS, ROLE, World, avro, bucket_policy, csv

from batchrec.localaws.server import LocalAws

BUCKET = "kept"
ASKED = "".join(f'{{"userId": "{user}"}}\n' for user in (0, 7, 23, 49))
GROUP = "arn:aws:personalize:us-east-1:123456789012:dataset-group/"


def one(aws: LocalAws) -> dict[str, Any]:
    s3, personalize = aws.client("s3"), aws.client("personalize")
    service_role.create(aws.client("iam"), ROLE.rpartition("/")[2])
    s3.create_bucket(Bucket=BUCKET)
    s3.put_bucket_policy(Bucket=BUCKET, Policy=bucket_policy(BUCKET))
    s3.put_bucket_versioning(Bucket=BUCKET, VersioningConfiguration={"Status": "Enabled"})
    s3.put_bucket_tagging(Bucket=BUCKET, Tagging={"TagSet": [{"Key": "team", "Value": "data"}]})
    for body in (b"first", b"\x00\xffsecond"):
        s3.put_object(
            Bucket=BUCKET,
            Key="notes/ä b.bin",
            Body=body,
            ContentType="text/x-notes",
            Metadata={"author": "somebody"},
            Tagging="kind=note",
        )
    s3.put_object(Bucket=BUCKET, Key="gone", Body=b"")
    s3.delete_object(Bucket=BUCKET, Key="gone")

    world = World(aws, personalize, BUCKET, "", "", "", "", "")
    group, dataset = world.new_dataset(avro(*INTERACTIONS))
    location = world.put("data/interactions.csv", csv())
    world.import_job(location, dataset, jobName="monday")
    solution = world.new_solution(group, tags=[{"tagKey": "team", "tagValue": "data"}])
    version = world.start_version(solution)
    world.settle()
    aws.attachments["notes.txt"] = b"of the first day"
    kept = seen(world, dataset, solution, version)

    # And what is under way when the local AWS stops.
    aws.client("personalize", "eu-west-1").create_dataset_group(name="elsewhere")
    personalize.create_dataset_group(name="doomed")
    world.settle()
    aws.clock.hold()
    personalize.create_dataset_group(name="unfinished")
    personalize.delete_dataset_group(datasetGroupArn=f"{GROUP}doomed")
    stopped = world.start_version(solution)
    personalize.update_solution(solutionArn=solution, performAutoTraining=True)
    return {
        "arns": [group, dataset, solution, version, stopped],
        "kept": kept,
        "now": aws.clock.time(),
    }


def two(aws: LocalAws, first: dict[str, Any]) -> dict[str, Any]:
    started = aws.clock.time()
    personalize = aws.client("personalize")
    service_role.create(aws.client("iam"), ROLE.rpartition("/")[2])
    _, dataset, solution, version, stopped = first["arns"]
    world = World(aws, personalize, BUCKET, "", "", "", solution, version)
    kept = seen(world, dataset, solution, version)
    groups = {
        each["name"]: (each["status"], each.get("failureReason"))
        for each in personalize.list_dataset_groups()["datasetGroups"]
    }
    elsewhere = aws.client("personalize", "eu-west-1").list_dataset_groups()["datasetGroups"]
    described = personalize.describe_solution(solutionArn=solution)["solution"]
    try:
        world.start_import(f"s3://{BUCKET}/data/interactions.csv", dataset, jobName="monday")
        repeated = "accepted"
    except ClientError as error:
        repeated = error.response["Error"]["Code"]
    more = world.import_job(
        world.put("more/interactions.csv", csv()), dataset, importMode="INCREMENTAL"
    )
    retrained = world.start_version(solution)
    world.settle()
    return {
        "kept": kept,
        "started": started,
        "attachments": {name: text.decode() for name, text in aws.attachments.items()},
        "groups": groups,
        "elsewhere": [each["name"] for each in elsewhere],
        "stopped": world.version_described(stopped)["status"],
        "latest": described["latestSolutionVersion"]["status"],
        "update": described["latestSolutionUpdate"]["status"],
        "repeated": repeated,
        "more": more["status"],
        "retrained": world.version_described(retrained)["status"],
    }


def seen(world: World, dataset: str, solution: str, version: str) -> dict[str, Any]:
    """What is to be the same on both days."""
    s3, personalize = world.aws.client("s3"), world.personalize
    note = {"Bucket": BUCKET, "Key": "notes/ä b.bin"}
    got = s3.get_object(**note)
    listed = s3.list_objects_v2(Bucket=BUCKET, Prefix="notes/")["Contents"]
    batch = World(world.aws, personalize, BUCKET, "", "", dataset, solution, version)
    return {
        "note": [got["Body"].read().hex(), got["ContentType"], got["Metadata"], got["ETag"]],
        "version of the note": got["VersionId"],
        "modified": str(got["LastModified"]),
        "tags of the note": s3.get_object_tagging(**note)["TagSet"],
        "listed": [each["Key"] for each in listed],
        "gone": "Contents" in s3.list_objects_v2(Bucket=BUCKET, Prefix="gone"),
        "policy": json.loads(s3.get_bucket_policy(Bucket=BUCKET)["Policy"]),
        "versioning": s3.get_bucket_versioning(Bucket=BUCKET)["Status"],
        "tags of the bucket": s3.get_bucket_tagging(Bucket=BUCKET)["TagSet"],
        "dataset": plain(personalize.describe_dataset(datasetArn=dataset)["dataset"]),
        "version": plain(world.version_described(version)),
        "tags": personalize.list_tags_for_resource(resourceArn=solution)["tags"],
        "metrics": personalize.get_solution_metrics(solutionVersionArn=version)["metrics"],
        "recommended": batch.recommend(ASKED),
    }


def plain(described: Any) -> Any:
    return json.loads(json.dumps(described, default=str))


if __name__ == "__main__":
    day, path = sys.argv[1], Path(sys.argv[2])
    with LocalAws(state=path) as running:
        told = one(running) if day == "one" else two(running, json.load(sys.stdin))
    json.dump(told, sys.stdout)

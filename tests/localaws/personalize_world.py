"""What tests of the local Personalize share: a dataset group with data."""

import json
import uuid
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import pytest
from botocore.exceptions import ClientError

from batchrec.localaws.server import LocalAws

ARN = "arn:aws:personalize:us-east-1:123456789012"
ROLE = "arn:aws:iam::123456789012:role/personalize"
RECIPE = "arn:aws:personalize:::recipe"
USER_PERSONALIZATION = f"{RECIPE}/aws-user-personalization"
SERVICE = {"Service": "personalize.amazonaws.com"}
LONG_ENOUGH = 24 * 3600  # for anything that is under way, in virtual seconds

INTERACTIONS = [
    {"name": "USER_ID", "type": "string"},
    {"name": "ITEM_ID", "type": "string"},
    {"name": "TIMESTAMP", "type": "long"},
]
USERS = 50
ITEMS = 80


def avro(*fields: dict[str, Any], name: str = "Interactions") -> str:
    """Developer Guide, Schema requirements."""
    return json.dumps(
        {
            "type": "record",
            "name": name,
            "namespace": "com.amazonaws.personalize.schema",
            "fields": fields,
            "version": "1.0",
        }
    )


def unique(prefix: str = "p") -> str:
    return f"{prefix}-{uuid.uuid4().hex[:12]}"


def csv(rows: int = 1500, header: str = "USER_ID,ITEM_ID,TIMESTAMP") -> str:
    """Interactions in which users of one half like items of one half."""
    lines = [header]
    for n in range(rows):
        user = n % USERS
        item = (n * 7 // USERS + user % 2 * ITEMS // 2) % (ITEMS // 2) + user % 2 * ITEMS // 2
        lines.append(f"{user},{item},{1_600_000_000 + n}")
    return "\n".join(lines) + "\n"


def refusal(code: str, call: Callable[[], object]) -> str:
    """Expect an error, HTTP 400 as all of Personalize's; return its message."""
    with pytest.raises(ClientError) as refused:
        call()
    response = refused.value.response
    assert response["Error"]["Code"] == code, response["Error"]["Message"]
    assert response["ResponseMetadata"]["HTTPStatusCode"] == 400
    return str(response["Error"]["Message"])


CREATED = ["CREATE PENDING", "CREATE IN_PROGRESS", "ACTIVE"]
FAILED = ["CREATE PENDING", "CREATE IN_PROGRESS", "CREATE FAILED"]


def life(aws: LocalAws, status: Callable[[], str], duration: float) -> list[str]:
    """Statuses one after the other while time passes, until nothing more is to come."""
    seen = [status()]
    for _ in range(25):
        aws.clock.advance(duration / 20)
        if status() != seen[-1]:
            seen.append(status())
    return seen


@dataclass(frozen=True)
class World:
    """What tests share; give what you add a name of its own."""

    aws: LocalAws
    personalize: Any
    bucket: str
    group: str  # this and the following are ARNs
    schema: str
    dataset: str
    solution: str
    version: str

    def put(self, key: str, content: str | bytes) -> str:
        body = content.encode() if isinstance(content, str) else content
        self.aws.client("s3").put_object(Bucket=self.bucket, Key=key, Body=body)
        return f"s3://{self.bucket}/{key}"

    def get(self, key: str) -> bytes:
        return bytes(self.aws.client("s3").get_object(Bucket=self.bucket, Key=key)["Body"].read())

    def keys(self, prefix: str) -> list[str]:
        listed = self.aws.client("s3").list_objects_v2(Bucket=self.bucket, Prefix=prefix)
        return [found["Key"] for found in listed.get("Contents", [])]

    def settle(self) -> None:
        self.aws.clock.sleep(LONG_ENOUGH)

    def start_import(self, location: str, dataset: str | None = None, **settings: Any) -> str:
        created = self.personalize.create_dataset_import_job(
            **{
                "jobName": unique("import"),
                "datasetArn": dataset or self.dataset,
                "dataSource": {"dataLocation": location},
                "roleArn": ROLE,
            }
            | settings
        )
        return str(created["datasetImportJobArn"])

    def import_job(self, location: str, dataset: str | None = None, **settings: Any) -> Any:
        arn = self.start_import(location, dataset, **settings)
        self.settle()
        described = self.personalize.describe_dataset_import_job(datasetImportJobArn=arn)
        return described["datasetImportJob"]

    def new_dataset(self, schema: str, kind: str = "Interactions") -> tuple[str, str]:
        """A dataset in a group of its own; both ARNs."""
        name = unique()
        group = self.personalize.create_dataset_group(name=name)["datasetGroupArn"]
        schema_arn = self.personalize.create_schema(name=name, schema=schema)["schemaArn"]
        self.settle()
        dataset = self.personalize.create_dataset(
            name=name, schemaArn=schema_arn, datasetGroupArn=group, datasetType=kind
        )["datasetArn"]
        self.settle()
        return group, dataset

    def add_dataset(self, group: str, schema: str, kind: str, content: str) -> str:
        """A dataset with imported rows, in a dataset group that exists; its ARN."""
        name = unique()
        schema_arn = self.personalize.create_schema(name=name, schema=schema)["schemaArn"]
        dataset = str(
            self.personalize.create_dataset(
                name=name, schemaArn=schema_arn, datasetGroupArn=group, datasetType=kind
            )["datasetArn"]
        )
        self.settle()
        imported = self.import_job(self.put(f"{name}/{kind}.csv", content), dataset)
        assert imported["status"] == "ACTIVE", imported
        return dataset

    def new_solution(self, group: str, recipe: str = USER_PERSONALIZATION, **settings: Any) -> str:
        solution = self.personalize.create_solution(
            name=unique(),
            datasetGroupArn=group,
            recipeArn=recipe,
            performAutoTraining=False,
            **settings,
        )["solutionArn"]
        self.settle()
        return str(solution)

    def solution_described(self, arn: str) -> Any:
        return self.personalize.describe_solution(solutionArn=arn)["solution"]

    def start_version(self, solution: str, **settings: Any) -> str:
        created = self.personalize.create_solution_version(solutionArn=solution, **settings)
        return str(created["solutionVersionArn"])

    def version_described(self, arn: str) -> Any:
        described = self.personalize.describe_solution_version(solutionVersionArn=arn)
        return described["solutionVersion"]

    def version_of(self, group: str, recipe: str = USER_PERSONALIZATION, **settings: Any) -> Any:
        """A solution version in a dataset group, after training."""
        version = self.start_version(self.new_solution(group, recipe, **settings))
        self.settle()
        return self.version_described(version)

    def start_batch(self, source: str, destination: str, **settings: Any) -> str:
        created = self.personalize.create_batch_inference_job(
            **{
                "jobName": unique("batch"),
                "solutionVersionArn": self.version,
                "jobInput": {"s3DataSource": {"path": source}},
                "jobOutput": {"s3DataDestination": {"path": destination}},
                "roleArn": ROLE,
            }
            | settings
        )
        return str(created["batchInferenceJobArn"])

    def batch(self, source: str, destination: str, **settings: Any) -> Any:
        arn = self.start_batch(source, destination, **settings)
        self.settle()
        described = self.personalize.describe_batch_inference_job(batchInferenceJobArn=arn)
        return described["batchInferenceJob"]

    def recommend(self, lines: str, **settings: Any) -> list[str]:
        """Lines of a batch inference job's output for lines of input."""
        return self._answers(self.batch, lines, settings)

    def start_segments(self, source: str, destination: str, **settings: Any) -> str:
        created = self.personalize.create_batch_segment_job(
            **{
                "jobName": unique("segment"),
                "jobInput": {"s3DataSource": {"path": source}},
                "jobOutput": {"s3DataDestination": {"path": destination}},
                "roleArn": ROLE,
            }
            | settings
        )
        return str(created["batchSegmentJobArn"])

    def segments(self, source: str, destination: str, **settings: Any) -> Any:
        arn = self.start_segments(source, destination, **settings)
        self.settle()
        described = self.personalize.describe_batch_segment_job(batchSegmentJobArn=arn)
        return described["batchSegmentJob"]

    def segment(self, lines: str, **settings: Any) -> list[str]:
        """Lines of a batch segment job's output for lines of input."""
        return self._answers(self.segments, lines, settings)

    def _answers(self, job: Callable[..., Any], lines: str, settings: dict[str, Any]) -> list[str]:
        folder = unique("batch")
        source = self.put(f"{folder}/input.json", lines)
        ended = job(source, f"s3://{self.bucket}/{folder}-out/", **settings)
        assert ended["status"] == "ACTIVE", ended
        return self.get(f"{folder}-out/input.json.out").decode().split("\n")[:-1]


def bucket_policy(bucket: str) -> str:
    """Developer Guide, Giving Amazon Personalize access to Amazon S3 resources."""
    statement = {
        "Effect": "Allow",
        "Principal": SERVICE,
        "Action": ["s3:GetObject", "s3:ListBucket", "s3:PutObject"],
        "Resource": [f"arn:aws:s3:::{bucket}", f"arn:aws:s3:::{bucket}/*"],
    }
    return json.dumps({"Version": "2012-10-17", "Statement": [statement]})


# --- a dataset group with events, items and users -------------------------------------------------


@dataclass(frozen=True)
class Shop:
    """Who did what with which item; everything as text, as in the data.

    User n has odd items if n is odd, and bought every fifth of them. Items n % 3 == 0 are comedies,
    and n % 4 == 0 dramas; prices are n + 0.5, and items 70 to 79 are not described.
    """

    group: str
    events: list[tuple[str, str, int, str]]  # user, item, time, type

    @classmethod
    def open(cls, world: World) -> "Shop":
        events = [
            (str(user), str(2 * ((user * 3 + n) % 40) + user % 2), 1_600_000_000 + n, kind)
            for user in range(USERS)
            for n in range(30)
            for kind in (("click", "Buy") if n % 5 == 0 else ("click",))
        ]
        text = {"type": "string", "categorical": True}
        group, dataset = world.new_dataset(
            avro(*INTERACTIONS, {"name": "EVENT_TYPE", "type": "string"})
        )
        rows = ["USER_ID,ITEM_ID,TIMESTAMP,EVENT_TYPE"]
        rows += [f"{user},{item},{time},{kind}" for user, item, time, kind in events]
        location = world.put(f"{unique()}/events.csv", "\n".join(rows) + "\n")
        assert world.import_job(location, dataset)["status"] == "ACTIVE"
        items = avro(
            {"name": "ITEM_ID", "type": "string"},
            {"name": "GENRES", "type": ["null", "string"], "categorical": True},
            {"name": "PRICE", "type": "float"},
            {"name": "TITLE", "type": "string"},
            {"name": "DESCRIPTION", "type": ["null", "string"], "textual": True},
            {"name": "ADULT", "type": "boolean"},
            {"name": "RELEASED", "type": ["null", "long"]},
            name="Items",
        )
        rows = ["ITEM_ID,GENRES,PRICE,TITLE,DESCRIPTION,ADULT,RELEASED"]
        rows += [
            f"{n},{cls.genres(n)},{n}.5,{cls.title(n)},text,false,{1_500_000_000 if n else ''}"
            for n in range(70)
        ]
        world.add_dataset(group, items, "Items", "\n".join(rows) + "\n")
        users = avro(
            {"name": "USER_ID", "type": "string"},
            {"name": "AGE", "type": ["null", "int"]},
            {"name": "MEMBERSHIP", **text},
            name="Users",
        )
        rows = ["USER_ID,AGE,MEMBERSHIP"]
        rows += [f"{n},{20 + n if n else ''},{'gold' if n % 2 else 'silver'}" for n in range(USERS)]
        world.add_dataset(group, users, "Users", "\n".join(rows) + "\n")
        return cls(group, events)

    @staticmethod
    def genres(item: int) -> str:
        names = {"Comedy": item % 3 == 0, "Drama": item % 4 == 0}
        return "|".join(name for name, has in names.items() if has)

    @staticmethod
    def title(item: int) -> str:
        return f"The {'Odd' if item % 2 else 'Even'} Adventures of {item}"

    def items_of(self, user: str, *kinds: str) -> set[str]:
        return {i for u, i, _, kind in self.events if u == user and (not kinds or kind in kinds)}

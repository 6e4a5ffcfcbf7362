"""What all kinds of resources have in common: members, lists, names, tags, failures."""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import pytest
from personalize_world import (
    ARN,
    FAILED,
    INTERACTIONS,
    LONG_ENOUGH,
    RECIPE,
    ROLE,
    USER_PERSONALIZATION,
    Shop,
    World,
    avro,
    life,
    refusal,
    unique,
)

from batchrec.localaws.faults import JobFault
from batchrec.localaws.server import LocalAws

pytestmark = pytest.mark.timeout(120)

TIMES = {"creationDateTime", "lastUpdatedDateTime"}
JOB = {"jobName", "status", "roleArn"} | TIMES
BATCH = JOB | {"solutionVersionArn", "numResults", "jobInput", "jobOutput", "filterArn"}
TAGS = [{"tagKey": "team", "tagValue": "search"}]


@dataclass(frozen=True)
class Kind:
    """A kind of resource, with the members of its data types in the API Reference.

    Attributes:
        name: as in the operations' names.
        described: what Describe tells of an active one, beside its ARN.
        summary: what List tells of it, beside its ARN.
        maybe: what Describe may tell besides, being optional.
        parent: what List can be filtered by, "" for nothing.
    """

    name: str
    described: set[str]
    summary: set[str]
    maybe: set[str] = field(default_factory=set)
    parent: str = ""

    @property
    def member(self) -> str:
        return self.name[0].lower() + self.name[1:]

    @property
    def arn(self) -> str:
        return f"{self.member}Arn"

    @property
    def noun(self) -> str:
        return re.sub(r"(?<!^)([A-Z])", r"_\1", self.name).lower()

    @property
    def title(self) -> str:
        """The member that has the name."""
        return "jobName" if self.name.endswith("Job") else "name"

    @property
    def fails_silently(self) -> bool:
        """Whether its data type has no failureReason."""
        return self.name in ("Dataset", "Solution")


GROUP = Kind(
    "DatasetGroup",
    {"name", "status", "domain"} | TIMES,
    {"name", "status", "domain"} | TIMES,
)
SCHEMA = Kind("Schema", {"name", "schema"} | TIMES, {"name"} | TIMES)
DATASET = Kind(
    "Dataset",
    {"name", "status", "datasetGroupArn", "datasetType", "schemaArn"} | TIMES,
    {"name", "status", "datasetType"} | TIMES,
    parent="datasetGroupArn",
)
IMPORT = Kind(
    "DatasetImportJob",
    JOB | {"datasetArn", "dataSource", "importMode"},
    {"jobName", "status", "importMode"} | TIMES,
    {"publishAttributionMetricsToS3"},
    parent="datasetArn",
)
SOLUTION = Kind(
    "Solution",
    {"name", "status", "performHPO", "performAutoML", "performAutoTraining", "recipeArn"}
    | {"datasetGroupArn", "latestSolutionVersion"}
    | TIMES,
    {"name", "status", "recipeArn"} | TIMES,
    {"performIncrementalUpdate", "solutionConfig"},
    parent="datasetGroupArn",
)
VERSION = Kind(
    "SolutionVersion",
    {"name", "status", "solutionArn", "performHPO", "performAutoML", "recipeArn"}
    | {"datasetGroupArn", "trainingHours", "trainingMode", "trainingType"}
    | TIMES,
    {"status", "trainingMode", "trainingType"} | TIMES,
    {"performIncrementalUpdate", "solutionConfig"},
    parent="solutionArn",
)
BATCH_INFERENCE = Kind(
    "BatchInferenceJob",
    BATCH | {"batchInferenceJobMode"},
    {"jobName", "status", "solutionVersionArn", "batchInferenceJobMode"} | TIMES,
    parent="solutionVersionArn",
)
BATCH_SEGMENT = Kind(
    "BatchSegmentJob",
    BATCH,
    {"jobName", "status", "solutionVersionArn"} | TIMES,
    parent="solutionVersionArn",
)
FILTER = Kind(
    "Filter",
    {"name", "status", "datasetGroupArn", "filterExpression"} | TIMES,
    {"name", "status", "datasetGroupArn"} | TIMES,
    parent="datasetGroupArn",
)
KINDS = [
    GROUP,
    SCHEMA,
    DATASET,
    IMPORT,
    SOLUTION,
    VERSION,
    BATCH_INFERENCE,
    BATCH_SEGMENT,
    FILTER,
]


def of(*kinds: Kind) -> Any:
    return pytest.mark.parametrize("kind", kinds, ids=lambda kind: kind.name)


class Resources:
    """Makes resources of every kind, with all that they need beside them."""

    def __init__(self, world: World, shop: Shop) -> None:
        self.world = world
        self.shop = shop
        self.p = world.personalize
        names = [unique() for _ in range(30)]
        groups = [self.p.create_dataset_group(name=name)["datasetGroupArn"] for name in names]
        world.settle()
        self.free_groups = groups
        self.solution = world.new_solution(shop.group)
        self.version = world.start_version(self.solution)
        self.affinity = world.start_version(
            world.new_solution(shop.group, f"{RECIPE}/aws-item-affinity")
        )
        self.filters = {
            kind.name: self.p.create_filter(
                name=unique(),
                datasetGroupArn=shop.group,
                filterExpression=f"INCLUDE {target} WHERE {column} > 0",
            )["filterArn"]
            for kind, target, column in (
                (BATCH_INFERENCE, "ItemID", "Items.PRICE"),
                (BATCH_SEGMENT, "UserID", "Users.AGE"),
            )
        }
        world.settle()

    def request(self, kind: Kind) -> dict[str, Any]:
        """What creates one, with a new name; datasets and solutions each in their own group."""
        named = {kind.title: unique()}
        source, destination = (
            {"path": f"s3://{self.world.bucket}/{unique()}/{name}"} for name in ("in.json", "")
        )
        batch = {
            "jobInput": {"s3DataSource": source},
            "jobOutput": {"s3DataDestination": destination},
            "roleArn": ROLE,
        }
        if kind in (BATCH_INFERENCE, BATCH_SEGMENT):
            batch["filterArn"] = self.filters[kind.name]
        own: dict[str, dict[str, Any]] = {
            "DatasetGroup": {"domain": "ECOMMERCE"},
            "Schema": {"schema": avro(*INTERACTIONS)},
            "Dataset": {"schemaArn": self.world.schema, "datasetType": "Interactions"},
            "DatasetImportJob": {
                "datasetArn": self.world.dataset,
                "dataSource": {"dataLocation": f"s3://{self.world.bucket}/data/interactions.csv"},
                "roleArn": ROLE,
            },
            "Solution": {"recipeArn": USER_PERSONALIZATION},
            "SolutionVersion": {"solutionArn": self.solution},
            "BatchInferenceJob": batch | {"solutionVersionArn": self.version},
            "BatchSegmentJob": batch | {"solutionVersionArn": self.affinity},
            "Filter": {
                "datasetGroupArn": self.shop.group,
                "filterExpression": "INCLUDE ItemID WHERE Items.PRICE > 0",
            },
        }
        request = named | own[kind.name]
        if kind in (DATASET, SOLUTION):
            request["datasetGroupArn"] = self.free_groups.pop()
        return request

    def create(self, kind: Kind, request: dict[str, Any] | None = None, **settings: Any) -> str:
        call = getattr(self.p, f"create_{kind.noun}")
        return str(call(**(request or self.request(kind)) | settings)[kind.arn])

    def active(self, kind: Kind) -> str:
        """One that is active, new or not."""
        arn = {
            "DatasetImportJob": self.imported,
            "Solution": lambda: self.solution,
            "SolutionVersion": lambda: self.version,
            "BatchInferenceJob": lambda: self.ran(BATCH_INFERENCE, '{"userId":"1"}\n'),
            "BatchSegmentJob": lambda: self.ran(BATCH_SEGMENT, '{"itemId":"1"}\n'),
        }.get(kind.name, lambda: self.create(kind))()
        self.world.settle()
        return arn

    def imported(self) -> str:
        jobs = self.p.list_dataset_import_jobs(datasetArn=self.world.dataset)
        return next(
            job["datasetImportJobArn"]
            for job in jobs["datasetImportJobs"]
            if job["status"] == "ACTIVE"
        )

    def ran(self, kind: Kind, lines: str) -> str:
        request = self.request(kind)
        path = request["jobInput"]["s3DataSource"]["path"]
        self.world.put(path.partition(f"{self.world.bucket}/")[2], lines)
        return self.create(kind, request)

    def described(self, kind: Kind, arn: str) -> dict[str, Any]:
        describe = getattr(self.p, f"describe_{kind.noun}")
        return dict(describe(**{kind.arn: arn})[kind.member])

    def pages(self, kind: Kind, size: int = 100, **wanted: str) -> list[list[dict[str, Any]]]:
        paginator = self.p.get_paginator(f"list_{kind.noun}s")
        key = "Filters" if kind is FILTER else f"{kind.member}s"
        found = paginator.paginate(**wanted, PaginationConfig={"PageSize": size})
        return [page[key] for page in found]

    def summaries(self, kind: Kind, **wanted: str) -> list[dict[str, Any]]:
        return [summary for page in self.pages(kind, **wanted) for summary in page]


@pytest.fixture(scope="module")
def resources(world: World, shop: Shop) -> Resources:
    return Resources(world, shop)


@pytest.fixture
def failing(local_aws: LocalAws) -> Iterator[Any]:
    """Make a kind of resources fail, none of whose work is done then."""
    added = []

    def fail(kind: Kind) -> None:
        added.append(local_aws.faults.add(JobFault(kind.name, "No such luck.")))

    yield fail
    for fault in added:
        local_aws.faults.remove(fault)


# --- Describe and List (API Reference, Data Types) ------------------------------------------------


@of(*KINDS)
def test_describe_and_list_tell_what_is_documented(resources: Resources, kind: Kind) -> None:
    arn = resources.active(kind)
    described = resources.described(kind, arn)
    assert described.get("status", "ACTIVE") == "ACTIVE", described
    assert described[kind.arn] == arn
    told = described.keys() - {kind.arn}
    assert kind.described <= told <= kind.described | kind.maybe
    (summary,) = (found for found in resources.summaries(kind) if found[kind.arn] == arn)
    assert summary.keys() - {kind.arn} == kind.summary
    assert summary == {name: described[name] for name in summary}


@of(*KINDS)
def test_it_keeps_what_it_was_created_with(resources: Resources, kind: Kind) -> None:
    request = resources.request(kind)
    arn = resources.create(kind, request)
    described = resources.described(kind, arn)
    if kind is DATASET:
        request["datasetType"] = "INTERACTIONS"
    assert described.items() >= request.items()
    resources.world.settle()


@of(*(kind for kind in KINDS if kind is not SCHEMA))
def test_a_failure_has_its_reason_where_there_is_a_member_for_it(
    resources: Resources, kind: Kind, failing: Any, held: LocalAws
) -> None:
    failing(kind)
    arn = resources.create(kind)
    statuses = life(held, lambda: str(resources.described(kind, arn)["status"]), LONG_ENOUGH / 20)
    # In steps this long, the ones between are over before they are seen.
    assert [statuses[0], statuses[-1]] == [FAILED[0], FAILED[-1]]
    described = resources.described(kind, arn)
    (summary,) = (found for found in resources.summaries(kind) if found[kind.arn] == arn)
    reason = None if kind.fails_silently else "No such luck."
    assert described.get("failureReason") == summary.get("failureReason") == reason


@of(GROUP, DATASET, SOLUTION, FILTER)
def test_what_failed_can_be_deleted(
    resources: Resources, kind: Kind, failing: Any, held: LocalAws
) -> None:
    """Developer Guide, Deleting resources: the status must be ACTIVE or CREATE FAILED."""
    failing(kind)
    arn = resources.create(kind)
    held.clock.advance(LONG_ENOUGH)
    getattr(resources.p, f"delete_{kind.noun}")(**{kind.arn: arn})
    held.clock.advance(LONG_ENOUGH)
    refusal("ResourceNotFoundException", lambda: resources.described(kind, arn))
    assert arn not in {summary[kind.arn] for summary in resources.summaries(kind)}


# --- lists (API Reference, each List operation) ---------------------------------------------------


@of(*KINDS)
def test_pages_hold_everything_once(resources: Resources, kind: Kind, failing: Any) -> None:
    failing(kind)
    request = resources.request(kind)
    made = {resources.create(kind, request)}
    if kind is not DATASET:
        made |= {resources.create(kind, request, **{kind.title: unique()}) for _ in range(2)}
    resources.world.settle()
    whole = [summary[kind.arn] for summary in resources.summaries(kind)]
    assert made <= set(whole)
    assert len(set(whole)) == len(whole)
    pages = resources.pages(kind, size=2)
    assert [summary[kind.arn] for page in pages for summary in page] == whole
    assert {len(page) for page in pages[:-1]} <= {2}
    assert len(pages[-1]) in (1, 2)


@of(*(kind for kind in KINDS if kind.parent))
def test_a_list_can_be_that_of_one_parent(resources: Resources, kind: Kind, failing: Any) -> None:
    failing(kind)
    request = resources.request(kind)
    arn = resources.create(kind, request)
    resources.world.settle()
    parent = request[kind.parent]
    mine = {s[kind.arn] for s in resources.summaries(kind, **{kind.parent: parent})}
    assert arn in mine
    for other in mine:
        assert resources.described(kind, other)[kind.parent] == parent
    theirs = {s[kind.arn] for s in resources.summaries(kind)} - mine
    for other in theirs:
        assert resources.described(kind, other)[kind.parent] != parent


@of(*(kind for kind in KINDS if kind.parent))
def test_a_list_of_a_parent_that_is_not_there(resources: Resources, kind: Kind) -> None:
    """Of these, only ListSolutionVersions has ResourceNotFoundException among its errors."""
    nowhere = {
        "datasetGroupArn": f"{ARN}:dataset-group/nowhere",
        "datasetArn": f"{ARN}:dataset/nowhere/INTERACTIONS",
        "solutionArn": f"{ARN}:solution/nowhere",
        "solutionVersionArn": f"{ARN}:solution/nowhere/0a1b2c3d",
    }[kind.parent]
    if kind is VERSION:
        refusal(
            "ResourceNotFoundException",
            lambda: resources.p.list_solution_versions(solutionArn=nowhere),
        )
    else:
        assert resources.summaries(kind, **{kind.parent: nowhere}) == []


@of(*KINDS)
@pytest.mark.parametrize("token", ["garbage", "bm8gbnVtYmVy", "LTE=", "MS41", ""])
def test_a_token_that_this_list_never_gave(resources: Resources, kind: Kind, token: str) -> None:
    listed = getattr(resources.p, f"list_{kind.noun}s")
    refusal("InvalidNextTokenException", lambda: listed(nextToken=token))


# --- names ----------------------------------------------------------------------------------------


@of(*KINDS)
def test_a_name_is_taken_for_good(resources: Resources, kind: Kind, failing: Any) -> None:
    """Names are in the ARNs, those of jobs too, and jobs can't be deleted."""
    failing(kind)
    request = resources.request(kind)
    arn = resources.create(kind, request)
    for _ in range(2):
        message = refusal("ResourceAlreadyExistsException", lambda: resources.create(kind, request))
        assert message == f"Another resource with Arn {arn} already exists."
        resources.world.settle()


@of(*KINDS)
def test_the_longest_name(resources: Resources, kind: Kind, failing: Any) -> None:
    """API Reference: 63 characters, letters, digits, hyphens and underscores."""
    failing(kind)
    name = f"{unique()}_{'x' * 63}"[:63]
    arn = resources.create(kind, **{kind.title: name})
    assert resources.described(kind, arn)[kind.title] == name
    resources.world.settle()


# --- tags (Developer Guide, Tagging Amazon Personalize resources) ---------------------------------


@of(*(kind for kind in KINDS if kind is not SCHEMA))
def test_what_can_be_tagged_can_be_so_from_its_creation(
    resources: Resources, kind: Kind, failing: Any
) -> None:
    failing(kind)
    arn = resources.create(kind, tags=TAGS)
    p = resources.p
    assert p.list_tags_for_resource(resourceArn=arn)["tags"] == TAGS
    p.tag_resource(resourceArn=arn, tags=[{"tagKey": "stage", "tagValue": ""}])
    p.untag_resource(resourceArn=arn, tagKeys=["team", "never there"])
    assert p.list_tags_for_resource(resourceArn=arn)["tags"] == [
        {"tagKey": "stage", "tagValue": ""}
    ]
    assert "tags" not in resources.described(kind, arn)
    resources.world.settle()
